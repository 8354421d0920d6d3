"""Does every row name its person, and nobody twice in one wave?"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.definitions.load import Definitions
from pipeline.definitions.study import Wave
from pipeline.gates.finding import Rule
from pipeline.store import Store


def rules(definitions: Definitions, wave: Wave, store: Store) -> Iterator[Rule]:
    """Ids present and unique, in a file that is not empty."""
    column = definitions.study.person.id
    yield Rule(
        gate="one_row_per_person",
        severity="critical",
        columns=(),
        expectation="ExpectTableRowCountToBeBetween",
        arguments={"min_value": 1},
        what="the wave has no rows",
        expected="a row per person",
        advice="Check the export and the wave's filter in study.toml.",
    )
    yield Rule(
        gate="one_row_per_person",
        severity="critical",
        columns=(column,),
        expectation="ExpectColumnValuesToNotBeNull",
        arguments={},
        what="row without a person",
        expected="an id in every row",
        advice="Add the id, or remove the row.",
    )
    yield Rule(
        gate="one_row_per_person",
        severity="critical",
        columns=(column,),
        expectation="ExpectColumnValuesToBeUnique",
        arguments={},
        what="a person with more than one row",
        expected="one row per person and wave",
        advice="Decide which row is the person's, and remove the other.",
    )

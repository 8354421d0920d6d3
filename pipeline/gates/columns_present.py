"""Are all the columns that the study file names in the wave's file?"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.definitions.load import Definitions
from pipeline.definitions.study import Wave
from pipeline.gates.finding import Rule
from pipeline.store import Store


def rules(definitions: Definitions, wave: Wave, store: Store) -> Iterator[Rule]:
    """One rule for all columns of answers, and one for each column that is absent, so that each is named with its use."""
    bound = {column.source for column in (*store.columns.values(), *store.scores.values()) if column.source}
    missing = {absent.column for absent in store.absent}
    yield Rule(
        gate="columns_present",
        severity="critical",
        columns=(),
        expectation="ExpectTableColumnsToMatchSet",
        arguments={"column_set": sorted(bound - missing), "exact_match": False},
        what="columns are not in the file",
        expected="the columns that study.toml names",
        advice="Check the export, or the binding in study.toml.",
    )
    for absent in store.absent:
        yield Rule(
            gate="columns_present",
            severity="critical",
            columns=(absent.column,),
            expectation="ExpectColumnToExist",
            arguments={},
            what=f"the column of {absent.use} is not in the file",
            expected="the columns that study.toml names",
            advice=absent.hint or "Check the export, or the binding in study.toml.",
        )

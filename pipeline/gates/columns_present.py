"""Are all the columns that the study file names in the wave's file?"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.definitions.load import Definitions
from pipeline.definitions.study import Wave
from pipeline.errors import nearest
from pipeline.gates.finding import Rule
from pipeline.store import Store


def rules(definitions: Definitions, wave: Wave, store: Store) -> Iterator[Rule]:
    """A rule per column that the study binds: the store's own, and those that it found absent."""
    present = [column.source for column in (*store.columns.values(), *store.scores.values()) if column.source]
    for use, column in [("", name) for name in present] + list(store.absent):
        yield Rule(
            gate="columns_present",
            severity="critical",
            column=column,
            expectation="ExpectColumnToExist",
            arguments={"column": column},
            what=f"the column of {use} is not in the file" if use else "the column is not in the file",
            expected="the columns that study.toml names",
            advice=nearest(column, present) or "Check the export, or the binding in study.toml.",
        )

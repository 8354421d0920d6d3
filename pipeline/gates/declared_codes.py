"""Is every answer a code that the instrument declares, or one that the study declares as missing?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pipeline.definitions.load import Definitions
from pipeline.definitions.study import Wave
from pipeline.gates.finding import Rule
from pipeline.store import Column, Reason, Store


def rules(definitions: Definitions, wave: Wave, store: Store) -> Iterator[Rule]:
    """A rule per item and ready-made score: no raw answer outside those that the binding knows."""
    for (instrument, item), column in store.columns.items():
        if column.source:
            answers = definitions.instruments[instrument].item_groups[item].answers
            yield _rule(column, f"{instrument}.{item}", f"codes {answers[0]} to {answers[-1]} or a declared missing code")
    for name, column in store.scores.items():
        low, high = definitions.study.scores[name].range
        yield _rule(column, name, f"a number from {low:g} to {high:g} or a declared missing code")


def _rule(column: Column, name: str, expected: str) -> Rule:
    # A ready-made score has a range rather than codes: what the range let through is what may stand there.
    known = column.raw[column.reasons != Reason.OUT_OF_RANGE]
    values = sorted(column.declared or {value for value in known if value is not None}, key=str)
    return Rule(
        gate="declared_codes",
        severity="critical",
        column=column.source,
        # A value set that is empty would let everything pass; a rule for all-blank columns asks for blanks.
        expectation="ExpectColumnValuesToBeInSet",
        arguments={"column": column.source, "value_set": values or [np.nan]},
        what=f"undeclared code for {name}",
        expected=expected,
        advice="Correct the code, or declare it in study.toml under the wave's missing or the instrument's recodes.",
        shows_values=True,
    )

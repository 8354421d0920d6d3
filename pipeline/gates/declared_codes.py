"""Is every answer a code that the instrument declares, or one that the study declares as missing?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from pipeline.definitions.load import Definitions
from pipeline.definitions.study import Wave
from pipeline.gates.finding import Rule
from pipeline.sources.raw import as_text
from pipeline.store import Reason, Store


def rules(definitions: Definitions, wave: Wave, store: Store) -> Iterator[Rule]:
    """A rule per set of codes in an instrument, and one per ready-made score: no other raw answer stands there."""
    for instrument in definitions.study.instruments:
        groups: dict[frozenset[Any], list[str]] = {}
        for column in store.items(instrument).values():
            if column.source:
                groups.setdefault(column.declared, []).append(column.source)
        for declared, columns in groups.items():
            yield _rule(instrument, columns, declared, f"one of {_shown(declared)}")
    for name, column in store.scores.items():
        # A ready-made score has a range rather than codes: what the range let through is what may stand there.
        known = {value for value in column.raw[column.reasons != Reason.OUT_OF_RANGE] if value is not None}
        low, high = definitions.study.scores[name].range
        yield _rule(name, [column.source], known, f"a number from {low:g} to {high:g}, or a declared missing code")


def _rule(name: str, columns: list[str], known: Iterable[Any], expected: str) -> Rule:
    return Rule(
        gate="declared_codes",
        severity="critical",
        columns=tuple(columns),
        expectation="ExpectColumnValuesToBeInSet",
        # An empty set would let everything pass; a column of blanks has nothing to compare.
        arguments={"value_set": sorted(known, key=str) or [np.nan]},
        what=f"undeclared code for {name}",
        expected=expected,
        advice="Correct the code, or declare it in study.toml under the wave's missing or the instrument's recodes.",
        answers=True,
        shows_values=True,
    )


def _shown(declared: Iterable[Any]) -> str:
    numbers = sorted(value for value in declared if isinstance(value, float))
    text = [as_text(value) for value in numbers] + sorted(str(value) for value in declared if not isinstance(value, float))
    if len(text) > 12:
        return f"{text[0]} to {text[-1]}"
    return ", ".join(text)

"""Was every row answered inside the wave's window?"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.definitions.load import Definitions
from pipeline.definitions.study import Wave
from pipeline.gates.finding import Rule
from pipeline.store import Store


def rules(definitions: Definitions, wave: Wave, store: Store) -> Iterator[Rule]:
    """A day in every row, inside the window, where the study declares one."""
    if wave.window is None or wave.date is None:
        return
    first, last = wave.window.first, wave.window.last
    yield Rule(
        gate="wave_window",
        severity="critical",
        columns=(wave.date,),
        expectation="ExpectColumnValuesToBeBetween",
        arguments={"min_value": first.toordinal(), "max_value": last.toordinal()},
        what="a day outside the wave's window, or not a day",
        expected=f"a day from {first.isoformat()} to {last.isoformat()}, written as {first.isoformat()}",
        advice="Correct the day, or the wave's window in study.toml.",
    )
    yield Rule(
        gate="wave_window",
        severity="warning",
        columns=(wave.date,),
        expectation="ExpectColumnValuesToNotBeNull",
        arguments={},
        what="a row without a day",
        expected="the day of each answer",
        advice="Whether these people answered inside the window is not known.",
    )

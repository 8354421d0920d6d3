"""What a gate says: the rules that it asks for, and the findings where they do not hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["critical", "warning", "info"]
SHOWN_ROWS = 5


@dataclass(frozen=True)
class Rule:
    """One expectation of great_expectations about a wave, and what to say where it fails.

    `columns` are the file's columns that it looks at: none for a rule about the whole file, one, or several `answers`
    columns with one set of codes, which are then one long column, because each rule costs time. `expectation` is the
    class's name, `arguments` its own but for the column; `what` describes the failure, `advice` what to do about it.
    `shows_values`: the values found are codes without a meaning, so that showing them shows nobody's answer.
    """

    gate: str
    severity: Severity
    columns: tuple[str, ...]
    expectation: str
    arguments: Mapping[str, Any]
    what: str
    expected: str
    advice: str
    answers: bool = False
    shows_values: bool = False


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be: where, in how many of how many rows, and what to do.

    `rows` are row numbers of the file, at most five, never answers; `values` are undeclared codes; of longer
    text only its length is told.
    """

    gate: str
    severity: Severity
    wave: str
    column: str
    count: int
    of: int
    what: str
    expected: str
    advice: str
    rows: tuple[int, ...] = ()
    values: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """The gate, the wave and the column."""
        return f"[{self.gate}] wave {self.wave}" + (f", column {self.column!r}" if self.column else "")

    @property
    def found(self) -> str:
        """What was found, how often, and in which rows."""
        shown = f" ({', '.join(self.values)})" if self.values else ""
        rows = f", row{'s' * (len(self.rows) > 1)} {', '.join(map(str, self.rows))}" if self.rows else ""
        more = " and others" if self.rows and self.count > len(self.rows) else ""
        return f"{self.what}{shown}: {self.count} of {self.of} rows{rows}{more}"


@dataclass(frozen=True)
class Gates:
    """The gates' verdict on all waves: what was run of what was to be run, and everything that was found."""

    rules: int
    ran: int
    findings: tuple[Finding, ...]

    @property
    def critical(self) -> tuple[Finding, ...]:
        """What stops a run."""
        return tuple(finding for finding in self.findings if finding.severity == "critical")

    @property
    def passed(self) -> bool:
        """Whether every rule ran and none found anything critical."""
        return self.ran == self.rules and not self.critical

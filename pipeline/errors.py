"""What can go wrong for a user: the error tree, the text of a problem, and the exit codes.

Every error that a user can cause is a `RosewaveError` with one or more `Problem`s. The command line prints the
problems and leaves with the error's exit code; a traceback is always a bug of ours (exit code 1).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import ClassVar

EXIT_DONE = 0
EXIT_BUG = 1
EXIT_USAGE = 2


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where it stands, what was found there, what was expected, the nearest right name."""

    where: str
    found: str
    expected: str = ""
    hint: str = ""

    def __str__(self) -> str:
        parts = [f"{self.where}: {self.found}"]
        if self.expected:
            parts.append(f"expected {self.expected}")
        text = "; ".join(parts)
        return f"{text}. {self.hint}" if self.hint else text

    @classmethod
    def unknown_name(cls, where: str, kind: str, name: str, known: Iterable[str]) -> Problem:
        """A name that nothing answers to, with the nearest name that exists."""
        names = sorted(set(known))
        expected = f"one of {', '.join(names)}" if names else "none to be named here"
        return cls(where, f"unknown {kind} {name!r}", expected, nearest(name, names))


def nearest(name: str, known: Iterable[str]) -> str:
    """A sentence that proposes the known name most like `name`, or an empty string."""
    by_fold = {candidate.casefold(): candidate for candidate in known}
    close = get_close_matches(name.casefold(), by_fold, n=1, cutoff=0.6)
    return f"Did you mean {by_fold[close[0]]!r}?" if close else ""


class RosewaveError(Exception):
    """A user's mistake, or a run that was stopped for a reason the user can act on."""

    exit_code: ClassVar[int] = EXIT_BUG
    headline: ClassVar[str] = ""

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__(str(self))

    def __str__(self) -> str:
        return "\n".join([self.headline, *(f"  {problem}" for problem in self.problems)])


class UsageError(RosewaveError):
    """The command line's words do not fit."""

    exit_code = EXIT_USAGE
    headline = "That command cannot be carried out:"


class DefinitionError(RosewaveError):
    """study.toml or an instrument file says something that cannot be used."""

    exit_code = 10
    headline = "The definitions cannot be used:"


class InputError(RosewaveError):
    """A data file is absent or cannot be read."""

    exit_code = 11
    headline = "The data cannot be read:"


class GateError(RosewaveError):
    """A gate found something critical in the data; nothing was published."""

    exit_code = 12
    headline = "The gates stopped the run; the previous report is untouched:"


class ModelError(RosewaveError):
    """No outcome could be estimated at all."""

    exit_code = 13
    headline = "No outcome could be estimated:"


class OutputError(RosewaveError):
    """The results cannot be written where they should go."""

    exit_code = 14
    headline = "The results cannot be written; the previous report is untouched:"

    @classmethod
    def unwritable(cls, place: object, error: OSError, expected: str = "") -> OutputError:
        """What the system said when it was to write there."""
        return cls(Problem(str(place), f"cannot be written: {error.strerror}", expected))


class LockedError(RosewaveError):
    """Another run works on the same study."""

    exit_code = 75
    headline = "Another run holds this study:"

"""What a wave is once it has been read: columns of codes beside columns of missing reasons.

A `Store` holds one wave. For every bound item there is a float column of codes (NaN where there is no usable answer)
and a column of reasons of the same length (0 where there is an answer). Rows keep the order of the file, and
`source_rows` says where in the file each came from. `long()` is a view for people who like one row per answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
ReasonArray = NDArray[np.uint8]


class Reason(IntEnum):
    """Why there is no answer. `ANSWERED` is the absence of a reason."""

    ANSWERED = 0
    REFUSED = 1
    DONT_KNOW = 2
    NOT_APPLICABLE = 3
    NOT_ASKED = 4
    SKIPPED = 5
    OUT_OF_RANGE = 6
    LOST = 7

    @property
    def word(self) -> str:
        """The reason as it is written in files: `refused`, `dont_know`, ..."""
        return self.name.lower()


@dataclass(frozen=True)
class Column:
    """One item of one wave: `codes` (n,) float, `reasons` (n,) uint8, and the raw answers (n,) that gates look at.

    `raw` holds numbers as floats, other text as it stood, and None for an empty cell. `declared` lists the raw values
    that have a meaning for this item, as answers or as missing codes; it is empty where only a range is declared.
    """

    source: str
    codes: FloatArray
    reasons: ReasonArray
    raw: NDArray[np.object_]
    declared: frozenset[Any] = frozenset()


def never_asked(rows: int) -> Column:
    """The column of an item that nobody was asked, which no column of the file holds."""
    blank = np.full(rows, None, dtype=object)
    return Column("", np.full(rows, np.nan), np.full(rows, Reason.NOT_ASKED, dtype=np.uint8), blank)


@dataclass(frozen=True)
class Absent:
    """A column that the study names and the file lacks: what it is for, its name, and what the nearest name may be."""

    use: str
    column: str
    hint: str = ""


@dataclass(frozen=True)
class Store:
    """One wave of answers: n rows, one `Column` per (instrument, item), and who gave them.

    `persons`, `sites` and `dates` are (n,) objects, None where the file says nothing. `sites` holds the study's site
    ids where the raw value is a declared one; the raw value stays in `site_raw`. `facts` holds, by fact id, the position
    of each person's value among the declared ones, None where it is missing and -1 where it is undeclared. `file_columns`
    are all columns that the file has, bound or not.
    """

    wave: str
    source: str
    source_rows: NDArray[np.int64]
    persons: NDArray[np.object_]
    sites: NDArray[np.object_]
    site_raw: NDArray[np.object_]
    dates: NDArray[np.object_]
    columns: dict[tuple[str, str], Column]
    scores: dict[str, Column] = field(default_factory=dict)
    facts: dict[str, NDArray[np.object_]] = field(default_factory=dict)
    excluded: dict[str, int] = field(default_factory=dict)
    absent: tuple[Absent, ...] = ()
    file_columns: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self.persons)

    def items(self, instrument: str) -> dict[str, Column]:
        """The columns of one instrument, by item id, in the definition's order."""
        return {item: column for (owner, item), column in self.columns.items() if owner == instrument}

    def long(self) -> Iterator[tuple[str, str, str, str, float | None, str]]:
        """One tuple per answer: person, wave, instrument, item, code (None where missing), reason ('' where answered)."""
        for (instrument, item), column in self.columns.items():
            for person, code, reason in zip(self.persons, column.codes, column.reasons, strict=True):
                answered = reason == Reason.ANSWERED
                yield (
                    person,
                    self.wave,
                    instrument,
                    item,
                    float(code) if answered else None,
                    "" if answered else Reason(reason).word,
                )

"""How coarse a published number is, and when it is too fine for the few people under it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import overload

FEW = 20  # pairs; below this, exact numbers often determine single answers
FEW_STEP = 0.5
STEP = 0.1
FEWEST_VALUES = 20  # a scale with fewer possible values tells too much about few people, however rounded
_BAND = 3


@dataclass(frozen=True)
class Band:
    """A number of people as a range, both ends included."""

    low: int
    high: int


def step(few: bool, mid: float | None) -> float:
    """The step of a published change: 0.1; for few people a quarter of the MID, in halves, and 0.5 at least."""
    return max(FEW_STEP, math.ceil((mid or 0.0) / 4 / FEW_STEP) * FEW_STEP) if few else STEP


@overload
def rounded(value: float, size: float) -> float: ...
@overload
def rounded(value: None, size: float) -> None: ...
@overload
def rounded(value: float | None, size: float) -> float | None: ...
def rounded(value: float | None, size: float) -> float | None:
    """The multiple of `size` nearest to a value, halves up; the same bytes on every machine."""
    if value is None:
        return None
    steps = math.floor(value / size + 0.5)
    return round(steps * size, 6) + 0.0


def band(n: int, threshold: int) -> Band:
    """The range of people that `n` (at least the threshold) lies in: with a threshold of 5, 5 to 7, 8 to 10 and so on."""
    low = threshold + (n - threshold) // _BAND * _BAND
    return Band(low, low + _BAND - 1)


def has_few_values(span: tuple[float, float]) -> bool:
    """Whether a scale, from its lowest to its highest score, has so few values that few people's answers show."""
    return span[1] - span[0] + 1 < FEWEST_VALUES

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
_NARROW = 2.0


@dataclass(frozen=True)
class Band:
    """A number of people as a range, both ends included."""

    low: int
    high: int


def step(few: bool, mid: float | None, span: tuple[float, float]) -> float:
    """The step of a published change on a scale from `span[0]` to `span[1]`.

    Usually 0.1; for few people a quarter of the MID, in halves, and 0.5 at least. On very wide or narrow scales the step
    goes with the width: never much finer than a thousandth of it.
    """
    width = span[1] - span[0]
    if few:
        return max(FEW_STEP, math.ceil((mid or 0.0) / 4 / FEW_STEP) * FEW_STEP, _power(width / 1000))
    return max(STEP, _power(width / 1000)) if width > _NARROW else _power(width / 100)


def _power(width: float) -> float:
    """The power of ten at or below a width."""
    return float(10.0 ** math.floor(math.log10(width)))


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
    return round(steps * size, 9) + 0.0


def band(n: int, threshold: int) -> Band:
    """The range of people that `n` (at least the threshold) lies in: with a threshold of 5, 5 to 7, 8 to 10 and so on."""
    low = threshold + (n - threshold) // _BAND * _BAND
    return Band(low, low + _BAND - 1)


def has_few_values(span: tuple[float, float]) -> bool:
    """Whether a scale, from its lowest to its highest score, has so few values that few people's answers show."""
    return span[1] - span[0] + 1 < FEWEST_VALUES

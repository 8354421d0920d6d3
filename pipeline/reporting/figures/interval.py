"""Where the parts of an interval figure lie: zero, the minimal important difference, the interval, the point."""

from __future__ import annotations

import math
from dataclasses import dataclass

WIDTH = 320
_EDGE = 10


@dataclass(frozen=True)
class Axis:
    """A horizontal axis in scale points: `low` to `high` over WIDTH pixels, with its ticks and the MID on both sides."""

    low: float
    high: float
    ticks: tuple[float, ...]
    mid: float | None

    def x(self, value: float) -> float:
        """The pixel of a value."""
        inside = (value - self.low) / (self.high - self.low)
        return round(_EDGE + inside * (WIDTH - 2 * _EDGE), 1)


@dataclass(frozen=True)
class Mark:
    """One interval on an axis: pixels of its ends and its point, the point's radius, and its direction."""

    low: float
    high: float
    point: float
    size: float
    direction: str


def axis(limits: list[float], mid: float | None) -> Axis:
    """An axis that holds zero, the MID on both sides and every limit, between round numbers."""
    shown = [0.0, *limits, *([mid, -mid] if mid else [])]
    width = max(shown) - min(shown) or 1.0
    tick = _round_step(width / 4)
    low, high = math.floor(min(shown) / tick) * tick, math.ceil(max(shown) / tick) * tick
    if low == high:  # nothing but zero
        low, high = -tick, tick
    count = round((high - low) / tick)
    return Axis(low, high, tuple(round(low + i * tick, 6) + 0.0 for i in range(count + 1)), mid)


def mark(on: Axis, low: float, high: float, estimate: float, n: int, most: int, direction: str) -> Mark:
    """The mark of an estimate; the point's area goes with n."""
    size = 3.0 + 3.0 * math.sqrt(n / most) if most else 4.0
    return Mark(on.x(low), on.x(high), on.x(estimate), round(size, 1), direction)


def _round_step(width: float) -> float:
    power = 10.0 ** math.floor(math.log10(width))
    return next(power * nice for nice in (1, 2, 5, 10) if power * nice >= width * 0.999)

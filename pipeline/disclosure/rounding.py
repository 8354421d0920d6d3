"""How coarse a published number is."""

from __future__ import annotations

import math

SITE_STEP = 0.5  # a few people's answers to one question are often determined by an exact mean
ALL_STEP = 0.1


def step(site: bool, mid: float | None) -> float:
    """The step of a published change: 0.1 over all sites; at one site 0.5, or more where a quarter of the MID is more.

    Site steps are 0.5, 1, 2, 5, 10 and so on, the first that is large enough.
    """
    if not site:
        return ALL_STEP
    needed = max(SITE_STEP, (mid or 0.0) / 4)
    return next(nice * power for power in (0.1, 1.0, 10.0, 100.0, 1000.0) for nice in (5, 10, 20) if nice * power >= needed)


def rounded(value: float | None, size: float) -> float | None:
    """The multiple of `size` nearest to a value, halves up; the same bytes on every machine."""
    if value is None:
        return None
    steps = math.floor(value / size + 0.5)
    return round(steps * size, 6) + 0.0

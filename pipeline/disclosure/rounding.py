"""How coarse a published number is."""

from __future__ import annotations

import math

SITE_STEP = 0.5  # a few people's answers to one question are often determined by an exact mean
ALL_STEP = 0.1


def step(site: bool, mid: float | None) -> float:
    """The step of a published change: 0.1 over all sites; at one site a quarter of the MID, in halves, and 0.5 at least."""
    return max(SITE_STEP, math.ceil((mid or 0.0) / 4 / SITE_STEP) * SITE_STEP) if site else ALL_STEP


def rounded(value: float | None, size: float) -> float | None:
    """The multiple of `size` nearest to a value, halves up; the same bytes on every machine."""
    if value is None:
        return None
    steps = math.floor(value / size + 0.5)
    return round(steps * size, 6) + 0.0

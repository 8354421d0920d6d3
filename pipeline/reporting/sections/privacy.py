"""How privacy was protected, in plain words."""

from __future__ import annotations

from typing import Any

from pipeline.disclosure.rounding import FEW, FEW_STEP, FEWEST_VALUES, STEP
from pipeline.reporting.report import Report


def context(report: Report) -> dict[str, Any]:
    """The threshold, the rounding, and how much was withheld."""
    return {
        "threshold": report.public.threshold,
        "withheld": report.public.withheld,
        "step": report.words.number(STEP, 1),
        "few_step": report.words.number(FEW_STEP, 1),
        "few": FEW,
        "values": FEWEST_VALUES,
    }

"""How privacy was protected, in plain words."""

from __future__ import annotations

from typing import Any

from pipeline.disclosure.rounding import ALL_STEP, SITE_STEP
from pipeline.reporting.report import Report


def context(report: Report) -> dict[str, Any]:
    """The threshold, the rounding, and how much was withheld."""
    return {
        "threshold": report.public.threshold,
        "withheld": report.public.withheld,
        "whole_step": report.words.number(ALL_STEP, 1),
        "site_step": report.words.number(SITE_STEP, 1),
    }

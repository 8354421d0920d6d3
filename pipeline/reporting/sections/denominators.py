"""The one table of denominators. For evaluators only."""

from __future__ import annotations

from typing import Any

from pipeline.pairing.denominators import PEOPLE
from pipeline.reporting.report import Report


def context(report: Report) -> dict[str, Any] | None:
    """The people per site, then per outcome and site who has a score."""
    if report.evaluation is None:
        return None
    labels = dict(report.sites)
    rows = [(labels[row.site], row) for row in report.evaluation.denominators]
    waves = {wave.id: report.text(wave.label) for wave in report.definitions.study.waves}
    left_out = [(waves[wave], why, n) for wave, why, n in report.evaluation.left_out]
    scored = [
        (report.words.capital(report.scale_title(row.outcome)), label, row) for label, row in rows if row.outcome != PEOPLE
    ]
    return {
        "people": [pair for pair in rows if pair[1].outcome == PEOPLE],
        "scored": scored,
        "left_out": left_out,
        "movers": report.evaluation.movers,
    }

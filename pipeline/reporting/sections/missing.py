"""How many answers are missing and why, per wave and instrument. For evaluators only."""

from __future__ import annotations

from typing import Any

from pipeline.reporting.report import Report


def context(report: Report) -> dict[str, Any] | None:
    """Answers expected and given, and the reasons of the others."""
    if report.evaluation is None:
        return None
    waves = {wave.id: report.text(wave.label) for wave in report.definitions.study.waves}
    titles = {name: report.text(instrument.title) for name, instrument in report.definitions.instruments.items()}
    rows = [
        {
            "instrument": titles[row.instrument],
            "wave": waves[row.wave],
            "expected": row.expected,
            "answered": row.answered,
            "reasons": ", ".join(f"{report.words.REASONS[reason]} {n}" for reason, n in row.reasons) or "none missing",
        }
        for row in report.evaluation.missing
    ]
    return {"rows": rows}

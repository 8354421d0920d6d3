"""What the gates found: row numbers, never answers. For evaluators only."""

from __future__ import annotations

from typing import Any

from pipeline.reporting.report import Report


def context(report: Report) -> dict[str, Any] | None:
    """The verdict and every finding."""
    return None if report.evaluation is None else {"gates": report.evaluation.gates}

"""What the report cannot say."""

from __future__ import annotations

from typing import Any

from pipeline.pairing.link import ALL
from pipeline.reporting.report import Report


def context(report: Report) -> dict[str, Any]:
    """The limits that hold for every study of this design, and those of this one."""
    study = report.definitions.study.study
    events = report.text(study.events) if study.events else report.words.EVENTS_UNKNOWN
    missing = [
        report.verdict_sentence(report.public.at(outcome.scale, ALL))
        for outcome in report.definitions.study.outcomes
        if report.public.at(outcome.scale, ALL).status == "not_estimated"
    ]
    return {"events": events, "flow": report.public.flow, "missing": missing}

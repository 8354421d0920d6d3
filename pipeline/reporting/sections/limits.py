"""What the report cannot say."""

from __future__ import annotations

from typing import Any

from pipeline.disclosure.rounding import FEW
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
    at_sites = [e for e in report.public.estimates if e.site != ALL and e.status != "not_estimated"]
    few = any(e.status == "withheld" or (e.people is not None and e.people.low < FEW) for e in at_sites)
    return {"events": events, "flow": report.public.flow, "missing": missing, "few": few}

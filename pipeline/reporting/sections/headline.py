"""The headline: what the primary outcomes did over all sites, and what the design can carry."""

from __future__ import annotations

from typing import Any

from pipeline.pairing.link import ALL
from pipeline.reporting.figures.interval import axis, mark
from pipeline.reporting.render import primary
from pipeline.reporting.report import Report, direction, estimate_id


def context(report: Report) -> dict[str, Any]:
    """A verdict and a change per primary outcome, each with a small interval against zero and the MID."""
    lines = []
    for outcome in primary(report):
        estimate = report.public.at(outcome.scale, ALL)
        line: dict[str, Any] = {
            "id": estimate_id(report, estimate),
            "verdict": report.verdict_sentence(estimate),
            "change": report.change_sentence(outcome, estimate),
        }
        if estimate.estimate is not None and estimate.conf_low is not None and estimate.conf_high is not None:
            line["axis"] = axis([estimate.conf_low, estimate.conf_high], report.mid(outcome))
            way = direction(estimate.verdict)
            line["mark"] = mark(line["axis"], estimate.conf_low, estimate.conf_high, estimate.estimate, 1, 1, way)
            line["better"] = report.definitions.scale_of(outcome.scale).better
        lines.append(line)
    study = report.definitions.study.study
    events = report.text(study.events) if study.events else ""
    return {"lines": lines, "design": report.words.DESIGNS[study.design](events)}

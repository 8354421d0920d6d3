"""How it was done: a text made from what ran, with its sources."""

from __future__ import annotations

from typing import Any

from pipeline.reporting.report import Report


def context(report: Report) -> dict[str, Any]:
    """The models that gave the published numbers, the rule of the verdicts, and the instruments with their sources."""
    study = report.definitions.study
    methods = {e.analysis: e.method for e in report.public.estimates if e.status == "ok"}
    counts = {role: sum(outcome.role == role for outcome in study.outcomes) for role in ("primary", "secondary", "exploratory")}
    used = {outcome.scale.partition(".")[0] for outcome in study.outcomes}
    instruments = [instrument for name, instrument in report.definitions.instruments.items() if name in used]
    return {
        "whole": methods.get("mmrm"),
        "site": methods.get("paired_t"),
        "counts": counts,
        "instruments": instruments,
        "scores": [score for name, score in study.scores.items() if name in used],
        "prorated": [report.text(s.title) for i in instruments for s in i.scales.values() if s.prorate],
        "unverified": [report.text(i.title) for i in instruments if i.status == "unverified"],
    }

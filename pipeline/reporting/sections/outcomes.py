"""One part per outcome: what the scale means, what can be said over all sites, and a forest plot of the sites."""

from __future__ import annotations

from typing import Any

from pipeline.definitions.study import Outcome
from pipeline.disclosure.public import PublicEstimate
from pipeline.pairing.link import ALL
from pipeline.reporting.figures.interval import Axis, axis, mark
from pipeline.reporting.report import Report, direction, estimate_id
from pipeline.reporting.sections.changed import cell
from pipeline.results import minimal_difference_source


def context(report: Report) -> dict[str, Any]:
    """Every outcome with its sentences and the rows of its forest plot, all sites last."""
    return {"outcomes": [_outcome(report, outcome) for outcome in report.definitions.study.outcomes]}


def _outcome(report: Report, outcome: Outcome) -> dict[str, Any]:
    scale = report.definitions.scale_of(outcome.scale)
    whole = report.public.at(outcome.scale, ALL)
    shown = [e for site, _ in report.sites if (e := report.public.at(outcome.scale, site)).status == "ok"]
    limits = [limit for e in shown for limit in (e.conf_low, e.conf_high) if limit is not None]
    mid = report.mid(outcome)
    on = axis(limits, mid) if limits else None
    sentences = [report.verdict_sentence(whole), report.change_sentence(outcome, whole)]
    if whole.agreement_holds is not None and whole.agreement_of is not None and whole.agreement_of > 1:
        sentences.append(report.words.agreement(whole.agreement_holds, whole.agreement_of))
    if whole.n_baseline is not None and whole.n_followup is not None:
        means = (whole.mean_baseline, whole.n_baseline, whole.mean_followup, whole.n_followup)
        sentences.append(report.words.means(*report.waves, *means, report.places(whole)))
    return {
        "anchor": outcome.scale.replace(".", "-"),
        "title": report.words.capital(report.scale_title(outcome.scale)),
        "role": report.words.ROLES[outcome.role],
        "meaning": report.text(scale.meaning) if scale.meaning else "",
        "better": scale.better,
        "id": estimate_id(report, whole),
        "sentences": [sentence for sentence in sentences if sentence],
        "axis": on,
        "rows": [_row(report, outcome, site, label, on) for site, label in report.sites],
        "mid": None if mid is None else report.words.number(mid, 2).rstrip("0").rstrip("."),
        "mid_source": minimal_difference_source(report.definitions, outcome).rstrip("."),
        "estimated": bool(limits),
    }


def _row(report: Report, outcome: Outcome, site: str, label: str, on: Axis | None) -> dict[str, Any]:
    estimate = report.public.at(outcome.scale, site)
    row: dict[str, Any] = cell(report, estimate) | {
        "label": label,
        "all": site == ALL,
        "id": estimate_id(report, estimate),
        "n": "",
        "change": "",
    }
    if on is None or estimate.estimate is None or estimate.conf_low is None or estimate.conf_high is None:
        return row
    places = report.places(estimate)
    most = max(_size(e) for e in report.public.estimates if e.outcome == outcome.scale)
    low, high = (report.words.number(limit, places) for limit in (estimate.conf_low, estimate.conf_high))
    way = direction(estimate.verdict)
    return row | {
        "n": report.people(estimate),
        "change": f"{report.words.number(estimate.estimate, places, sign=True)} ({low} to {high})",
        "mark": mark(on, estimate.conf_low, estimate.conf_high, estimate.estimate, _size(estimate), most, way),
    }


def _size(estimate: PublicEstimate) -> int:
    """About how many people, for the size of the point."""
    return estimate.people.low if estimate.people else estimate.n or 0

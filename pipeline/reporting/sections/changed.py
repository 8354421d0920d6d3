"""What changed where: every outcome's verdict at every site, in one table."""

from __future__ import annotations

from typing import Any

from pipeline.disclosure.public import PublicEstimate
from pipeline.pairing.link import ALL
from pipeline.reporting.report import Report, direction, estimate_id

SHAPES = {"better": "▲", "worse": "▼", "uncertain": "●"}


def context(report: Report) -> dict[str, Any]:
    """Outcomes by family; per place a shape, a word and the change where one is published."""
    families: dict[str, list[dict[str, Any]]] = {}
    for outcome in report.definitions.study.outcomes:
        cells = []
        for site, label in report.sites:
            estimate = report.public.at(outcome.scale, site)
            known = estimate.estimate
            number = "" if known is None else report.words.number(known, report.places(estimate), sign=True)
            cells.append(cell(report, estimate) | {"label": label, "number": number, "id": estimate_id(report, estimate)})
        row = {
            "title": report.words.capital(report.scale_title(outcome.scale)),
            "role": report.words.ROLES[outcome.role],
            "cells": cells,
        }
        families.setdefault(outcome.family, []).append(row | {"anchor": outcome.scale.replace(".", "-")})
    at_sites = [e.verdict for e in report.public.estimates if e.site != ALL and e.status == "ok"]
    mostly_uncertain = at_sites.count("inconclusive") > len(at_sites) / 2
    return {"families": families, "sites": report.sites, "mostly_uncertain": mostly_uncertain}


def cell(report: Report, estimate: PublicEstimate) -> dict[str, str]:
    """The shape, word and direction of one estimate."""
    if estimate.status != "ok":
        word = report.words.WITHHELD if estimate.status == "withheld" else f"{report.words.NOT_ESTIMATED}: {estimate.reason}"
        return {"shape": "–", "word": word, "way": "uncertain"}
    way = direction(estimate.verdict)
    return {"shape": SHAPES[way], "word": report.words.SHORT_VERDICTS[estimate.verdict], "way": way}

"""What was delivered: the programme's strategies by component and site; left out where a study declares none."""

from __future__ import annotations

from typing import Any

from pipeline.definitions.study import Strategy
from pipeline.reporting.report import Report

_SHAPES = {"yes": "●", "partly": "◐", "not_possible": "○"}


def context(report: Report) -> dict[str, Any] | None:
    """Strategies grouped by component; per site a shape and a word, or one statement for the whole project."""
    study = report.definitions.study
    if not study.strategies:
        return None
    components: dict[str, list[dict[str, Any]]] = {}
    for strategy in study.strategies:
        components.setdefault(strategy.component, []).append(_row(report, strategy))
    return {
        "components": components,
        "sites": report.sites[:-1],
        "objectives": [report.text(objective.text) for objective in study.objectives],
    }


def _row(report: Report, strategy: Strategy) -> dict[str, Any]:
    word = report.words.DELIVERED[strategy.delivered]
    shape = _SHAPES[strategy.delivered]
    cells = None
    if strategy.sites is not None:
        cells = [
            (label, shape, word) if site in strategy.sites else (label, "–", report.words.NOT_PLANNED)
            for site, label in report.sites[:-1]
        ]
    return {
        "text": report.text(strategy.strategy),
        "levels": ", ".join(report.words.LEVELS[level] for level in strategy.levels),
        "reason": report.text(strategy.reason) if strategy.reason else "",
        "cells": cells,
        "whole": (shape, word),
    }

"""Every analysis of every outcome at every place, side by side, at full precision. For evaluators only."""

from __future__ import annotations

from typing import Any

from pipeline.reporting.report import Report, direction, estimate_id
from pipeline.results import Result


def context(report: Report) -> dict[str, Any] | None:
    """One table per outcome."""
    if report.evaluation is None:
        return None
    results = report.evaluation.results
    outcomes = []
    for outcome in report.definitions.study.outcomes:
        rows = [_row(report, label, result) for site, label in report.sites for result in results.at(outcome.scale, site)]
        outcomes.append(
            {
                "title": report.words.capital(report.scale_title(outcome.scale)),
                "id": outcome.scale,
                "role": outcome.role,
                "rows": rows,
            }
        )
    return {"outcomes": outcomes}


def _row(report: Report, label: str, result: Result) -> dict[str, Any]:
    e, words = result.estimate, report.words
    row: dict[str, Any] = {
        "id": estimate_id(report, e),
        "site": label,
        "analysis": words.ANALYSES.get(e.analysis, e.analysis),
        "n": e.n,
        "pairs": e.n_pairs,
        "reason": e.reason,
        "way": "uncertain",
    }
    if e.estimate is None or e.std_error is None or e.conf_low is None or e.conf_high is None or e.p_value is None:
        return row
    row |= {
        "change": f"{words.number(e.estimate, 2)} ({words.number(e.conf_low, 2)} to {words.number(e.conf_high, 2)})",
        "se": f"{words.number(e.std_error, 2)} ({words.number(e.df, 1)})",
        "p": words.p_value(e.p_value) + (f" ({words.p_value(result.p_adjusted)})" if result.p_adjusted is not None else ""),
        "effect": "",
    }
    if e.effect is not None and e.effect_low is not None and e.effect_high is not None:
        row["effect"] = f"{words.number(e.effect, 2)} ({words.number(e.effect_low, 2)} to {words.number(e.effect_high, 2)})"
    if result.verdict is not None:
        row |= {"verdict": words.SHORT_VERDICTS[result.verdict.id], "way": direction(result.verdict.id)}
    return row

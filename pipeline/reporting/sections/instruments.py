"""The instruments, their scales and the rule by which each is scored. For evaluators only."""

from __future__ import annotations

from typing import Any

from pipeline.definitions.instrument import Scale
from pipeline.reporting.report import Report


def context(report: Report) -> dict[str, Any] | None:
    """Every scale with its items, range, direction and missing rule."""
    if report.evaluation is None:
        return None
    rows = [
        {
            "instrument": name,
            "scale": scale_id,
            "title": report.text(scale.title),
            "items": _items(scale),
            "rule": _rule(scale),
            "notes": scale.notes,
        }
        for name, instrument in report.definitions.instruments.items()
        for scale_id, scale in instrument.scales.items()
    ]
    return {"rows": rows}


def _items(scale: Scale) -> str:
    reversed_items = f"; reversed: {', '.join(scale.reverse)}" if scale.reverse else ""
    return (", ".join(scale.needed_items) or "scales " + ", ".join(term.scale for term in scale.terms)) + reversed_items


def _rule(scale: Scale) -> str:
    if scale.range is None:
        return "categories, the first rule that holds"
    span = f"{scale.kind}, {scale.range[0]:g} to {scale.range[1]:g}, {scale.better} is better"
    if not scale.is_primary:
        return f"{span}; all its scales needed"
    needed = scale.min_answered or len(scale.needed_items)
    prorated = ", prorated" if scale.prorate and needed < len(scale.needed_items) else ""
    return f"{span}; at least {needed} of {len(scale.needed_items)} items answered{prorated}"

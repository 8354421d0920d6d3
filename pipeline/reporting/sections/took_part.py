"""Who took part: the flow over all sites, and a first description of the people at the start."""

from __future__ import annotations

from typing import Any

from pipeline.disclosure.public import PublicTable
from pipeline.reporting.report import Report


def context(report: Report) -> dict[str, Any]:
    """The flow with its bars (people as widths), and one table per fact, counts or the word for withheld."""
    flow = report.public.flow
    bars = None
    if flow.both is not None and flow.lost is not None and flow.new is not None:
        bars = {"lost": flow.lost, "both": flow.both, "new": flow.new, "total": flow.lost + flow.both + flow.new}
    return {"flow": flow, "bars": bars, "tables": [_table(report, table) for table in report.public.tables]}


def _table(report: Report, table: PublicTable) -> dict[str, Any]:
    if table.id == "site":
        title, names = report.words.SITE, dict(report.sites)
    else:
        fact = report.definitions.study.person.facts[table.id]
        title = report.text(fact.title)
        names = {str(place): report.text(labels) for place, (_, labels) in enumerate(fact.values)} | {
            "unknown": report.words.UNKNOWN
        }
    shown = [count for count in table.counts if count.id != "unknown" or count.n != 0]
    rows = [
        (names[c.id], report.words.WITHHELD if c.n is None or table.total is None else report.words.share(c.n, table.total))
        for c in shown
    ]
    return {"title": title, "total": table.total, "rows": rows}

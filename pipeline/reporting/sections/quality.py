"""How good the data are, in a few lines without anybody's answers."""

from __future__ import annotations

from typing import Any

from pipeline.pairing.link import ALL
from pipeline.reporting.report import Report


def context(report: Report) -> dict[str, Any]:
    """Rules run, warnings, outcomes estimated and withheld, and how the analyses agree over all sites."""
    whole = [e for e in report.public.estimates if e.site == ALL]
    agreeing = [e for e in whole if e.agreement_of and e.agreement_holds == e.agreement_of]
    return {
        "quality": report.public.quality,
        "outcomes": len(whole),
        "estimated": sum(e.status == "ok" for e in whole),
        "agreeing": len(agreeing),
        "judged": sum(bool(e.agreement_of) for e in whole),
    }

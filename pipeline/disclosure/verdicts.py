"""Which verdict the published limits carry: never more than a reader could work out from them."""

from __future__ import annotations

from pipeline.definitions.base import Better
from pipeline.results import RulesOut, Verdict, rules_out, signed

_WEAKER = {
    "improved": "improved_size_uncertain",
    "slightly_improved": "improved_size_uncertain",
    "worsened": "worsened_size_uncertain",
    "slightly_worsened": "worsened_size_uncertain",
}


def carried(verdict: Verdict, low: float, high: float, better: Better, mid: float | None) -> tuple[str, RulesOut]:
    """The verdict's id and exclusion as far as the published 95% limits (scale points) bear them out.

    The limits of the family are wider than these, so a verdict is only ever weakened, to `inconclusive` at the last.
    """
    near, far = signed(low, high, better)
    known = verdict.id
    while not _holds(known, near, far, mid):
        known = _WEAKER.get(known, "inconclusive")
    if known != "inconclusive":
        return known, ""
    allowed = rules_out(near, far, mid)
    return known, allowed if verdict.id != known or allowed == verdict.rules_out else "none"


def _holds(verdict: str, low: float, high: float, mid: float | None) -> bool:
    if verdict == "inconclusive":
        return True
    if "worsened" in verdict:
        low, high, verdict = -high, -low, verdict.replace("worsened", "improved")
    if mid is None or verdict == "improved_size_uncertain":
        return low > 0
    if verdict == "no_meaningful_change":
        return -mid < low and high < mid
    return low >= mid if verdict == "improved" else low > 0 and high < mid

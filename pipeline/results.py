"""Turns estimates into results: families of outcomes, verdicts by one rule, and how well the analyses agree.

The rule: L and U are the limits of the change at the level of its family, signed so that positive is better, and m is
the minimal important difference. A verdict never comes from the estimate alone, and "inconclusive" says what it rules out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pipeline.definitions.base import Better
from pipeline.definitions.load import Definitions
from pipeline.definitions.study import Outcome, Role
from pipeline.models.estimate import CONFIDENCE, Estimate
from pipeline.pairing.link import ALL

ERROR = 1 - CONFIDENCE
HEADLINE = {ALL: "mmrm"}
SITE_HEADLINE = "paired_t"
RulesOut = Literal["meaningful_worsening", "meaningful_improvement", "none", ""]


@dataclass(frozen=True)
class Verdict:
    """A verdict id, the limits of the change (in scale points, unsigned by `better`) that it rests on, and its exclusion."""

    id: str
    low: float
    high: float
    rules_out: RulesOut = ""
    allowed_for_others: bool = False


@dataclass(frozen=True)
class Result:
    """An estimate with its role, its p value adjusted within its family, and its verdict where it has an interval."""

    estimate: Estimate
    role: Role
    p_adjusted: float | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True)
class Agreement:
    """In how many of the analyses of one outcome at one place the headline's verdict holds."""

    holds: int
    of: int


@dataclass(frozen=True)
class Results:
    """All results of a study, in the order of outcomes, sites (all last) and analyses."""

    study: str
    results: tuple[Result, ...]

    def at(self, outcome: str, site: str) -> tuple[Result, ...]:
        """Every analysis of one outcome at one place."""
        return tuple(r for r in self.results if (r.estimate.outcome, r.estimate.site) == (outcome, site))

    def headline(self, outcome: str, site: str) -> Result:
        """The one analysis that is published: mmrm over all sites, paired_t at a site."""
        return next(r for r in self.at(outcome, site) if r.estimate.analysis == HEADLINE.get(site, SITE_HEADLINE))

    def agreement(self, outcome: str, site: str) -> Agreement:
        """How many analyses with a verdict share the headline's, the headline counted."""
        headline = self.headline(outcome, site).verdict
        verdicts = [r.verdict.id for r in self.at(outcome, site) if r.verdict is not None]
        return Agreement(sum(v == headline.id for v in verdicts) if headline else 0, len(verdicts))


def results(definitions: Definitions, estimates: Sequence[Estimate]) -> Results:
    """Adjust for the number of outcomes, then give each estimate its verdict.

    A family is the outcomes of one role at one site for one contrast, within one analysis.
    """
    outcomes = {outcome.scale: outcome for outcome in definitions.study.outcomes}
    families: dict[tuple[str, ...], list[Estimate]] = {}
    for e in estimates:
        if e.status == "ok":
            families.setdefault((outcomes[e.outcome].role, e.site, e.contrast, e.analysis), []).append(e)
    judged: dict[int, Result] = {}
    for (role, *_), members in families.items():
        adjusted, level = _adjust(role, [e.p_value for e in members])
        for e, p in zip(members, adjusted, strict=True):
            outcome = outcomes[e.outcome]
            scale = definitions.scale_of(e.outcome)
            assert scale.better is not None  # categories are refused as outcomes when the study is loaded
            judged[id(e)] = Result(e, outcome.role, p, judge(e, level, scale.better, minimal_difference(definitions, outcome)))
    return Results(definitions.study.study.id, tuple(judged.get(id(e), Result(e, outcomes[e.outcome].role)) for e in estimates))


def minimal_difference(definitions: Definitions, outcome: Outcome) -> float | None:
    """The outcome's MID in scale points: the study's own, or the instrument's; None where neither names one."""
    return _minimal_difference(definitions, outcome)[0]


def minimal_difference_source(definitions: Definitions, outcome: Outcome) -> str:
    """Where the outcome's MID comes from; empty where it has none."""
    return _minimal_difference(definitions, outcome)[1]


def _minimal_difference(definitions: Definitions, outcome: Outcome) -> tuple[float | None, str]:
    own = getattr(definitions.scale_of(outcome.scale), "mid", None)
    if outcome.mid is not None or own is None:
        return outcome.mid, outcome.mid_source
    return own.value, own.source


def _adjust(role: str, p_values: Sequence[float | None]) -> tuple[list[float | None], float]:
    """Adjusted p values and the confidence level of the limits that verdicts rest on."""
    p = np.array([1.0 if value is None else value for value in p_values])
    k = len(p)
    if role == "primary":
        return [float(v) for v in np.minimum(1.0, p * k)], 1 - ERROR / k
    if role == "secondary":
        order = np.argsort(p)
        steps = np.minimum.accumulate((p[order] * k / np.arange(1, k + 1))[::-1])[::-1]
        adjusted = np.empty(k)
        adjusted[order] = np.minimum(1.0, steps)
        rejected = int((adjusted <= ERROR).sum())
        return [float(v) for v in adjusted], 1 - max(rejected, 1) * ERROR / k
    return [None] * k, CONFIDENCE


def judge(estimate: Estimate, level: float, better: Better, mid: float | None) -> Verdict:
    """The verdict of an estimate at its family's level; says whether the family's wider limits changed it."""
    low, high = estimate.limits(level)
    found = verdict(*signed(low, high, better), mid)
    alone = verdict(*signed(*estimate.limits(CONFIDENCE), better), mid)
    excluded: RulesOut = ""
    if found == "inconclusive":
        excluded = rules_out(*signed(low, high, better), mid)
    return Verdict(found, low, high, excluded, allowed_for_others=found != alone)


def signed(low: float, high: float, better: Better) -> tuple[float, float]:
    """The limits with positive as better."""
    return (low, high) if better == "higher" else (-high, -low)


def verdict(low: float, high: float, mid: float | None) -> str:
    """The verdict's id from the limits (positive is better) and the minimal important difference; compared unrounded."""
    if mid is None:
        return "improved_no_mid" if low > 0 else "worsened_no_mid" if high < 0 else "inconclusive"
    if low > 0:
        return _size("improved", low, high, mid)
    if high < 0:
        return _size("worsened", -high, -low, mid)
    return "no_meaningful_change" if -mid < low and high < mid else "inconclusive"


def _size(direction: str, near: float, far: float, mid: float) -> str:
    if near >= mid:
        return direction
    return f"{direction}_size_uncertain" if far >= mid else f"slightly_{direction}"


def rules_out(low: float, high: float, mid: float | None) -> RulesOut:
    """What an inconclusive result still excludes."""
    if mid is None:
        return "none"
    return "meaningful_worsening" if low > -mid else "meaningful_improvement" if high < mid else "none"

"""What every model returns: a number with its n, its interval, its method, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from pipeline.pairing.link import Pairs
from pipeline.store import FloatArray

CONFIDENCE = 0.95
FEWEST_PAIRS = 3


@dataclass(frozen=True)
class Estimate:
    """A change (follow-up minus baseline) in scale points, for one outcome, site and analysis.

    Counts and means are of the people whom this analysis used. A number that the analysis does not give is None; NaN
    never stands here. With status `not_estimated` only counts are filled, and `reason` says why.
    """

    outcome: str
    site: str
    contrast: str
    analysis: str
    method: str
    n: int = 0
    n_baseline: int = 0
    n_followup: int = 0
    n_pairs: int = 0
    mean_baseline: float | None = None
    sd_baseline: float | None = None
    mean_followup: float | None = None
    sd_followup: float | None = None
    estimate: float | None = None
    std_error: float | None = None
    df: float | None = None
    conf_low: float | None = None
    conf_high: float | None = None
    statistic: float | None = None
    p_value: float | None = None
    effect_name: str = ""
    effect: float | None = None
    effect_low: float | None = None
    effect_high: float | None = None
    status: Literal["ok", "not_estimated"] = "ok"
    reason: str = ""

    def limits(self, level: float) -> tuple[float, float]:
        """The t interval of the change at a confidence level, from the estimate, its standard error and its df."""
        from scipy.special import stdtrit

        if self.estimate is None or self.std_error is None or self.df is None:
            raise ValueError(f"{self.analysis} of {self.outcome} at {self.site} has no t interval")
        half = float(stdtrit(self.df, (1 + level) / 2)) * self.std_error
        return self.estimate - half, self.estimate + half


def not_estimated(base: Estimate, reason: str) -> Estimate:
    """The estimate that says why there is none."""
    return replace(base, status="not_estimated", reason=reason)


def with_t(base: Estimate, estimate: float, std_error: float, df: float) -> Estimate:
    """The estimate with its 95% t interval, statistic and two-sided p value."""
    from scipy.special import stdtr

    filled = replace(base, estimate=estimate, std_error=std_error, df=df)
    low, high = filled.limits(CONFIDENCE)
    statistic = estimate / std_error
    p_value = 2 * float(stdtr(df, -abs(statistic)))
    return replace(filled, conf_low=low, conf_high=high, statistic=statistic, p_value=p_value)


def describe(pairs: Pairs, outcome: str, analysis: str, method: str, values: FloatArray) -> Estimate:
    """An estimate with its counts, means and standard deviations filled from the rows (n, waves) that the analysis uses."""
    first, last = values[:, 0], values[:, -1]
    seen = [column[~np.isnan(column)] for column in (first, last)]
    both = ~np.isnan(first) & ~np.isnan(last)
    mean = [float(column.mean()) if len(column) else None for column in seen]
    sd = [float(column.std(ddof=1)) if len(column) > 1 else None for column in seen]
    return Estimate(
        outcome=outcome,
        site=pairs.site,
        contrast=pairs.contrast,
        analysis=analysis,
        method=method,
        n=int((~np.isnan(values)).any(axis=1).sum()),
        n_baseline=len(seen[0]),
        n_followup=len(seen[1]),
        n_pairs=int(both.sum()),
        mean_baseline=mean[0],
        sd_baseline=sd[0],
        mean_followup=mean[1],
        sd_followup=sd[1],
    )


def why_not(pairs: Pairs) -> str:
    """Why a change cannot be estimated at all, or an empty string."""
    for asked, wave in zip((pairs.asked[0], pairs.asked[-1]), ("baseline", "follow-up"), strict=True):
        if not asked:
            return f"not asked at {wave}"
    count = len(pairs.complete)
    if count == 0:
        return "nobody answered both times"
    if count < FEWEST_PAIRS:
        return f"fewer than {FEWEST_PAIRS} people answered both times"
    return ""

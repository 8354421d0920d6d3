"""By how much did the people who answered both times change, on average?

Question: the mean of follow-up minus baseline over complete pairs. Assumes that people answer independently and that
the mean of the changes is close to normal; says nothing about people who were lost. The headline of a site.
Reference: Student's paired t; effect size after Bonett (2008).
"""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import numpy as np

from pipeline.models.effect_size import g_av
from pipeline.models.estimate import Estimate, describe, not_estimated, why_not, with_t
from pipeline.pairing.link import Pairs

SCOPES = ("all", "site")
METHOD = "paired t test of complete pairs"
# R's sleep data, t.test(extra ~ group, paired = TRUE): group 2 minus group 1.
REFERENCE = {
    "source": "R 4.2.2, datasets::sleep, t.test(x2, x1, paired = TRUE)",
    "baseline": (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0),
    "followup": (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4),
    "estimate": 1.58,
    "statistic": 4.0621,
    "df": 9.0,
    "p_value": 0.002833,
    "conf_low": 0.7001142,
    "conf_high": 2.4598858,
}


def fit(pairs: Pairs, outcome: str) -> Estimate:
    """Mean change (points) with its t interval; not estimated below 3 pairs or where all changes are the same."""
    complete = pairs.complete
    base = describe(pairs, outcome, "paired_t", METHOD, complete)
    if reason := why_not(pairs):
        return not_estimated(base, reason)
    change = complete[:, 1] - complete[:, 0]
    n = len(change)
    spread = float(change.std(ddof=1))
    # A spread that is rounding error alone would make any change infinitely certain.
    if spread <= 1e-12 * max(1.0, float(np.abs(complete).max())):
        return not_estimated(base, "no variance: everybody changed by the same amount")
    estimate = with_t(base, float(change.mean()), spread / sqrt(n), n - 1)
    sd_before, sd_after = float(complete[:, 0].std(ddof=1)), float(complete[:, 1].std(ddof=1))
    r = float(np.cov(complete[:, 0], complete[:, 1])[0, 1]) / (sd_before * sd_after) if sd_before > 0 and sd_after > 0 else 0.0
    size = g_av(float(complete[:, 1].mean()), float(complete[:, 0].mean()), sd_after, sd_before, r, n)
    return replace(estimate, effect_name="hedges_g_av", effect=size.g, effect_low=size.low, effect_high=size.high)

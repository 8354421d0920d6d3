"""How large a paired change is in standard deviations: Hedges' g_av with Bonett's interval."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from scipy.special import ndtri


@dataclass(frozen=True)
class StandardizedChange:
    """d_av and its interval, and g_av, which is d_av with its small-sample bias taken out."""

    d: float
    g: float
    std_error: float
    low: float
    high: float


def g_av(mean_1: float, mean_2: float, sd_1: float, sd_2: float, r: float, n: int, level: float = 0.95) -> StandardizedChange:
    """Standardized mean change mean_1 - mean_2 over the average variance of the two waves, of n people measured twice.

    Source: Bonett DG (2008), Confidence intervals for standardized linear contrasts of means, Psychological Methods
    13(2):99-109, as in R's statpsych::ci.stdmean.ps. Needs n of 3 or more and a positive variance in one wave at least.
    """
    average = (sd_1**2 + sd_2**2) / 2
    d = (mean_1 - mean_2) / sqrt(average)
    shape = d**2 * (sd_1**4 + sd_2**4 + 2 * r**2 * sd_1**2 * sd_2**2) / (8 * average**2 * (n - 1))
    location = (sd_1**2 + sd_2**2 - 2 * r * sd_1 * sd_2) / (average * (n - 1))
    std_error = sqrt(shape + location)
    half = float(ndtri((1 + level) / 2)) * std_error
    return StandardizedChange(d, d * sqrt((n - 2) / (n - 1)), std_error, d - half, d + half)

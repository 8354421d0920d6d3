"""Hedges' g_av with Bonett's interval, against R's statpsych::ci.stdmean.ps (values as issue 5 gives them)."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.models import paired_t
from pipeline.models.effect_size import g_av
from tests.small import pairs_of


def test_a_change_of_half_a_standard_deviation() -> None:
    found = g_av(110.4, 102.1, 15.3, 14.6, 0.75, 25)
    assert found.d == pytest.approx(0.5550319, abs=5e-8)
    assert found.g == pytest.approx(0.5433457, abs=5e-8)
    assert found.std_error == pytest.approx(0.1609934, abs=5e-8)
    assert (found.low, found.high) == pytest.approx((0.2394905, 0.8705732), abs=5e-8)


def test_a_large_change_of_eight_people() -> None:
    found = g_av(602.4, 705.6, 33.17, 51.08, 0.769, 8)
    assert found.d == pytest.approx(-2.3963, abs=5e-5)
    assert (found.low, found.high) == pytest.approx((-3.6744, -1.1182), abs=5e-5)


def test_swapped_waves_flip_the_sign() -> None:
    one, other = g_av(110.4, 102.1, 15.3, 14.6, 0.75, 25), g_av(102.1, 110.4, 14.6, 15.3, 0.75, 25)
    assert (other.g, other.low, other.high) == pytest.approx((-one.g, -one.high, -one.low), rel=1e-12)


def test_the_paired_t_test_reports_follow_up_less_baseline() -> None:
    rows = np.random.default_rng(2).normal([50, 58], 10, (20, 2))
    found = paired_t.fit(pairs_of(rows), "x")
    r = np.corrcoef(rows.T)[0, 1]
    expected = g_av(*rows.mean(axis=0)[::-1], *rows.std(axis=0, ddof=1)[::-1], r, 20)
    assert (found.effect_name, found.effect) == ("hedges_g_av", pytest.approx(expected.g, rel=1e-12))
    assert (found.effect_low, found.effect_high) == pytest.approx((expected.low, expected.high), rel=1e-12)
    assert found.effect is not None
    assert found.effect > 0

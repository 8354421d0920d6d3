"""REML: the likelihood and its derivatives against a second formula, closed forms on complete data, and invariances."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from pipeline.models import mmrm, paired_t, reml
from pipeline.store import FloatArray
from tests.small import pairs_of


def waves_only(values: FloatArray) -> FloatArray:
    n, t = values.shape
    return np.broadcast_to(np.eye(t), (n, t, t))


def contrast(values: FloatArray, df_method: str = "kenward_roger_linear") -> reml.Contrast:
    weights = np.zeros(values.shape[1])
    weights[[0, -1]] = -1, 1
    return reml.fit(values, waves_only(values)).contrast(weights, df_method)


def drawn(n: int, t: int, missing: float = 0.0, seed: int = 0) -> FloatArray:
    """Answers of n people in t waves of unequal variance, some missing, everybody with one at least."""
    rng = np.random.default_rng(seed)
    values = 20 + rng.normal(0, 3, (n, 1)) + rng.normal(0, 1, (n, t)) * np.linspace(2, 4, t) + np.arange(t)
    gone = rng.random((n, t)) < missing
    gone[np.arange(n), rng.integers(0, t, n)] = False
    return np.where(gone, np.nan, values)


def loglik(sigma: FloatArray, values: FloatArray, design: FloatArray) -> float:
    """The restricted log-likelihood, but for its constant, person by person as textbooks write it."""
    p = design.shape[-1]
    information, score, total = np.zeros((p, p)), np.zeros(p), 0.0
    for y, x in zip(values, design, strict=True):
        seen = ~np.isnan(y)
        v = np.linalg.inv(sigma[np.ix_(seen, seen)])
        information += x[seen].T @ v @ x[seen]
        score += x[seen].T @ v @ y[seen]
        total += y[seen] @ v @ y[seen] - log(np.linalg.det(v))
    return -(log(np.linalg.det(information)) + total - score @ np.linalg.solve(information, score)) / 2


@pytest.mark.parametrize("n", [3, 4, 8, 25, 300])
@pytest.mark.parametrize("seed", [1, 2, 4])
def test_complete_pairs_are_the_paired_t_test(n: int, seed: int) -> None:
    pairs = pairs_of(drawn(n, 2, seed=seed))
    one, other = mmrm.fit(pairs, "x"), paired_t.fit(pairs, "x")
    for key in ("estimate", "std_error", "df", "conf_low", "conf_high", "statistic", "p_value"):
        assert getattr(one, key) == pytest.approx(getattr(other, key), rel=1e-8), key


def test_three_pairs_are_the_paired_t_test_or_nothing() -> None:
    # Of three people the two waves often correlate at .9999: then rather no estimate than a wrong one.
    refused = 0
    for seed in range(300):
        pairs = pairs_of(drawn(3, 2, seed=seed))
        one, other = mmrm.fit(pairs, "x"), paired_t.fit(pairs, "x")
        refused += one.status == "not_estimated"
        if one.status == "ok":
            assert (one.std_error, one.df) == pytest.approx((other.std_error, other.df), rel=1e-6), seed
    assert refused < 30


@pytest.mark.parametrize("t", [2, 3, 4])
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_complete_data_reproduce_the_raw_moments(t: int, seed: int) -> None:
    values = drawn(t + 6, t, seed=seed)
    fitted = reml.fit(values, waves_only(values))
    assert fitted.beta == pytest.approx(values.mean(axis=0), rel=1e-8)
    assert fitted.sigma == pytest.approx(np.cov(values.T), rel=1e-8)
    # Nothing is to be adjusted there: the small-sample standard error is the plain one, and n - 1 the df.
    error = np.diff(values[:, [0, -1]]).std(ddof=1) / np.sqrt(len(values))
    for df_method in ("kenward_roger_linear", "satterthwaite"):
        found = contrast(values, df_method)
        assert (found.std_error, found.df) == pytest.approx((error, len(values) - 1), rel=1e-8)


def test_waves_that_nearly_follow_from_each_other_are_not_adjusted_either() -> None:
    # Four waves of five people, whose covariance is close to singular: the two terms of the adjustment are huge and equal.
    values = np.array([[1, 3, 6, 6], [5, 7, 7, 8], [7, 1, 0, 0], [1, 5, 5, 6], [-2, 2, 0, 2]], dtype=float)
    changes = values[:, -1] - values[:, 0]
    assert contrast(values).std_error == pytest.approx(changes.std(ddof=1) / np.sqrt(5), rel=1e-8)


@pytest.mark.parametrize(("n", "t"), [(30, 2), (40, 3), (60, 4)])
def test_missing_visits_converge_to_the_maximum(n: int, t: int) -> None:
    values = drawn(n, t, missing=0.3, seed=n)
    assert np.isnan(values).any()
    fitted = reml.fit(values, waves_only(values))
    rows, columns = np.tril_indices(t)

    def at(theta: FloatArray) -> float:
        sigma = np.zeros((t, t))
        sigma[rows, columns] = sigma[columns, rows] = theta
        return loglik(sigma, values, waves_only(values))

    best = fitted.sigma[rows, columns]
    step = 1e-4
    gradient = [(at(best + step * e) - at(best - step * e)) / (2 * step) for e in np.eye(len(best))]
    assert np.abs(gradient).max() < 1e-7
    for direction in np.vstack([np.eye(len(best)), np.random.default_rng(1).normal(size=(20, len(best)))]):
        assert at(best + 0.1 * direction) < at(best)


@pytest.mark.parametrize(("t", "missing"), [(2, 0.0), (2, 0.4), (3, 0.3), (4, 0.3)])
def test_the_derivatives_are_those_of_the_likelihood(t: int, missing: float) -> None:
    values = drawn(25, t, missing, seed=t)
    design = waves_only(values)
    patterns = list(reml._patterns(values, design))
    sigma = np.cov(drawn(25, t, seed=99).T) + np.eye(t)  # not the maximum
    state = reml._evaluate(sigma, patterns)

    def at(theta: FloatArray) -> float:
        return loglik(sigma + np.einsum("a,aij->ij", theta, state.basis), values, design)

    q = len(state.basis)
    assert q == t * (t + 1) // 2
    assert state.loglik == pytest.approx(at(np.zeros(q)), rel=1e-12)
    steps = 1e-4 * np.eye(q)
    numeric = [(at(e) - at(-e)) / 2e-4 for e in steps]
    assert state.gradient == pytest.approx(numeric, rel=1e-6, abs=1e-6)
    hessian = [[(at(e + f) - at(e - f) - at(f - e) + at(-e - f)) / 4e-8 for f in steps] for e in steps]
    assert state.observed == pytest.approx(-np.array(hessian), rel=1e-4, abs=1e-4)


def test_the_expected_information_is_the_mean_of_the_observed_one() -> None:
    t, n = 2, 6
    rng = np.random.default_rng(4)
    sigma = np.array([[4.0, 1.5], [1.5, 3.0]])
    root = np.linalg.cholesky(sigma)
    missing = np.zeros((n, t), dtype=bool)
    missing[[0, 1], [0, 1]] = True
    states = []
    for _ in range(1500):
        values = np.where(missing, np.nan, rng.normal(size=(n, t)) @ root.T)
        states.append(reml._evaluate(sigma, list(reml._patterns(values, waves_only(values)))))
    observed = np.mean([state.observed for state in states], axis=0)
    error = np.std([state.observed for state in states], axis=0) / np.sqrt(len(states))
    assert (np.abs(observed - states[0].expected) < 4 * error + 1e-12).all()


@pytest.mark.parametrize("df_method", ["kenward_roger_linear", "satterthwaite"])
def test_scaling_and_the_order_of_rows(df_method: str) -> None:
    values = drawn(30, 3, 0.3, seed=7)
    before = contrast(values, df_method)
    for factor in (1e-8, 1e8):
        scaled = contrast(values * factor, df_method)
        assert scaled.estimate == pytest.approx(before.estimate * factor, rel=1e-9)
        assert scaled.std_error == pytest.approx(before.std_error * factor, rel=1e-9)
        assert scaled.df == pytest.approx(before.df, rel=1e-9)
    shuffled = contrast(values[np.random.default_rng(0).permutation(30)], df_method)
    assert (shuffled.estimate, shuffled.std_error, shuffled.df) == pytest.approx(
        (before.estimate, before.std_error, before.df), rel=1e-12
    )


def test_waves_on_very_different_scales_are_no_trouble() -> None:
    values = drawn(30, 2, 0.3, seed=8)
    fitted = reml.fit(values, waves_only(values))
    uneven = reml.fit(values * [1, 1e-5], waves_only(values))
    assert uneven.beta == pytest.approx(fitted.beta * [1, 1e-5], rel=1e-9)
    assert uneven.sigma == pytest.approx(fitted.sigma * np.outer([1, 1e-5], [1, 1e-5]), rel=1e-9)


def test_what_is_not_known_makes_the_standard_error_larger() -> None:
    for seed in range(10):
        values = drawn(15, 3, 0.3, seed=seed)
        linear, plain = contrast(values), contrast(values, "satterthwaite")
        assert linear.std_error > plain.std_error
        assert (linear.df, linear.estimate) == (plain.df, plain.estimate)


def test_many_people_converge_as_well() -> None:
    values = drawn(5000, 2, 0.3, seed=1)
    assert contrast(values).df > 2000


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.array([[1.0, 2.0], [1.0, 3.0], [1.0, 5.0], [1.0, 4.0]]), "no variance"),
        (np.array([[1.0, 3.0], [2.0, 5.0], [3.0, 7.0], [4.0, 9.0]]), "perfectly correlated"),
        (np.array([[1.0, np.nan], [2.0, np.nan], [np.nan, 7.0], [np.nan, 9.0]]), "nobody in common"),
        (np.array([[1.0, np.nan], [2.0, np.nan], [3.0, np.nan]]), "no answers in one of the waves"),
    ],
)
def test_what_cannot_be_fitted_says_why(values: FloatArray, reason: str) -> None:
    with pytest.raises(reml.NotFittedError, match=reason):
        reml.fit(values, waves_only(values))

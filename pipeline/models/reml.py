"""Restricted maximum likelihood for repeated measures with an unstructured covariance over the waves.

y = X b + e, people independent, each person's e normal with one covariance matrix for all; waves that a person missed
are left out of that person's row (missing at random). The covariance is estimated by Newton's method in its own
elements, in which it is linear: there the Kenward-Roger adjustment has no second-derivative term, which makes it the
linear variant (Kenward-Roger-Linear), and on complete pairs it is the paired t test.

Sources: Kenward MG, Roger JH (1997), Biometrics 53:983-997; Mallinckrodt et al. (2008), Drug Information Journal
42:303-319; checked against R's mmrm.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from pipeline.store import FloatArray

_MOST_STEPS = 200
_MOST_HALVINGS = 60
_DECREMENT = 1e-22  # squared Newton step in units of the likelihood, below which nothing moves any more
_STALLED = 1e-12  # the same where rounding stops the steps earlier: more than this is not a maximum
_NOTHING = 1e-12  # a spread of residuals, relative to the answers, that is rounding error alone
_AT_BOUNDARY = "the waves are perfectly correlated: the model's variance is at its boundary"


class NotFittedError(Exception):
    """The likelihood has no proper maximum here; the message is the reason that the report gives."""


@dataclass(frozen=True)
class Contrast:
    """A linear combination of the coefficients: its value, standard error and degrees of freedom."""

    estimate: float
    std_error: float
    df: float


@dataclass(frozen=True)
class Fit:
    """Coefficients (p,), the covariance over waves (t, t), and what standard errors and degrees of freedom are made of.

    The coefficients' covariance is `turn` @ `turn`.T; `first`, its derivatives, and `adjustment` stand in the coordinates
    that `turn` makes orthonormal, and the derivatives are by steps of `information`.
    """

    beta: FloatArray
    sigma: FloatArray
    turn: FloatArray
    first: FloatArray
    information: FloatArray
    adjustment: FloatArray

    def contrast(self, weights: FloatArray, df_method: str = "kenward_roger_linear") -> Contrast:
        """The combination `weights` (p,) @ beta. `df_method`: kenward_roger_linear or satterthwaite.

        Both have the same degrees of freedom for one contrast; they differ in the standard error.
        """
        turned = weights @ self.turn
        variance = float(turned @ turned)
        gradient = turned @ self.first @ turned
        df = 2 * variance**2 / float(gradient @ np.linalg.solve(self.information, gradient))
        more = 2 * float(turned @ self.adjustment @ turned) if df_method == "kenward_roger_linear" else 0.0
        return Contrast(float(weights @ self.beta), sqrt(variance + more), df)


@dataclass(frozen=True)
class _Pattern:
    """The people (m) who answered the same waves: answers (m, k), design (m, k, p)."""

    seen: NDArray[np.intp]
    y: FloatArray
    x: FloatArray


@dataclass(frozen=True)
class _State:
    """The likelihood at one covariance matrix, with what Newton's step, the df and the adjustment need.

    Derivatives are by steps along `basis` (q, t, t), the elements of the covariance as seen from its own root: near a
    singular covariance they stay of one size, where those by the elements themselves cancel to nothing.
    """

    loglik: float
    basis: FloatArray
    gradient: FloatArray
    observed: FloatArray
    expected: FloatArray
    beta: FloatArray
    turn: FloatArray
    first: FloatArray


def fit(values: FloatArray, design: FloatArray) -> Fit:
    """Fit by REML. `values` (n, t) with NaN for waves not answered, `design` (n, t, p).

    Raises NotFittedError where some coefficient or variance cannot be estimated, or where the maximum is at the boundary.
    """
    try:
        return _fit(values, design)
    except np.linalg.LinAlgError:
        raise NotFittedError("the model did not converge") from None


def _fit(values: FloatArray, design: FloatArray) -> Fit:
    known = ~np.isnan(values)
    if np.linalg.matrix_rank(design[known]) < design.shape[-1]:
        raise NotFittedError("a site has no answers in one of the waves")
    if not (known.T.astype(int) @ known).all():
        raise NotFittedError("two of the waves have nobody in common, so that their correlation is not known")
    # Each wave in units of its own spread: nothing depends on the units, and waves of very different spread are no trouble.
    size = _residual_spread(values, design)
    if (size <= _NOTHING * np.nanmax(np.abs(values))).any():
        raise NotFittedError("no variance: all answers of one wave are the same")
    values, design = values / size, design / size[:, None]
    patterns = list(_patterns(values, design))
    sigma, state = _maximise(_start(values, design), patterns)
    _check(sigma, state)
    adjustment = _adjustment(sigma, patterns, state)
    return Fit(state.beta, sigma * np.outer(size, size), state.turn, state.first, state.observed, adjustment)


def _patterns(values: FloatArray, design: FloatArray) -> Iterator[_Pattern]:
    known = ~np.isnan(values)
    for seen in np.unique(known[known.any(axis=1)], axis=0):
        rows = (known == seen).all(axis=1)
        waves = np.flatnonzero(seen)
        yield _Pattern(waves, values[np.ix_(rows, waves)], design[rows][:, waves])


def _elements(t: int) -> FloatArray:
    """The derivative of a symmetric matrix by each of its t(t+1)/2 elements."""
    rows, columns = np.tril_indices(t)
    elements = np.zeros((len(rows), t, t))
    elements[range(len(rows)), rows, columns] = elements[range(len(rows)), columns, rows] = 1.0
    return elements


def _residuals(values: FloatArray, design: FloatArray) -> FloatArray:
    known = ~np.isnan(values)
    return values - design @ np.linalg.lstsq(design[known], values[known], rcond=None)[0]


def _residual_spread(values: FloatArray, design: FloatArray) -> FloatArray:
    """The spread (t,) of ordinary residuals in each wave."""
    spread: FloatArray = np.sqrt(np.nanmean(_residuals(values, design) ** 2, axis=0))
    return spread


def _start(values: FloatArray, design: FloatArray) -> FloatArray:
    """A first covariance: of ordinary residuals, with the correlations of whoever answered both waves of a pair."""
    known = ~np.isnan(values)
    residual = _residuals(values, design)
    t = values.shape[1]
    spread = np.nanmean(residual**2, axis=0)
    sigma = np.diag(spread)
    for a in range(t):
        for b in range(a):
            both = known[:, a] & known[:, b]
            if both.sum() > 2:
                r = float(np.mean(residual[both, a] * residual[both, b])) / sqrt(spread[a] * spread[b])
                sigma[a, b] = sigma[b, a] = float(np.clip(r, -0.9, 0.9)) * sqrt(spread[a] * spread[b])
    # Correlations of different people need not fit together: drawn towards zero until they do.
    while np.linalg.eigvalsh(sigma)[0] <= 1e-6 * spread.min():
        sigma = 0.9 * sigma + 0.1 * np.diag(spread)
    return sigma


def _maximise(sigma: FloatArray, patterns: list[_Pattern]) -> tuple[FloatArray, _State]:
    state = _evaluate(sigma, patterns)
    for _ in range(_MOST_STEPS):
        concave = np.linalg.eigvalsh(state.observed)[0] > 0
        step = np.linalg.solve(state.observed if concave else state.expected, state.gradient)
        decrement = float(step @ state.gradient) if concave else np.inf
        if decrement < _DECREMENT:
            return sigma, state
        for halving in range(_MOST_HALVINGS):
            tried = sigma + np.einsum("a,aij->ij", step / 2**halving, state.basis)
            if np.linalg.eigvalsh(tried)[0] > 1e-13:
                after = _evaluate(tried, patterns)
                if after.loglik >= state.loglik - 1e-13 * abs(state.loglik):
                    break
        else:
            break
        if np.array_equal(tried, sigma):
            if decrement < _STALLED:
                return sigma, state
            break
        sigma, state = tried, after
        # Towards a singular covariance the likelihood can rise without end.
        if np.linalg.eigvalsh(sigma)[0] < 1e-10:
            raise NotFittedError(_AT_BOUNDARY)
    raise NotFittedError("the model did not converge")


def _whitened(sigma: FloatArray, basis: FloatArray, part: _Pattern) -> tuple[FloatArray, FloatArray, FloatArray, float]:
    """Answers, design and derivatives in units in which the answers' covariance is 1; and its log determinant."""
    root = np.linalg.cholesky(sigma[np.ix_(part.seen, part.seen)])
    half = np.linalg.inv(root)
    g = half @ basis[:, part.seen[:, None], part.seen] @ half.T
    return part.y @ half.T, half @ part.x, g, 2 * float(np.log(np.diag(root)).sum())


def _evaluate(sigma: FloatArray, patterns: list[_Pattern]) -> _State:
    root = np.linalg.cholesky(sigma)
    basis: FloatArray = root @ _elements(len(sigma)) @ root.T
    q, p = len(basis), patterns[0].x.shape[-1]
    white = [_whitened(sigma, basis, part) for part in patterns]
    xx = sum((np.einsum("mki,mkj->ij", x, x) for _, x, _, _ in white), np.zeros((p, p)))
    xy = sum((np.einsum("mki,mk->i", x, y) for y, x, _, _ in white), np.zeros(p))
    triangle = np.linalg.cholesky(xx)
    turn: FloatArray = np.linalg.inv(triangle).T
    beta: FloatArray = turn @ (turn.T @ xy)
    loglik = -2 * float(np.log(np.diag(triangle)).sum())
    trace, square = np.zeros(q), np.zeros(q)
    traces, squares, seconds = np.zeros((q, q)), np.zeros((q, q)), np.zeros((q, q))
    first, mixed = np.zeros((q, p, p)), np.zeros((q, p))
    for y, x, g, logdet in white:
        residual, x = y - x @ beta, x @ turn
        gr, gx = np.einsum("akl,ml->amk", g, residual), np.einsum("akl,mli->amki", g, x)
        loglik -= len(y) * logdet + float(np.sum(residual**2))
        trace += len(y) * np.einsum("akk->a", g)
        square += np.einsum("mk,amk->a", residual, gr)
        traces += len(y) * np.einsum("akl,bkl->ab", g, g)
        squares += np.einsum("amk,bmk->ab", gr, gr)
        mixed += np.einsum("mki,amk->ai", x, gr)
        first += np.einsum("mki,amkj->aij", x, gx)
        seconds += np.einsum("amki,bmki->ab", gx, gx)
    expected: FloatArray = (traces - 2 * seconds + np.einsum("aij,bji->ab", first, first)) / 2
    observed: FloatArray = squares - mixed @ mixed.T - expected
    gradient: FloatArray = (square - trace + np.einsum("aii->a", first)) / 2
    return _State(loglik / 2, basis, gradient, observed, expected, beta, turn, first)


def _adjustment(sigma: FloatArray, patterns: list[_Pattern], state: _State) -> FloatArray:
    """Kenward and Roger's sum of cov(a, b) (Q_ab - P_a phi P_b).

    The two terms can be huge and nearly equal. As squares of what is left of each derivative after its regression on the
    design nothing cancels, and the sum is 0 where it should be: on complete pairs.
    """
    covariance = np.linalg.inv(state.observed)
    total = np.zeros_like(state.turn)
    for part in patterns:
        _, x, g, _ = _whitened(sigma, state.basis, part)
        x = x @ state.turn
        left = np.einsum("akl,mli->amki", g, x) - np.einsum("mkj,aji->amki", x, state.first)
        total += np.einsum("ab,amki,bmkj->ij", covariance, left, left, optimize=True)
    return total


def _check(sigma: FloatArray, state: _State) -> None:
    spread = np.sqrt(np.diag(sigma))
    if np.linalg.eigvalsh(sigma / np.outer(spread, spread))[0] < 1e-7:
        raise NotFittedError(_AT_BOUNDARY)
    curvature = np.linalg.eigvalsh(state.observed)
    if curvature[0] < 1e-9 * curvature[-1]:
        raise NotFittedError("too few people answered the same waves for a correlation of the waves")

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
    """Coefficients (p,), their covariance (p, p), the covariance over waves (t, t), and what the df are made of."""

    beta: FloatArray
    phi: FloatArray
    phi_linear: FloatArray
    sigma: FloatArray
    information: FloatArray
    first: FloatArray

    def contrast(self, weights: FloatArray, df_method: str = "kenward_roger_linear") -> Contrast:
        """The combination `weights` (p,) @ beta. `df_method`: kenward_roger_linear or satterthwaite.

        Both have the same degrees of freedom for one contrast; they differ in the standard error.
        """
        variance = float(weights @ self.phi @ weights)
        gradient = np.einsum("i,ij,ajk,kl,l->a", weights, self.phi, self.first, self.phi, weights)
        df = 2 * variance**2 / float(gradient @ np.linalg.solve(self.information, gradient))
        adjusted = self.phi_linear if df_method == "kenward_roger_linear" else self.phi
        return Contrast(float(weights @ self.beta), sqrt(float(weights @ adjusted @ weights)), df)


@dataclass(frozen=True)
class _Pattern:
    """The people (m) who answered the same waves: answers (m, k), design (m, k, p), derivatives of V (q, k, k)."""

    seen: NDArray[np.intp]
    y: FloatArray
    x: FloatArray
    g: FloatArray


@dataclass(frozen=True)
class _State:
    """The likelihood at one covariance matrix, with what Newton's step and the adjustment need."""

    loglik: float
    gradient: FloatArray
    observed: FloatArray
    expected: FloatArray
    beta: FloatArray
    phi: FloatArray
    first: FloatArray
    second: FloatArray


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
        raise NotFittedError("nobody answered two of the waves, so that their correlation is not known")
    # Each wave in units of its own spread: nothing depends on the units, and waves of very different spread are no trouble.
    size = _residual_spread(values, design)
    if (size <= _NOTHING * np.nanmax(np.abs(values))).any():
        raise NotFittedError("no variance: all answers of one wave are the same")
    values, design = values / size, design / size[:, None]
    patterns = list(_patterns(values, design))
    sigma, state = _maximise(_start(values, design), patterns)
    _check_inside(sigma)
    covariance = np.linalg.inv(state.observed)
    # Kenward and Roger's P is minus `first`; the sign goes out in the product.
    inner = np.einsum("ab,abij->ij", covariance, state.second) - np.einsum(
        "ab,aij,jk,bkl->il", covariance, state.first, state.phi, state.first
    )
    phi_linear = state.phi + 2 * state.phi @ inner @ state.phi
    return Fit(state.beta, state.phi, phi_linear, sigma * np.outer(size, size), state.observed, state.first)


def _patterns(values: FloatArray, design: FloatArray) -> Iterator[_Pattern]:
    t = values.shape[1]
    basis = _basis(t)
    known = ~np.isnan(values)
    for seen in np.unique(known[known.any(axis=1)], axis=0):
        rows = (known == seen).all(axis=1)
        waves = np.flatnonzero(seen)
        yield _Pattern(waves, values[np.ix_(rows, waves)], design[rows][:, waves], basis[:, waves[:, None], waves])


def _basis(t: int) -> FloatArray:
    """The derivative of the covariance matrix by each of its t(t+1)/2 elements."""
    rows, columns = np.tril_indices(t)
    basis = np.zeros((len(rows), t, t))
    basis[range(len(rows)), rows, columns] = basis[range(len(rows)), columns, rows] = 1.0
    return basis


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
    rows, columns = np.tril_indices(len(sigma))
    basis = _basis(len(sigma))
    state = _evaluate(sigma, patterns)
    for _ in range(_MOST_STEPS):
        information = state.observed if np.linalg.eigvalsh(state.observed)[0] > 0 else state.expected
        step = np.linalg.solve(information, state.gradient)
        decrement = float(step @ state.gradient) if information is state.observed else np.inf
        if decrement < _DECREMENT:
            return sigma, state
        for halving in range(_MOST_HALVINGS):
            tried = sigma + np.einsum("a,aij->ij", step / 2**halving, basis)
            if np.linalg.eigvalsh(tried)[0] > 1e-13:
                after = _evaluate(tried, patterns)
                if after.loglik >= state.loglik - 1e-13 * abs(state.loglik):
                    break
        else:
            raise NotFittedError("the model did not converge")
        if np.array_equal(tried[rows, columns], sigma[rows, columns]):
            if decrement < _STALLED:
                return sigma, state
            break
        sigma, state = tried, after
        # Towards a singular covariance the likelihood can rise without end.
        if np.linalg.eigvalsh(sigma)[0] < 1e-10:
            raise NotFittedError(_AT_BOUNDARY)
    raise NotFittedError("the model did not converge")


def _evaluate(sigma: FloatArray, patterns: list[_Pattern]) -> _State:
    q = len(sigma) * (len(sigma) + 1) // 2
    p = patterns[0].x.shape[-1]
    xvx, xvy = np.zeros((p, p)), np.zeros(p)
    inverses, logdet = [], 0.0
    for part in patterns:
        v = sigma[np.ix_(part.seen, part.seen)]
        w = np.linalg.inv(v)
        inverses.append(w)
        logdet += len(part.y) * float(np.linalg.slogdet(v)[1])
        xvx += np.einsum("mki,kl,mlj->ij", part.x, w, part.x)
        xvy += np.einsum("mki,kl,ml->i", part.x, w, part.y)
    phi: FloatArray = np.asarray(np.linalg.inv(xvx), dtype=np.float64)
    beta = phi @ xvy
    quadratic = 0.0
    trace, square = np.zeros(q), np.zeros(q)
    traces, squares = np.zeros((q, q)), np.zeros((q, q))
    first, mixed = np.zeros((q, p, p)), np.zeros((q, p))
    second: FloatArray = np.zeros((q, q, p, p))
    for part, w in zip(patterns, inverses, strict=True):
        residual = part.y - part.x @ beta
        u = residual @ w
        quadratic += float(np.sum(u * residual))
        wg = w @ part.g
        wgw = wg @ w
        gu = np.einsum("akl,ml->amk", part.g, u)
        trace += len(part.y) * np.einsum("akk->a", wg)
        square += np.einsum("amk,mk->a", gu, u)
        traces += len(part.y) * np.einsum("akl,blk->ab", wg, wg)
        squares += np.einsum("amk,kl,bml->ab", gu, w, gu)
        mixed += np.einsum("mki,kl,aml->ai", part.x, w, gu)
        first += np.einsum("mki,akl,mlj->aij", part.x, wgw, part.x)
        second += np.einsum("mki,akl,bln,mnj->abij", part.x, wg, wgw, part.x, optimize=True)
    second = (second + second.swapaxes(0, 1)) / 2
    phi_first = phi @ first
    expected: FloatArray = (
        traces - 2 * np.einsum("ij,abji->ab", phi, second) + np.einsum("aij,bji->ab", phi_first, phi_first)
    ) / 2
    observed: FloatArray = squares - mixed @ phi @ mixed.T - expected
    gradient = (square - trace + np.einsum("aii->a", phi_first)) / 2
    loglik = -(logdet + float(np.linalg.slogdet(xvx)[1]) + quadratic) / 2
    return _State(loglik, gradient, observed, expected, beta, phi, first, second)


def _check_inside(sigma: FloatArray) -> None:
    spread = np.sqrt(np.diag(sigma))
    correlation = sigma / np.outer(spread, spread)
    if np.linalg.eigvalsh(correlation)[0] < 1e-7:
        raise NotFittedError(_AT_BOUNDARY)

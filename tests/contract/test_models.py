"""What every outcome model must do. Models are found by their file names; a new one is tested here without a new test."""

from __future__ import annotations

from dataclasses import asdict, replace
from math import isfinite
from types import ModuleType

import numpy as np
import pytest

from pipeline.models.estimate import Estimate
from pipeline.models.run import analyses, estimate
from pipeline.pairing.link import ALL, Linked, Pairs
from tests.small import pairs_of

MODELS = [(name, scope) for name, module in analyses().items() for scope in module.SCOPES]
NUMBERS = ("estimate", "std_error", "df", "conf_low", "conf_high", "statistic", "p_value")


@pytest.fixture(params=MODELS, ids=lambda model: "-".join(model))
def model(request: pytest.FixtureRequest) -> tuple[ModuleType, str]:
    """Each model in each of its scopes, with the site to look at."""
    name, scope = request.param
    return analyses()[name], ALL if scope == "all" else "a"


def people(waves: int = 2, seed: int = 3) -> Pairs:
    """26 people at two sites, some of whom missed a wave."""
    rng = np.random.default_rng(seed)
    values = 30 + rng.normal(0, 4, (26, 1)) + rng.normal(0, 3, (26, waves)) + 2.0 * np.arange(waves)
    values[[3, 17], 0] = np.nan
    values[[5, 6, 20, 21, 22], -1] = np.nan
    return pairs_of(values, [0] * 14 + [1] * 12)


def at(pairs: Pairs, site: str) -> Pairs:
    return replace(pairs, site=site)


def fitted(model: tuple[ModuleType, str], pairs: Pairs) -> Estimate:
    module, site = model
    found = module.fit(at(pairs, site), "x")
    assert found.status == "ok", found.reason
    return found


def close(found: Estimate, expected: dict[str, float], rel: float = 1e-9) -> None:
    for key, value in expected.items():
        assert getattr(found, key) == pytest.approx(value, rel=rel, abs=1e-9), key


def test_the_models_of_this_version_are_found() -> None:
    assert set(analyses()) >= {"paired_t", "mmrm", "mmrm_site"}


def test_reproduces_its_reference(model: tuple[ModuleType, str]) -> None:
    module, _ = model
    reference = module.REFERENCE
    found = fitted(model, pairs_of(np.column_stack([reference["baseline"], reference["followup"]])))
    # As many digits as R prints.
    close(found, {key: reference[key] for key in ("estimate", "df", "conf_low", "conf_high")}, rel=1e-6)
    close(found, {key: reference[key] for key in ("statistic", "p_value")}, rel=2e-4)
    assert reference["source"].strip()


@pytest.mark.parametrize("waves", [2, 3])
def test_swapped_waves_flip_the_sign(model: tuple[ModuleType, str], waves: int) -> None:
    pairs = people(waves)
    before, after = fitted(model, pairs), fitted(model, replace(pairs, values=pairs.values[:, ::-1]))
    assert before.estimate is not None
    assert before.conf_low is not None
    assert before.conf_high is not None
    assert before.statistic is not None
    close(after, {key: getattr(before, key) for key in ("std_error", "df", "p_value")})
    close(after, {"estimate": -before.estimate, "statistic": -before.statistic})
    close(after, {"conf_low": -before.conf_high, "conf_high": -before.conf_low})
    assert (after.n_baseline, after.mean_baseline) == (before.n_followup, before.mean_followup)


@pytest.mark.parametrize("waves", [2, 3])
def test_a_constant_added_to_all_waves_changes_nothing(model: tuple[ModuleType, str], waves: int) -> None:
    pairs = people(waves)
    before, after = fitted(model, pairs), fitted(model, replace(pairs, values=pairs.values + 1000))
    close(after, {key: getattr(before, key) for key in NUMBERS}, rel=1e-8)


@pytest.mark.parametrize("factor", [1e-6, 0.01, 10, 1e6])
def test_scaled_answers_scale_the_change(model: tuple[ModuleType, str], factor: float) -> None:
    pairs = people(3)
    before, after = fitted(model, pairs), fitted(model, replace(pairs, values=pairs.values * factor))
    for key in ("estimate", "std_error", "conf_low", "conf_high"):
        assert getattr(after, key) == pytest.approx(factor * getattr(before, key), rel=1e-9)
    close(after, {key: getattr(before, key) for key in ("df", "statistic", "p_value")})
    if before.effect is not None:
        close(after, {key: getattr(before, key) for key in ("effect", "effect_low", "effect_high")})


@pytest.mark.parametrize("waves", [2, 4])
def test_the_order_of_rows_does_not_matter(model: tuple[ModuleType, str], waves: int) -> None:
    pairs = people(waves)
    order = np.random.default_rng(9).permutation(len(pairs.values))
    before = fitted(model, pairs)
    after = fitted(model, replace(pairs, values=pairs.values[order], sites=pairs.sites[order]))
    for key in NUMBERS:
        assert getattr(after, key) == pytest.approx(getattr(before, key), rel=1e-12), key


def test_a_lost_person_changes_no_result_of_complete_pairs(model: tuple[ModuleType, str]) -> None:
    module, _ = model
    pairs = people()
    more = replace(pairs, values=np.vstack([pairs.values, [99.0, np.nan]]), sites=np.append(pairs.sites, 0))
    before, after = fitted(model, pairs), fitted(model, more)
    if "complete pairs" in module.METHOD:
        assert after == before
    else:
        assert after.n == before.n + 1
        assert after.n_pairs == before.n_pairs
        assert after.estimate != before.estimate


def test_a_person_who_never_answered_changes_nothing(model: tuple[ModuleType, str]) -> None:
    pairs = people()
    more = replace(pairs, values=np.vstack([pairs.values, [np.nan, np.nan]]), sites=np.append(pairs.sites, 0))
    assert fitted(model, more) == fitted(model, pairs)


@pytest.mark.parametrize("waves", [2, 3])
def test_the_interval_holds_the_estimate_and_is_that_of_its_level(model: tuple[ModuleType, str], waves: int) -> None:
    found = fitted(model, people(waves))
    assert found.estimate is not None
    assert found.conf_low is not None
    assert found.conf_high is not None
    assert found.conf_low < found.estimate < found.conf_high
    assert found.limits(0.95) == (found.conf_low, found.conf_high)
    wider = found.limits(0.99)
    assert wider[0] < found.conf_low < found.conf_high < wider[1]
    # The p value and the interval are of one test.
    assert found.p_value is not None
    low, high = found.limits(1 - found.p_value)
    assert min(abs(low), abs(high)) == pytest.approx(0, abs=1e-8)


def test_counts_are_of_the_people_whom_the_analysis_used(model: tuple[ModuleType, str]) -> None:
    module, site = model
    found = fitted(model, people())
    here = at(people(), site).here
    if "complete pairs" in module.METHOD:
        here = here[~np.isnan(here).any(axis=1)]
    seen = (~np.isnan(here)).sum(axis=0)
    assert (found.n_baseline, found.n_followup) == tuple(seen)
    assert found.n_pairs == (~np.isnan(here)).all(axis=1).sum()
    assert found.mean_baseline == pytest.approx(np.nanmean(here[:, 0]), rel=1e-14)
    assert found.sd_followup == pytest.approx(np.nanstd(here[:, 1], ddof=1), rel=1e-14)


ROWS = np.random.default_rng(5).normal(20, 5, (10, 2))
SAME = ROWS[:, :1]
THREE = np.column_stack([ROWS, ROWS.mean(axis=1) + np.arange(10) % 3])
HALF = np.arange(10) < 5
DEGENERATE = {
    "nobody": np.zeros((0, 2)),
    "only_nan": np.full((5, 2), np.nan),
    "one_pair": [[1.0, 2.0]],
    "two_pairs": [[1.0, 2.0], [4.0, 3.0]],
    "nobody_twice": np.where(np.column_stack([HALF, ~HALF]), ROWS, np.nan),
    "all_answers_equal": np.full((10, 2), 3.0),
    "all_answers_zero": np.zeros((10, 2)),
    "all_changes_equal": np.column_stack([SAME, SAME + 3]),
    "no_change": np.column_stack([SAME, SAME]),
}
# One wave without variance, or waves that follow from each other: a paired t test can still say something.
BOUNDARY = {
    "perfectly_correlated": np.column_stack([SAME, 2 * SAME + 1]),
    "perfectly_opposed": np.column_stack([SAME, 50 - SAME]),
    "constant_start": np.column_stack([np.full(10, 3.0), SAME]),
    "constant_start_that_binary_cannot_hold": np.column_stack([np.full(10, 0.1), SAME]),
    "constant_end": np.column_stack([SAME, np.full(10, 5.0)]),
    "three_pairs_that_all_end_alike": [[1.0, 5.0], [3.0, 5.0], [4.0, 5.0]],
    "a_wave_of_very_small_variance": np.column_stack([20 + 1e-4 * SAME, SAME]),
    "a_middle_wave_that_nobody_answered": np.column_stack([THREE[:, 0], np.full(10, np.nan), THREE[:, 2]]),
    "a_middle_wave_that_only_others_answered": np.vstack(
        [np.where([True, False, True], THREE, np.nan), np.where([False, True, False], THREE, np.nan)]
    ),
    "a_middle_wave_that_one_of_them_answered": np.vstack(
        [np.where([True, False, True], THREE, np.nan), THREE[:1], np.where([False, True, False], THREE[1:], np.nan)]
    ),
    "a_likelihood_that_is_flat": [[2, np.nan, 4], [2, 3, 3], [2, 4, 3], [3, 4, np.nan], [3, 3, 2], [np.nan, 1, np.nan]],
    "a_likelihood_without_curvature": [[2, np.nan, 4], [2, 3, 3], [2, 4, 3], [3, 4, np.nan], [np.nan, 1, np.nan]],
    "variance_only_among_the_lost": [[3, 3], [3, 3], [3, 3], [4, 3], [np.nan, 2], [np.nan, 4], [np.nan, 4]],
    "pairs_that_all_ended_alike_while_others_did_not": [[2, 3], [3, 3], [3, 3], [3, 3], [3, 3], [np.nan, 4], [np.nan, 3]],
}


def sound(found: Estimate) -> None:
    """Either a whole estimate or none with a reason; never NaN."""
    numbers = [value for value in asdict(found).values() if isinstance(value, float)]
    assert all(isfinite(value) for value in numbers)
    if found.status == "not_estimated":
        assert found.reason
        assert all(getattr(found, key) is None for key in (*NUMBERS, "effect", "effect_low", "effect_high"))
    else:
        assert found.reason == ""
        assert all(getattr(found, key) is not None for key in NUMBERS)
        assert found.df is not None
        assert found.std_error is not None
        assert found.df > 0
        assert found.std_error > 0


@pytest.mark.parametrize("case", DEGENERATE)
def test_nothing_to_estimate_has_a_reason(model: tuple[ModuleType, str], case: str) -> None:
    module, site = model
    found = module.fit(pairs_of(DEGENERATE[case], site=site), "x")
    assert found.status == "not_estimated"
    sound(found)


@pytest.mark.parametrize("case", BOUNDARY)
def test_the_edge_of_what_can_be_estimated_is_no_exception(model: tuple[ModuleType, str], case: str) -> None:
    module, site = model
    sound(module.fit(pairs_of(BOUNDARY[case], site=site), "x"))


NOT_ASKED = [((False, True), "not asked at baseline"), ((True, False), "not asked at follow-up")]


@pytest.mark.parametrize(("asked", "reason"), NOT_ASKED)
def test_not_asked_is_the_reason(model: tuple[ModuleType, str], asked: tuple[bool, bool], reason: str) -> None:
    module, site = model
    values = np.where(asked, ROWS, np.nan)
    found = module.fit(pairs_of(values, site=site, asked=asked), "x")
    assert (found.status, found.reason) == ("not_estimated", reason)
    sound(found)


def test_a_middle_wave_in_which_nothing_was_asked_changes_nothing(model: tuple[ModuleType, str]) -> None:
    two = people()
    three = np.column_stack([two.values[:, 0], np.full(len(two.values), np.nan), two.values[:, 1]])
    before, after = fitted(model, two), fitted(model, pairs_of(three, two.sites, asked=(True, False, True)))
    close(after, {key: getattr(before, key) for key in NUMBERS}, rel=1e-12)


def test_a_site_that_missed_a_wave_which_others_answered(model: tuple[ModuleType, str]) -> None:
    module, site = model
    pairs = people(3)
    values = pairs.values.copy()
    values[pairs.sites == 0, 1] = np.nan
    sound(module.fit(at(replace(pairs, values=values), site), "x"))


@pytest.mark.parametrize("seed", range(60))
def test_small_coarse_data_are_never_an_exception(model: tuple[ModuleType, str], seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, waves = int(rng.integers(3, 12)), int(rng.integers(2, 5))
    values = np.round(rng.normal(3, rng.choice([0.3, 1, 3]), (n, waves))) + np.round(rng.normal(0, 1, (n, 1)))
    values[rng.random((n, waves)) < rng.choice([0, 0.2, 0.5])] = np.nan
    module, site = model
    sound(module.fit(pairs_of(values, rng.integers(0, 2, n), site), "x"))


def test_estimates_stand_by_outcome_then_site_with_all_sites_last() -> None:
    pairs = people()
    persons = tuple(f"p{number}" for number in range(len(pairs.values)))
    linked = Linked(
        persons, pairs.waves, pairs.site_ids, pairs.sites, ~np.isnan(pairs.values), {"y": pairs.values, "x": pairs.values},
        {"y": (True, True), "x": (True, True)}, {}, 0,
    )  # fmt: skip
    found = estimate(linked, ["y", "x"])
    places = list(dict.fromkeys((e.outcome, e.site) for e in found))
    assert places == [(outcome, site) for outcome in ("y", "x") for site in ("a", "b", ALL)]
    assert {e.analysis for e in found if e.site == ALL} == {name for name, scope in MODELS if scope == "all"}
    assert {e.analysis for e in found if e.site == "b"} == {name for name, scope in MODELS if scope == "site"}

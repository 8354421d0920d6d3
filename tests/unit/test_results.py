"""Verdicts by the one rule of the report's voice, families of outcomes, what is ruled out, how analyses agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control
from scipy.stats import t as student

from pipeline.definitions.base import Better
from pipeline.definitions.load import Definitions, load
from pipeline.definitions.study import Outcome, ReadyScore
from pipeline.models.estimate import Estimate, not_estimated, with_t
from pipeline.pairing.link import ALL
from pipeline.results import Agreement, judge, minimal_difference, results, rules_out, signed, verdict
from tests.small import write_study

M = 3.0
ABOVE, BELOW = np.nextafter(M, 9), np.nextafter(M, 0)
ZERO_UP, ZERO_DOWN = np.nextafter(0, 1), np.nextafter(0, -1)

# voice.md, "Verdicts": each line of the table inside its condition and on both sides of its edges.
TABLE = [
    # L >= m
    (M, 5.0, "improved"),
    (4.0, 5.0, "improved"),
    # 0 < L < m <= U
    (BELOW, 5.0, "improved_size_uncertain"),
    (1.0, 5.0, "improved_size_uncertain"),
    (ZERO_UP, M, "improved_size_uncertain"),
    # 0 < L and U < m
    (ZERO_UP, BELOW, "slightly_improved"),
    (1.0, 2.0, "slightly_improved"),
    # -m < L <= 0 <= U < m
    (0.0, 0.0, "no_meaningful_change"),
    (0.0, BELOW, "no_meaningful_change"),
    (-BELOW, 0.0, "no_meaningful_change"),
    (-BELOW, BELOW, "no_meaningful_change"),
    # L <= 0 <= U, not inside (-m, m)
    (0.0, M, "inconclusive"),
    (-M, 0.0, "inconclusive"),
    (-M, BELOW, "inconclusive"),
    (-BELOW, M, "inconclusive"),
    (-9.0, 9.0, "inconclusive"),
]
MIRRORS = {
    "improved": "worsened",
    "improved_size_uncertain": "worsened_size_uncertain",
    "slightly_improved": "slightly_worsened",
}


@pytest.mark.parametrize(("low", "high", "expected"), TABLE)
def test_every_line_of_the_verdict_table(low: float, high: float, expected: str) -> None:
    assert verdict(low, high, M) == expected


@pytest.mark.parametrize(("low", "high", "expected"), TABLE)
def test_the_mirror_of_every_line(low: float, high: float, expected: str) -> None:
    assert verdict(-high, -low, M) == MIRRORS.get(expected, expected)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (ZERO_UP, 9.0, "improved_no_mid"),
        (-9.0, ZERO_DOWN, "worsened_no_mid"),
        (0.0, 9.0, "inconclusive"),
        (-9.0, 0.0, "inconclusive"),
        (-0.1, 0.1, "inconclusive"),
    ],
)
def test_without_a_mid_the_sign_alone_decides(low: float, high: float, expected: str) -> None:
    assert verdict(low, high, None) == expected


@given(st.floats(-10, 10), st.floats(-10, 10), st.floats(0.01, 8))
@settings(derandomize=True, deadline=None)
def test_a_verdict_claims_only_what_its_whole_interval_says(a: float, b: float, mid: float) -> None:
    low, high = sorted((a, b))
    found = verdict(low, high, mid)
    assert ("improved" in found) == (low > 0)
    assert ("worsened" in found) == (high < 0)
    assert (found in ("improved", "worsened")) == (low >= mid or high <= -mid)
    assert (found.startswith("slightly")) == ((low > 0 and high < mid) or (high < 0 and low > -mid))
    assert (found == "no_meaningful_change") == (-mid < low <= 0 <= high < mid)
    mirrors = MIRRORS | {worse: better for better, worse in MIRRORS.items()}
    assert verdict(-high, -low, mid) == mirrors.get(found, found)


@pytest.mark.parametrize(
    ("low", "high", "mid", "expected"),
    [
        (-BELOW, M, M, "meaningful_worsening"),
        (-M, 9.0, M, "none"),
        (-9.0, BELOW, M, "meaningful_improvement"),
        (-9.0, M, M, "none"),
        (-9.0, 9.0, None, "none"),
        (-0.1, 0.1, None, "none"),
    ],
)
def test_what_an_inconclusive_result_rules_out(low: float, high: float, mid: float | None, expected: str) -> None:
    assert rules_out(low, high, mid) == expected


def change(estimate: float, std_error: float = 1.0, df: float = 20, **about: object) -> Estimate:
    base = Estimate(outcome="x", site="s", contrast="b-a", analysis="paired_t", method="a test", n_pairs=21)
    return with_t(replace(base, **about), estimate, std_error, df)  # type: ignore[arg-type]


@pytest.mark.parametrize(("better", "expected"), [("higher", "improved"), ("lower", "worsened")])
def test_lower_can_be_better(better: Better, expected: str) -> None:
    found = judge(change(10.0), 0.95, better, M)
    assert found.id == expected
    assert judge(change(-10.0), 0.95, better, M).id != expected
    # The limits stay in scale points, whatever is better.
    assert found.low < 10 < found.high
    assert signed(1.0, 2.0, "lower") == (-2.0, -1.0)
    # L = -2.5, U = 6.5 in scale points: where lower is better, a meaningful improvement is what 6.5 leaves out.
    uncertain = change(2.0, 4.5 / student.ppf(0.975, 20))
    assert (uncertain.conf_low, uncertain.conf_high) == pytest.approx((-2.5, 6.5))
    assert (
        judge(uncertain, 0.95, better, M).rules_out
        == {"higher": "meaningful_worsening", "lower": "meaningful_improvement"}[better]
    )


def test_a_sure_result_rules_nothing_out() -> None:
    assert judge(change(10.0), 0.95, "higher", M).rules_out == ""
    assert judge(change(0.0, 0.1), 0.95, "higher", M).rules_out == ""


def test_the_others_are_named_only_where_they_change_the_verdict() -> None:
    clear, near = change(10.0), change(2.3)
    assert near.conf_low is not None
    assert near.conf_low > 0 > near.limits(0.99)[0]
    assert judge(near, 0.95, "higher", M).allowed_for_others is False
    assert (judge(near, 0.99, "higher", M).id, judge(near, 0.99, "higher", M).allowed_for_others) == ("inconclusive", True)
    assert judge(clear, 0.99, "higher", M).allowed_for_others is False


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Definitions:
    return load(write_study(tmp_path_factory.mktemp("results")))


def study(small: Definitions, roles: Sequence[str], mids: Sequence[float | None] | None = None) -> Definitions:
    """The small study with one ready-made score as an outcome per role."""
    score = small.study.scores["pain"]
    scores: dict[str, ReadyScore] = {f"y{place}": score for place in range(len(roles))}
    outcomes = tuple(
        Outcome(scale=f"y{place}", role=role, mid=mid, mid_source="here" if mid else "")  # type: ignore[arg-type]
        for place, (role, mid) in enumerate(zip(roles, mids or [None] * len(roles), strict=True))
    )
    return replace(small, study=small.study.model_copy(update={"scores": scores, "outcomes": outcomes}))


def changes(estimates: Sequence[float], **about: object) -> list[Estimate]:
    return [change(value, outcome=f"y{place}", **about) for place, value in enumerate(estimates)]


def test_primary_outcomes_by_bonferroni(small: Definitions) -> None:
    found = changes([-3.0, -2.2, 0.1, 1.0])
    judged = results(study(small, ["primary"] * 4), found).results
    for result, estimate in zip(judged, found, strict=True):
        assert estimate.p_value is not None
        assert result.p_adjusted == pytest.approx(min(1.0, 4 * estimate.p_value), rel=1e-12)
        assert result.verdict is not None
        assert (result.verdict.low, result.verdict.high) == pytest.approx(estimate.limits(1 - 0.05 / 4), rel=1e-12)
    # -2.2 of 20 df would stand alone, but not among four.
    verdicts = [result.verdict for result in judged if result.verdict]
    assert [v.id for v in verdicts] == ["improved_no_mid", "inconclusive", "inconclusive", "inconclusive"]
    assert [v.allowed_for_others for v in verdicts] == [False, True, False, False]


@given(st.lists(st.floats(-6, 6), min_size=1, max_size=9))
@settings(derandomize=True, deadline=None)
def test_secondary_outcomes_by_benjamini_and_hochberg(small: Definitions, values: list[float]) -> None:
    found = changes(values)
    judged = results(study(small, ["secondary"] * len(values)), found).results
    p = np.array([estimate.p_value for estimate in found])
    expected = false_discovery_control(p, method="bh")
    assert [result.p_adjusted for result in judged] == pytest.approx(expected, rel=1e-12)
    rejected = int((expected <= 0.05).sum())
    level = 1 - max(rejected, 1) * 0.05 / len(values)
    for result, estimate in zip(judged, found, strict=True):
        assert result.verdict is not None
        assert (result.verdict.low, result.verdict.high) == pytest.approx(estimate.limits(level), rel=1e-12)
        # Without a MID the verdict and the adjusted p value say the same.
        assert result.p_adjusted is not None
        assert (result.verdict.id != "inconclusive") == (result.p_adjusted <= 0.05)


def test_exploratory_outcomes_are_not_adjusted(small: Definitions) -> None:
    found = changes([-2.2, 0.0, 5.0])
    for result, estimate in zip(results(study(small, ["exploratory"] * 3), found).results, found, strict=True):
        assert result.p_adjusted is None
        assert result.verdict is not None
        assert (result.verdict.low, result.verdict.high) == (estimate.conf_low, estimate.conf_high)
        assert result.verdict.allowed_for_others is False


def test_a_family_is_one_role_at_one_place_in_one_analysis(small: Definitions) -> None:
    definitions = study(small, ["primary", "primary", "secondary", "exploratory"])
    found = [
        *changes([-3.0, -2.2, -2.2, -2.2]),
        *changes([-3.0, -2.2, -2.2, -2.2], site=ALL, analysis="mmrm"),
        *changes([-3.0, -2.2, -2.2, -2.2], site=ALL),
    ]
    alone = changes([-3.0, -2.2, -2.2, -2.2])
    for place, result in enumerate(results(definitions, found).results):
        p = alone[place % 4].p_value
        assert p is not None
        assert result.p_adjusted == {0: pytest.approx(2 * p), 1: pytest.approx(2 * p), 2: pytest.approx(p), 3: None}[place % 4]
        assert result.role == definitions.study.outcomes[place % 4].role


def test_what_was_not_estimated_has_no_verdict_and_keeps_its_place(small: Definitions) -> None:
    found = changes([-3.0, -2.2, 1.0])
    found[1] = not_estimated(replace(found[1], estimate=None, p_value=None), "not asked at baseline")
    judged = results(study(small, ["primary"] * 3), found).results
    assert [result.estimate for result in judged] == found
    assert (judged[1].verdict, judged[1].p_adjusted) == (None, None)


def test_the_studys_own_mid_decides_for_every_site(small: Definitions) -> None:
    definitions = study(small, ["primary", "primary"], [2.0, None])
    assert [minimal_difference(definitions, outcome) for outcome in definitions.study.outcomes] == [2.0, None]
    judged = results(definitions, changes([-9.0, -9.0])).results
    assert [result.verdict.id for result in judged if result.verdict] == ["improved", "improved_no_mid"]


def test_the_headlines_are_mmrm_over_all_sites_and_paired_t_at_a_site(small: Definitions) -> None:
    definitions = study(small, ["primary"])
    found = [
        *(change(-3.0, outcome="y0", analysis=name) for name in ("mmrm", "mmrm_site", "paired_t")),
        *(change(-3.0, outcome="y0", site=ALL, analysis=name) for name in ("mmrm", "paired_t")),
    ]
    judged = results(definitions, found)
    assert judged.headline("y0", "s").estimate.analysis == "paired_t"
    assert judged.headline("y0", ALL).estimate.analysis == "mmrm"


def test_agreement_counts_the_analyses_that_give_the_headlines_verdict(small: Definitions) -> None:
    definitions = study(small, ["primary"])

    def agreement(**values: float | None) -> Agreement:
        found = [
            change(value, outcome="y0", site=ALL, analysis=name)
            if value is not None
            else not_estimated(Estimate("y0", ALL, "b-a", name, ""), "why")
            for name, value in values.items()
        ]
        return results(definitions, found).agreement("y0", ALL)

    assert agreement(mmrm=-3.0, paired_t=-3.0, ipw=-3.0) == Agreement(3, 3)
    assert agreement(mmrm=-3.0, paired_t=0.0, ipw=-3.0) == Agreement(2, 3)
    assert agreement(mmrm=0.0, paired_t=-3.0) == Agreement(1, 2)
    # What was not estimated neither agrees nor disagrees.
    assert agreement(mmrm=-3.0, paired_t=None) == Agreement(1, 1)
    assert agreement(mmrm=None, paired_t=-3.0) == Agreement(0, 1)

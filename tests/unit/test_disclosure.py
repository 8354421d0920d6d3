"""The door: what is withheld cannot be had back, numbers are rounded before they exist, and no type could hold a row."""

from __future__ import annotations

import csv
import io
import json
import re
import types as types_module
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from html import unescape
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.definitions.base import Better
from pipeline.disclosure import counts, public
from pipeline.disclosure.door import disclose
from pipeline.disclosure.public import PublicEstimate, PublicResults
from pipeline.disclosure.rounding import Band, band, rounded, step
from pipeline.disclosure.verdicts import carried
from pipeline.models.run import estimate
from pipeline.pairing.link import ALL
from pipeline.reporting.render import render
from pipeline.results import Verdict, results, rules_out, signed, verdict
from pipeline.run.stages import Study
from pipeline.run.tables import ESTIMATE_COLUMNS, public_estimates, public_results
from pipeline.words import en
from tests.small import Row, answers, edit, people, report_of, small_waves, worked_out, write_study, write_wide_study

# Counts of one table


def shown(values: Mapping[str, int], threshold: int) -> tuple[int | None, dict[str, int | None]]:
    found = counts.table("x", values, threshold)
    assert [count.id for count in found.counts] == list(values)
    return found.total, {count.id: count.n for count in found.counts}


@pytest.mark.parametrize(
    ("values", "total", "expected"),
    [
        ({"a": 5, "b": 6}, 11, {"a": 5, "b": 6}),
        ({"a": 0, "b": 6}, 6, {"a": 0, "b": 6}),
        ({"a": 0, "b": 0}, 0, {"a": 0, "b": 0}),
        # One small count: the next smallest goes with it.
        ({"a": 4, "b": 9, "c": 7}, 20, {"a": None, "b": 9, "c": None}),
        # Two that are too few together: one more goes with them.
        ({"a": 1, "b": 1, "c": 7, "d": 9}, 18, {"a": None, "b": None, "c": None, "d": 9}),
        # Two that are enough together.
        ({"a": 2, "b": 3, "c": 7}, 12, {"a": None, "b": None, "c": 7}),
        # Five of one each: their sum alone would say so.
        ({"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 9, "g": 8}, 22, dict.fromkeys("abcdeg") | {"f": 9}),
        ({"a": 1, "b": 1, "c": 1, "d": 1, "e": 1}, None, dict.fromkeys("abcde")),
        # A total below the threshold takes everything with it, zeros too.
        ({"a": 3, "b": 0}, None, {"a": None, "b": None}),
        ({"a": 4}, None, {"a": None}),
    ],
)
def test_a_table_of_counts(values: dict[str, int], total: int | None, expected: dict[str, int | None]) -> None:
    assert shown(values, 5) == (total, expected)


@given(st.lists(st.integers(0, 12), min_size=1, max_size=7), st.integers(2, 7))
@example([1, 1, 1, 1, 1, 20], 5)
@example([1, 1, 9], 2)
@example([1, 1, 1, 9], 3)
@settings(derandomize=True, deadline=None, max_examples=500)
def test_a_withheld_count_cannot_be_had_back_by_subtraction(values: list[int], threshold: int) -> None:
    table = {f"v{place}": n for place, n in enumerate(values)}
    total, cells = shown(table, threshold)
    hidden = [table[key] for key, n in cells.items() if n is None]
    for key, n in cells.items():
        assert n is None or n == table[key]
        assert n is None or n == 0 or n >= threshold
    if not hidden or total is None:
        assert total in (None, sum(values))
        return
    # Zeros are shown, so a reader knows that each withheld count is 1 at least, and what they are together.
    left = total - sum(n for n in cells.values() if n is not None)
    assert left == sum(hidden) >= threshold
    assert len(hidden) >= 2
    for n in hidden:
        lowest, highest = 1, left - (len(hidden) - 1)
        assert lowest <= n <= highest
        assert lowest < highest, "the count is known exactly"


@given(st.lists(st.integers(0, 12), min_size=1, max_size=7), st.integers(2, 7))
@settings(derandomize=True, deadline=None)
def test_no_more_is_withheld_than_is_needed(values: list[int], threshold: int) -> None:
    table = {f"v{place}": n for place, n in enumerate(values)}
    total, cells = shown(table, threshold)
    if all(n == 0 or n >= threshold for n in values):
        assert (total, cells) == (sum(values), table)


@pytest.mark.parametrize(
    ("baseline", "followup", "both", "expected"),
    [
        (30, 25, 20, (30, 25, 20, 10, 5)),
        (30, 30, 30, (30, 30, 30, 0, 0)),
        (30, 25, 4, (30, 25, None, None, None)),
        (24, 25, 20, (24, 25, None, None, None)),  # four lost
        (30, 24, 20, (30, 24, None, None, None)),  # four new
        (4, 25, 4, (None, None, None, None, None)),
        (25, 4, 4, (None, None, None, None, None)),
        (0, 0, 0, (None, None, None, None, None)),
    ],
)
def test_the_flow(baseline: int, followup: int, both: int, expected: tuple[int | None, ...]) -> None:
    found = counts.flow(baseline, followup, both, 5)
    assert (found.baseline, found.followup, found.both, found.lost, found.new) == expected


# Rounding


@pytest.mark.parametrize(
    ("value", "size", "expected"),
    [
        (0.24, 0.5, 0.0),
        (0.25, 0.5, 0.5),
        (-0.25, 0.5, 0.0),
        (-0.26, 0.5, -0.5),
        (2.25, 0.1, 2.3),
        (12.345, 0.1, 12.3),
        (-0.04, 0.1, 0.0),
        (7.4, 5.0, 5.0),
        (7.5, 5.0, 10.0),
        (None, 0.5, None),
    ],
)
def test_rounding_to_a_step(value: float | None, size: float, expected: float | None) -> None:
    found = rounded(value, size)
    assert found == expected
    assert not str(found).startswith("-0.0")


@given(st.floats(-1e4, 1e4), st.sampled_from([0.1, 0.5, 1.0, 1.5, 5.0]))
@settings(derandomize=True, deadline=None)
def test_a_rounded_number_is_the_nearest_multiple_and_prints_as_one(value: float, size: float) -> None:
    found = rounded(value, size)
    assert found is not None
    assert abs(found - value) <= size / 2 * (1 + 1e-9)
    assert found / size == pytest.approx(round(found / size), abs=1e-6)
    assert len(repr(found).partition(".")[2]) == 1
    assert rounded(found, size) == found


@pytest.mark.parametrize("span", [(0.0, 4.0), (6.0, 30.0), (0.0, 100.0), (-40.0, 160.0)])
@pytest.mark.parametrize("mid", [None, 0.1, 1.0, 2.0, 2.1, 3.5, 11.2, 40.0])
def test_few_peoples_step_is_half_a_point_or_a_quarter_of_the_mid(mid: float | None, span: tuple[float, float]) -> None:
    least = max(0.5, (mid or 0) / 4)
    assert least <= step(True, mid, span) < max(least + 0.5, (span[1] - span[0]) / 99)


@pytest.mark.parametrize(("high", "expected"), [(1.0, 0.01), (4.0, 0.1), (100.0, 0.1), (1000.0, 1.0), (20000.0, 10.0)])
def test_the_step_of_many_goes_with_the_width_of_the_scale(high: float, expected: float) -> None:
    assert step(False, 3.0, (0.0, high)) == pytest.approx(expected)


@given(st.integers(2, 12), st.integers(0, 60))
@settings(derandomize=True, deadline=None)
def test_bands_are_of_one_width_and_do_not_overlap(threshold: int, more: int) -> None:
    n = threshold + more
    found = band(n, threshold)
    assert threshold <= found.low <= n <= found.high
    assert found.high - found.low == 2
    assert band(found.low, threshold) == band(found.high, threshold) == found
    assert band(found.high + 1, threshold).low == found.high + 1


@given(st.integers(1, 4), st.lists(st.integers(5, 40), min_size=1, max_size=4))
@example(4, [34])
@settings(derandomize=True, deadline=None, max_examples=500)
def test_the_pairs_of_a_withheld_site_are_not_what_the_others_leave(withheld: int, others: list[int]) -> None:
    """A reader knows the total, the bands that are shown, and that a withheld site has four pairs at most."""
    pairs = {"w": withheld} | {f"v{place}": n for place, n in enumerate(others)}
    cells = shown(pairs, 5)[1]
    assert cells["w"] is None
    left = withheld + sum(others)
    bands = [band(pairs[key], 5) for key, n in cells.items() if n is not None]
    unbanded = [pairs[key] for key, n in cells.items() if n is None and key != "w"]
    # What is left for the withheld site, if those without a band have five at least.
    possible = [
        n for n in range(5)
        if left - sum(b.high for b in bands) <= n + sum(unbanded) <= left - sum(b.low for b in bands) or unbanded
    ]  # fmt: skip
    assert withheld in possible
    assert len(possible) > 1


# Verdicts that the published limits carry

LIMITS = st.floats(-12, 12).map(lambda value: round(value, 3))


@given(
    LIMITS,
    LIMITS,
    st.none() | st.sampled_from([0.3, 1.0, 3.0, 8.0]),
    st.sampled_from([0.1, 0.5, 1.0, 3.0]),
    st.booleans(),
    st.booleans(),
)
@settings(derandomize=True, deadline=None, max_examples=1000)
def test_a_published_verdict_says_no_more_than_the_published_limits(
    a: float, b: float, mid: float | None, size: float, wide: bool, lower: bool
) -> None:
    low, high = sorted((a, b))
    better: Better = "lower" if lower else "higher"
    # The verdict rests on the family's limits, which are those of 95% or wider.
    family = (low - 0.2 * (high - low), high + 0.2 * (high - low)) if wide else (low, high)
    full = verdict(*signed(*family, better), mid)
    excluded = rules_out(*signed(*family, better), mid) if full == "inconclusive" else ""
    shown_low, shown_high = rounded(low, size), rounded(high, size)
    found, ruled_out = carried(Verdict(full, *family, excluded), shown_low, shown_high, better, mid)
    near, far = signed(shown_low, shown_high, better)
    if "improved" in found:
        assert near > 0
    if "worsened" in found:
        assert far < 0
    if found == "improved":
        assert mid is not None
        assert near >= mid
    if found == "worsened":
        assert mid is not None
        assert far <= -mid
    if found.startswith("slightly"):
        assert mid is not None
        assert max(abs(near), abs(far)) < mid
    if found == "no_meaningful_change":
        assert mid is not None
        assert -mid < near <= far < mid
    if ruled_out == "meaningful_worsening":
        assert mid is not None
        assert near > -mid
    if ruled_out == "meaningful_improvement":
        assert mid is not None
        assert far < mid
    assert (ruled_out != "") == (found == "inconclusive")
    # Only ever weakened: never another direction, never a verdict where there was none.
    assert full != "inconclusive" or found == "inconclusive"
    assert not ("improved" in full and "worsened" in found)
    assert not ("worsened" in full and "improved" in found)
    if found == full == "inconclusive":
        assert ruled_out in (excluded, "none")


# What a public object can be


def test_no_public_type_has_a_field_that_could_hold_rows() -> None:
    """Only texts, numbers, flags, and tuples of other public types: no list, array, mapping, date or Any."""
    types = [kind for kind in vars(public).values() if is_dataclass(kind) and isinstance(kind, type)]
    assert PublicResults in types
    plain = {str, int, float, bool, type(None)}

    def allowed(hint: object) -> bool:
        if hint in plain or hint in types:
            return True
        if typing.get_origin(hint) is tuple:
            inner, dots = typing.get_args(hint)
            return dots is ... and inner in types
        if typing.get_origin(hint) is typing.Literal:
            return True
        parts = typing.get_args(hint)
        return typing.get_origin(hint) is types_module.UnionType and all(part in plain or part in types for part in parts)

    for kind in types:
        assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
        for name, hint in typing.get_type_hints(kind).items():
            assert allowed(hint), f"{kind.__name__}.{name}: {hint}"


def test_a_public_estimate_has_no_number_that_gives_away_the_spread() -> None:
    names = {field.name for field in fields(PublicEstimate)}
    spread = {"sd_baseline", "sd_followup", "std_error", "df", "statistic", "p_value", "p_adjusted", "verdict_low"}
    assert not names & (spread | {"verdict_high", "effect", "effect_low", "effect_high"})


# The door as a whole


def numbers(place: PublicEstimate) -> dict[str, object]:
    return {f.name: v for f in fields(place) if isinstance(v := getattr(place, f.name), int | float | Band) and v is not False}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The small study, where nothing has to be withheld."""
    return worked_out(write_wide_study(tmp_path_factory.mktemp("plain")))


@pytest.fixture(scope="module")
def scarce(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Three sites, of which the third has three pairs, one woman, and pain that nobody there told twice."""
    waves = small_waves()
    waves["start"] += answers("start", people(201, 206), "W")
    waves["later"] += answers("later", people(204, 209), "W")
    for row in waves["later"][-6:]:
        row["pain"] = ""
    for wave in waves.values():
        for place, row in enumerate(wave):
            row["gender"] = 1 if place == 3 else 2
    folder = write_wide_study(tmp_path_factory.mktemp("scarce"), waves)
    edit(folder / "study.toml", "[person]\n", '[[sites]]\nid = "west"\nlabel = { en = "West" }\ncodes = ["W"]\n\n[person]\n')
    return worked_out(folder)


def test_public_numbers_are_the_rounded_ones_of_the_headline(plain: Study) -> None:
    for place in plain.public.estimates:
        full = plain.results.headline(place.outcome, place.site).estimate
        assert place.status == "ok"
        assert place.step == (0.1 if place.site == ALL else {"mood.total": 1.0, "pain": 0.5}[place.outcome])
        for key in ("estimate", "conf_low", "conf_high"):
            assert getattr(place, key) == rounded(getattr(full, key), place.step)
        if place.site == ALL:
            assert place.people is None
            assert (place.n, place.n_pairs, place.n_baseline, place.n_followup) == (full.n, 22, 34, 31)
        else:
            assert place.people == {"north": Band(11, 13), "south": Band(8, 10)}[place.site]
            exact = ("n", "n_pairs", "n_baseline", "n_followup", "mean_baseline", "mean_followup")
            assert all(getattr(place, key) is None for key in exact)


def test_over_all_sites_too_few_people_are_a_band(tmp_path: Path) -> None:
    waves = {
        "start": answers("start", people(1, 12), "N") + answers("start", people(101, 112), "S"),
        "later": answers("later", people(1, 9), "N") + answers("later", people(103, 112), "S"),
    }
    # 24 at the start, 19 later, all of them from the start: five are lost, nobody is new.
    found = worked_out(write_wide_study(tmp_path, waves)).public
    assert (found.flow.both, found.flow.lost, found.flow.new) == (19, 5, 0)
    whole = found.at("pain", ALL)
    assert (whole.people, whole.step, whole.n, whole.n_pairs, whole.mean_baseline) == (Band(17, 19), 0.5, None, None, None)


def test_a_flow_that_is_withheld_does_not_come_back_from_the_estimates(tmp_path: Path) -> None:
    waves = small_waves()
    waves["later"] += answers("later", people(1, 6), "N") + answers("later", people(101, 104), "S")
    # Of 34 people two are lost.
    found = worked_out(write_wide_study(tmp_path, waves)).public
    assert (found.flow.baseline, found.flow.both, found.flow.lost) == (34, None, None)
    for place in found.estimates:
        assert place.people is not None
        assert {"n", "n_baseline", "n_followup", "n_pairs"}.isdisjoint(numbers(place))


def test_few_peoples_answers_to_a_short_scale_are_withheld(tmp_path: Path) -> None:
    found = worked_out(write_study(tmp_path)).public
    assert [found.at("mood.total", site).status for site in ("north", "south", ALL)] == ["withheld", "withheld", "ok"]
    assert [found.at("pain", site).status for site in ("north", "south", ALL)] == ["ok", "ok", "ok"]


def test_how_the_analyses_agree_is_about_the_published_verdict(plain: Study) -> None:
    weakened = 0
    for place in plain.public.estimates:
        full = plain.results.headline(place.outcome, place.site).verdict
        assert full is not None
        if place.verdict == full.id:
            agreement = plain.results.agreement(place.outcome, place.site)
            assert (place.agreement_holds, place.agreement_of) == (agreement.holds, agreement.of)
        else:
            weakened += 1
            assert (place.agreement_holds, place.agreement_of) == (None, None)
    assert weakened


def test_one_analysis_is_published_for_each_outcome_and_place(plain: Study) -> None:
    places = [(e.outcome, e.site) for e in plain.public.estimates]
    assert len(places) == len(set(places)) == 2 * 3
    assert {e.analysis for e in plain.public.estimates if e.site == ALL} == {"mmrm"}
    assert {e.analysis for e in plain.public.estimates if e.site != ALL} == {"paired_t"}


def test_a_withheld_result_has_no_numbers(scarce: Study) -> None:
    withheld = [e for e in scarce.public.estimates if e.status == "withheld"]
    assert {(e.outcome, e.site) for e in withheld} == {("mood.total", "west"), ("pain", "west")}
    for place in withheld:
        assert numbers(place) == {}
        assert (place.verdict, place.rules_out, place.reason, place.method) == ("", "", "", "")
    assert scarce.public.withheld == 2


def test_where_a_site_is_withheld_another_has_no_band(scarce: Study) -> None:
    bands = {site: scarce.public.at("mood.total", site).people for site in ("north", "south", "west")}
    assert bands == {"north": Band(11, 13), "south": None, "west": None}
    assert scarce.public.at("mood.total", "south").estimate is not None
    # Nobody told pain twice in the west: nothing is to be worked out.
    assert scarce.public.at("pain", "south").people == Band(8, 10)


def test_facts_below_the_threshold_take_another_with_them(scarce: Study) -> None:
    gender = next(table for table in scarce.public.tables if table.id == "gender")
    assert gender.total == 40
    assert {count.id: count.n for count in gender.counts} == {"0": None, "1": None, "unknown": 0}


def test_too_few_people_leave_no_number_at_all(tmp_path: Path) -> None:
    waves = {"start": answers("start", people(1, 4), "N"), "later": answers("later", people(1, 4), "N")}
    found = worked_out(write_wide_study(tmp_path, waves)).public
    assert all(numbers(e) == {} for e in found.estimates)
    assert found.flow == public.PublicFlow(None, None, None, None, None)
    assert all(count.n is None and table.total is None for table in found.tables for count in table.counts)


def test_the_threshold_is_the_studys_own(tmp_path: Path) -> None:
    folder = write_wide_study(tmp_path)
    edit(folder / "study.toml", "threshold = 5", "threshold = 11")
    found = worked_out(folder).public
    assert found.threshold == 11
    assert [e.status for e in found.estimates if e.outcome == "pain"] == ["ok", "withheld", "ok"]  # 12, 10, 22 pairs


def publish_with(study: Study, scores: object) -> PublicResults:
    linked = replace(study.linked, scores=study.linked.scores | {"mood.total": scores})
    judged = results(study.definitions, estimate(linked, [o.scale for o in study.definitions.study.outcomes]))
    return disclose(study.definitions, judged, linked, study.denominators, study.gates)


def test_a_reason_that_tells_what_everybody_answered_is_not_published(plain: Study) -> None:
    alike = plain.linked.scores["mood.total"].copy()
    alike[:, 1] = alike[:, 0] + 2
    found = publish_with(plain, alike)
    for site in ("north", "south", ALL):
        place = found.at("mood.total", site)
        assert (place.status, place.reason) == ("withheld", "")


def test_what_was_not_asked_says_so(plain: Study) -> None:
    linked = replace(plain.linked, asked=plain.linked.asked | {"pain": (False, True)})
    judged = results(plain.definitions, estimate(linked, ["mood.total", "pain"]))
    found = disclose(plain.definitions, judged, linked, plain.denominators, plain.gates)
    for site in ("north", ALL):
        assert (found.at("pain", site).status, found.at("pain", site).reason) == ("not_estimated", "not asked at baseline")
        assert numbers(found.at("pain", site)) == {}


# The public files


def rows(study: Study) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(public_estimates(study.public).decode("utf-8"))))


def test_withheld_rows_of_estimates_csv_are_empty_cells(scarce: Study) -> None:
    found = rows(scarce)
    assert tuple(found[0]) == ESTIMATE_COLUMNS
    west = [row for row in found if row["site"] == "west"]
    assert len(west) == 2
    for row in west:
        named = {"study", "site", "outcome", "role", "contrast", "analysis", "status"}
        assert row["status"] == "withheld"
        assert {key for key, value in row.items() if value} == named
    for row in found:
        assert all(
            row[key] == "" for key in ("std_error", "df", "p_value", "statistic", "effect", "sd_baseline", "verdict_low")
        )


SHARED = ("n_baseline", "n_followup", "n_pairs", "mean_baseline", "mean_followup", "estimate", "conf_low", "conf_high")


@pytest.mark.parametrize("which", ["plain", "scarce"])
def test_json_csv_and_html_have_the_same_numbers(which: str, request: pytest.FixtureRequest) -> None:
    study: Study = request.getfixturevalue(which)
    from_json = json.loads(public_results(study.public, study.definitions, 1))
    assert [e["site"] for e in from_json["estimates"]] == [row["site"] for row in rows(study)]
    html = render(report_of(study), "funder").decode("utf-8")
    for one, row in zip(from_json["estimates"], rows(study), strict=True):
        people = one["people"]
        counted = f"{people['low']} to {people['high']}" if people else "" if one["n"] is None else str(one["n"])
        assert row["n"] == counted
        for key in SHARED:
            assert row[key] == ("" if one[key] is None else str(one[key])), key
        assert (row["verdict"], row["status"]) == (one["verdict"], one["status"])
        # The row of the outcome's own table.
        table = re.search(
            rf'<tr[^>]*data-estimate="small/{one["outcome"]}/{one["site"]}/{one["analysis"]}">(.*?)</tr>', html, re.S
        )
        assert table is not None
        text = unescape(re.sub(r"<svg.*?</svg>|<[^>]+>", " ", table[1], flags=re.S)).replace("−", "-")
        if one["status"] != "ok":
            assert not re.search(r"\d", text)
            continue
        written = [float(number) for number in re.findall(r"[-+]?\d+(?:\.\d+)?", text.replace("95%", ""))]
        expected = [one["estimate"], one["conf_low"], one["conf_high"]]
        assert written == [float(n) for n in re.findall(r"\d+", counted)] + expected
        assert counted or en.NOT_SHOWN in text


def test_results_json_says_what_its_ids_mean(plain: Study) -> None:
    found = json.loads(public_results(plain.public, plain.definitions, 1))
    named = {fact["id"]: {value["id"]: value["label"]["en"] for value in fact["values"]} for fact in found["facts"]}
    assert named == {"gender": {"0": "woman", "1": "man"}}
    tables = {table["id"]: {count["id"] for count in table["counts"]} for table in found["tables"]}
    assert tables == {"site": {site["id"] for site in found["sites"]}, "gender": {*named["gender"], "unknown"}}
    assert {(e["outcome"], e["site"]) for e in found["estimates"]} == {
        (outcome["id"], site) for outcome in found["outcomes"] for site in (*tables["site"], ALL)
    }


def test_the_door_is_passed_by_the_funders_page(plain: Study) -> None:
    """The page without the evaluation is the page with it: nothing of the full results is read."""
    report = report_of(plain)
    assert render(report, "funder") == render(replace(report, evaluation=None), "funder")


def test_no_full_precision_number_is_in_a_public_file(plain: Study) -> None:
    files = [
        public_estimates(plain.public),
        public_results(plain.public, plain.definitions, 1),
        render(report_of(plain), "funder"),
    ]
    for result in plain.results.results:
        for value in (result.estimate.estimate, result.estimate.std_error, result.estimate.conf_low):
            assert value is not None
            if round(value, 1) != round(value, 4):
                assert all(f"{abs(value):.4f}".encode() not in content for content in files)


def test_no_person_is_named_in_a_public_file(plain: Study) -> None:
    report = report_of(plain)
    pages = [render(report, "funder"), render(report, "evaluator")]
    files = [*pages, public_estimates(plain.public), public_results(plain.public, plain.definitions, 1)]
    assert all(person.encode() not in content for person in plain.linked.persons for content in files)


def test_a_row_of_the_input_changes_no_public_number_by_its_place(tmp_path: Path) -> None:
    waves = small_waves()
    turned: dict[str, list[Row]] = {wave: rows[::-1] for wave, rows in waves.items()}
    one, other = worked_out(write_wide_study(tmp_path / "one", waves)), worked_out(write_wide_study(tmp_path / "other", turned))
    assert one.public == other.public
    assert public_estimates(one.public) == public_estimates(other.public)

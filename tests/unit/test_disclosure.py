"""The door: what is withheld cannot be had back, numbers are rounded before they exist, and no type could hold a row."""

from __future__ import annotations

import csv
import io
import json
import re
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from html import unescape
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.disclosure import counts, public
from pipeline.disclosure.door import disclose
from pipeline.disclosure.public import PublicEstimate, PublicResults
from pipeline.disclosure.rounding import rounded, step
from pipeline.models.run import estimate
from pipeline.pairing.link import ALL
from pipeline.reporting.render import render
from pipeline.results import results
from pipeline.run.stages import Study
from pipeline.run.tables import ESTIMATE_COLUMNS, public_estimates, public_results
from tests.small import Row, answers, edit, people, report_of, small_waves, worked_out, write_study

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


@pytest.mark.parametrize("mid", [None, 0.1, 1.0, 2.0, 2.1, 3.5, 11.2, 40.0, 1e6])
def test_a_sites_step_is_half_a_point_or_a_quarter_of_the_mid(mid: float | None) -> None:
    assert step(site=True, mid=mid) >= max(0.5, (mid or 0) / 4)
    assert step(site=True, mid=mid) < max(0.5, (mid or 0) / 4) + 0.5
    assert step(site=False, mid=mid) == 0.1


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
        return bool(parts) and typing.get_origin(hint) is not list and all(part in plain for part in parts)

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
    return {f.name: v for f in fields(place) if isinstance(v := getattr(place, f.name), int | float) and v is not False}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The small study, where nothing has to be withheld."""
    return worked_out(write_study(tmp_path_factory.mktemp("plain")))


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
    folder = write_study(tmp_path_factory.mktemp("scarce"), waves)
    edit(folder / "study.toml", "[person]\n", '[[sites]]\nid = "west"\nlabel = { en = "West" }\ncodes = ["W"]\n\n[person]\n')
    return worked_out(folder)


def test_public_numbers_are_the_rounded_ones_of_the_headline(plain: Study) -> None:
    for place in plain.public.estimates:
        full = plain.results.headline(place.outcome, place.site).estimate
        size = 0.1 if place.site == ALL else 0.5
        assert place.status == "ok"
        for key in ("estimate", "conf_low", "conf_high"):
            assert getattr(place, key) == rounded(getattr(full, key), size)
        assert (place.n, place.n_pairs) == (full.n, full.n_pairs)
        if place.site != ALL:
            assert place.mean_baseline is place.mean_followup is place.n_baseline is place.n_followup is None


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


def test_the_pairs_of_a_withheld_site_are_not_those_of_all_sites_less_the_others(scarce: Study) -> None:
    for outcome in ("mood.total", "pain"):
        whole = scarce.public.at(outcome, ALL)
        sites = [scarce.public.at(outcome, site) for site in ("north", "south", "west")]
        assert whole.n_pairs is not None
        hidden = [e for e in sites if e.n_pairs is None]
        pairs = scarce.results.headline(outcome, "west").estimate.n_pairs
        assert pairs == (3 if outcome == "mood.total" else 0)
        # Nobody is no secret; three people are, and the next smallest site's number goes with theirs.
        assert [e.site for e in hidden] == (["south", "west"] if pairs else ["west"])
        assert all(e.n is None for e in hidden)
    assert scarce.public.at("mood.total", "south").estimate is not None


def test_facts_below_the_threshold_take_another_with_them(scarce: Study) -> None:
    gender = next(table for table in scarce.public.tables if table.id == "gender")
    assert gender.total == 40
    assert {count.id: count.n for count in gender.counts} == {"0": None, "1": None, "unknown": 0}


def test_too_few_people_leave_no_number_at_all(tmp_path: Path) -> None:
    waves = {"start": answers("start", people(1, 4), "N"), "later": answers("later", people(1, 4), "N")}
    found = worked_out(write_study(tmp_path, waves)).public
    assert all(numbers(e) == {} for e in found.estimates)
    assert found.flow == public.PublicFlow(None, None, None, None, None)
    assert all(count.n is None and table.total is None for table in found.tables for count in table.counts)


def test_the_threshold_is_the_studys_own(tmp_path: Path) -> None:
    folder = write_study(tmp_path)
    edit(folder / "study.toml", "threshold = 5", "threshold = 11")
    found = worked_out(folder).public
    assert found.threshold == 11
    assert [e.status for e in found.estimates if e.outcome == "mood.total"] == ["ok", "withheld", "ok"]  # 12, 10, 22 pairs


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


SHARED = ("n", "n_baseline", "n_followup", "n_pairs", "mean_baseline", "mean_followup", "estimate", "conf_low", "conf_high")


@pytest.mark.parametrize("which", ["plain", "scarce"])
def test_json_csv_and_html_have_the_same_numbers(which: str, request: pytest.FixtureRequest) -> None:
    study: Study = request.getfixturevalue(which)
    from_json = json.loads(public_results(study.public, study.definitions, 1))
    assert [e["site"] for e in from_json["estimates"]] == [row["site"] for row in rows(study)]
    html = render(report_of(study), "funder").decode("utf-8")
    for one, row in zip(from_json["estimates"], rows(study), strict=True):
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
        assert written == ([] if one["n"] is None else [one["n"]]) + expected


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
    one, other = worked_out(write_study(tmp_path / "one", waves)), worked_out(write_study(tmp_path / "other", turned))
    assert one.public == other.public
    assert public_estimates(one.public) == public_estimates(other.public)

"""A raw cell becomes a code or a reason, and never a code that nobody gave."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from pipeline.definitions.load import load_instrument
from pipeline.definitions.study import ItemRecode, WaveBinding
from pipeline.sources.binding import bind_instrument
from pipeline.sources.raw import RawTable, normalise, person_ids
from pipeline.sources.read import read_table
from pipeline.store import Reason
from tests import forms

DISTRESS = load_instrument("cchs_distress")
GENERAL = load_instrument("cchs_general")
SMOKING = load_instrument("cchs_smoking")


def meaning(instrument, item, raw, recode=None, user_missing=None, **missing):
    """What one raw cell of one item becomes: its code, or the word of its reason."""
    source = forms.table([{item: raw}], instrument.item_ids)
    source = RawTable(source.source, source.columns, source.rows, {item: user_missing or {}})
    recodes = () if recode is None else (ItemRecode(items=(item,), map=recode),)
    column = bind_instrument(instrument, WaveBinding(columns="{item}", recodes=recodes), source, missing).columns[item]
    assert np.isnan(column.codes[0]) == (column.reasons[0] != Reason.ANSWERED)
    return Reason(column.reasons[0]).word if column.reasons[0] else column.codes[0]


@pytest.mark.parametrize("raw", [3, 3.0, "3", " 3 ", "3.0", "3.", "+3", "3e0", np.int8(3), np.float32(3), Decimal(3)])
def test_a_number_is_a_number_however_it_is_written(raw):
    assert meaning(DISTRESS, "a", raw) == 3.0


@pytest.mark.parametrize("raw", [None, "", "  ", "\t", float("nan"), np.float64("nan"), Decimal("nan")])
def test_an_empty_cell_was_skipped(raw):
    assert meaning(DISTRESS, "a", raw) == "skipped"


UNDECLARED = [0, 10, -1, 3.5, "3,0", "nan", "NaN", "NA", "inf", "1e308", 1e308, "1e999", float("inf"), "1_0", "three", "0x3"]


@pytest.mark.parametrize("raw", [*UNDECLARED, dt.date(2024, 1, 3), dt.datetime(2024, 3, 1)], ids=str)
def test_anything_else_is_out_of_range(raw):
    """`nan` and `inf` as text are words that somebody typed; a date is what Excel made of an answer."""
    assert meaning(DISTRESS, "a", raw) == "out_of_range"


@pytest.mark.parametrize(("raw", "reason"), [(6, "not_applicable"), ("7", "dont_know"), (8.0, "refused"), (9, "skipped")])
def test_the_instruments_reserved_codes(raw, reason):
    assert meaning(DISTRESS, "a", raw) == reason


@pytest.mark.parametrize("code", [6, 7, 8, 9])
def test_a_reserved_code_belongs_to_one_width(code):
    """6 to 9 are answers where satisfaction with life is asked from 0 to 10, and reserved one item further."""
    assert meaning(GENERAL, "life_satisfaction", code) == code
    assert meaning(GENERAL, "life_stress", code) in ("not_applicable", "dont_know", "refused", "skipped")
    assert meaning(GENERAL, "life_satisfaction", 90 + code) == meaning(GENERAL, "life_stress", code)


def test_the_waves_missing_codes():
    codes = {"refused": (-9, "R"), "not_applicable": (-7,)}
    assert [meaning(DISTRESS, "a", raw, **codes) for raw in (-9, "-9.0", " R ", -7, "r")] == [
        "refused", "refused", "refused", "not_applicable", "out_of_range"
    ]  # fmt: skip


def test_the_waves_missing_codes_come_before_the_instruments():
    assert meaning(DISTRESS, "a", 9, refused=(9,)) == "refused"


def test_recodes_say_what_raw_answers_mean():
    recode = {"1": 1, "0": 2, "Yes": 1, "8": 2}
    assert [meaning(SMOKING, "hundred", raw, recode) for raw in (1, "0", 0.0, "Yes", " Yes ")] == [1, 2, 2, 1, 1]
    assert meaning(SMOKING, "hundred", 2, recode) == "out_of_range"  # a raw 2 was never said to mean anything
    assert meaning(SMOKING, "hundred", 7, recode) == "dont_know"  # reserved as ever


def test_a_recode_is_said_about_this_file_and_wins_over_the_instruments_reserved_codes():
    assert meaning(SMOKING, "hundred", 8, {"7": 1, "8": 2}) == 2
    assert meaning(SMOKING, "hundred", 8, {"7": 1, "8": 2}, refused=(8,)) == "refused"


def test_the_waves_missing_codes_win_over_a_recode():
    assert meaning(SMOKING, "hundred", 0, {"1": 1, "0": 2}, refused=(0,)) == "refused"


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        ("Refused", "refused"),
        ("  REFUSED ", "refused"),
        ("Prefer not to say", "refused"),
        ("Don't know", "dont_know"),
        ("Don’t know", "dont_know"),
        ("Not applicable", "not_applicable"),
        ("Valid skip", "not_applicable"),
        ("Not stated", "skipped"),
        ("", "out_of_range"),
        ("Other", "out_of_range"),
    ],
)
@pytest.mark.parametrize("code", [5.0, 99.0])
def test_a_code_that_spss_calls_missing_is_no_answer(label, reason, code):
    """Even where the instrument declares it: the file says that it is none. Its label says why."""
    assert meaning(DISTRESS, "a", code, user_missing={code: label}) == reason


def test_a_sav_file_says_which_codes_are_missing_and_why(tmp_path):
    """Written by pyreadstat: discrete codes, a range, and system-missing cells."""
    path = tmp_path / "wave.sav"
    pyreadstat.write_sav(
        pd.DataFrame({"a": [1.0, 99.0, 98.0, np.nan, 2.0], "b": [5.0, 91.0, 95.0, 1.0, 8.0], "c": [1.0] * 5}),
        str(path),
        missing_ranges={"a": [98, 99], "b": [{"lo": 90, "hi": 99}]},
        variable_value_labels={"a": {98: "Don't know", 99: "Refused"}, "b": {91: "Refused", 1: "All of the time"}},
    )
    read = read_table(tmp_path, "wave.sav")
    assert {name: dict(codes) for name, codes in read.user_missing.items()} == {
        "a": {98.0: "Don't know", 99.0: "Refused"},
        "b": {91.0: "Refused", 95.0: ""},
    }
    columns = {item: read.columns.get(item, np.full(5, None)) for item in DISTRESS.item_ids}
    whole = RawTable(read.source, columns, read.rows, read.user_missing)
    bound = bind_instrument(DISTRESS, WaveBinding(columns="{item}"), whole, {}).columns
    words = {item: [Reason(reason).word for reason in bound[item].reasons] for item in "ab"}
    assert words["a"] == ["answered", "refused", "dont_know", "skipped", "answered"]
    assert words["b"] == ["answered", "refused", "out_of_range", "answered", "refused"]
    assert bound["a"].codes.tolist()[::4] == [1, 2]
    assert bound["a"].raw.tolist() == [1.0, 99.0, 98.0, None, 2.0]  # gates look at what stood there


def reasons(instrument, **answers):
    return {item: Reason(c.reasons[0]).word for item, c in forms.bound(instrument, [answers]).items()}


def test_a_blank_behind_a_closed_gate_was_not_applicable():
    assert reasons(DISTRESS, b=5)["c"] == "not_applicable"
    assert reasons(DISTRESS, b=5)["f"] == "skipped"  # its gate is e
    assert reasons(DISTRESS, b=4)["c"] == "skipped"
    assert reasons(DISTRESS)["c"] == "skipped"
    assert reasons(DISTRESS, b=8)["c"] == "skipped"
    assert reasons(DISTRESS, b=5, c=3)["c"] == "answered"
    assert reasons(DISTRESS, b=5, c=9)["c"] == "skipped"  # "not stated" was asked
    assert reasons(DISTRESS, b=5, c=44)["c"] == "out_of_range"


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"current": 1, "hundred": 1}, "not_applicable"),
        ({"current": 3, "hundred": 2}, "not_applicable"),
        ({"current": 1, "hundred": 2}, "not_applicable"),
        ({"current": 3, "hundred": 1}, "skipped"),
        ({"current": 1}, "not_applicable"),
        ({"current": 3}, "skipped"),
    ],
)
def test_one_closed_gate_of_several_is_enough(answers, reason):
    assert reasons(SMOKING, **answers)["daily"] == reason


@pytest.mark.parametrize("past_year", [2, 6])
def test_a_gate_that_was_not_asked_itself_closes_what_is_behind_it(past_year):
    """Who did not drink in the past year was asked neither about the past week nor about its days."""
    found = reasons(load_instrument("cchs_alcohol"), past_year=past_year)
    assert [found[item] for item in ("frequency", "drank_week", "sunday", "saturday")] == ["not_applicable"] * 4
    assert found["ever"] == "skipped"


def test_an_item_that_was_not_asked_needs_no_column():
    rows = forms.table([{"a": 1}], ["a"])
    binding = WaveBinding(columns="{item}", not_asked=tuple("bcdefghij"))
    bound = bind_instrument(DISTRESS, binding, rows, {})
    assert bound.absent == ()
    assert [Reason(column.reasons[0]).word for column in bound.columns.values()].count("not_asked") == 9


def test_not_asked_wins_over_a_name_set():
    rows = forms.table([{"GEN_005": 1}], ["GEN_005", "GEN_010", "GEN_015", "GEN_020", "GEN_030"])
    bound = bind_instrument(GENERAL, WaveBinding(names="2015-2021", not_asked=("work_stress",)), rows, {})
    assert bound.absent == ()
    assert bound.columns["work_stress"].reasons.tolist() == [Reason.NOT_ASKED]


def test_one_asked_item_may_have_a_pattern():
    bound = bind_instrument(
        DISTRESS, WaveBinding(columns="D_{item}", not_asked=tuple("bcdefghij")), forms.table([{}], ["D_a"]), {}
    )
    assert bound.columns["a"].source == "D_a"


def test_a_column_that_the_file_lacks_is_named():
    bound = bind_instrument(DISTRESS, WaveBinding(columns="D_{item}"), forms.table([{}], ["D_a"]), {})
    assert bound.absent == tuple((item, f"D_{item}") for item in DISTRESS.item_ids if item != "a")
    assert list(bound.columns) == ["a"]


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("007", "007"),
        (" P1 ", "P1"),
        ("1042.0", "1042"),  # what software writes that took the numbers for measurements
        ("v1.0", "v1.0"),
        (1042.0, "1042"),
        (1042, "1042"),
        ("", None),
        (None, None),
        (float("nan"), None),
        (12345678901234567, "12345678901234567"),
        (np.int64(9007199254740993), "9007199254740993"),
    ],
)
def test_a_person_id_is_text(raw, text):
    """Leading zeros stay, and two long numbers never become one person."""
    assert person_ids(np.array([raw], dtype=object)).tolist() == [text]


@pytest.mark.parametrize(
    ("raw", "cell"),
    [(True, 1.0), ("VIC ", "VIC"), (0, 0.0), ("-0", 0.0), (b"1", b"1"), (" nan", "nan"), ("inf", "inf"), ("1_0", "1_0")],
)
def test_a_normalised_cell(raw, cell):
    assert normalise(raw) == cell
    assert type(normalise(raw)) is type(cell)

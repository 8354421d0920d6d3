"""Two hundred real public-use records per cycle: our scores are Statistics Canada's own derived variables.

Adapted from Statistics Canada, CCHS 2007-2008 and 2015-2016 public use files (Open Licence), through cchsflow; this is
not an endorsement by Statistics Canada.
"""

import numpy as np
import pytest

from pipeline.definitions.binding import fitting_names
from pipeline.definitions.load import load_instrument
from pipeline.definitions.study import WaveBinding
from pipeline.scoring.wave import ENGINES, score_columns
from pipeline.sources.binding import bind_instrument
from pipeline.sources.read import read_table
from pipeline.store import Reason
from tests import forms

ONE, TWO, THREE = {6, 7, 8, 9}, {96, 97, 98, 99}, {996, 997, 998, 999}  # reserved codes by the variable's width
OLD, NEW = "cchs_2007_2008.csv", "cchs_2015_2016.csv"
DERIVED = [
    (OLD, "cchs_general", "perceived_health", "GENDHDI", ONE),
    (OLD, "cchs_general", "perceived_mental_health", "GENDMHI", ONE),
    (OLD, "cchs_distress", "k6", "DISDK6", TWO),
    (OLD, "cchs_distress", "k10", "DISDDSX", TWO),
    (OLD, "cchs_alcohol", "drinker_type", "ALCDTTM", ONE),
    (OLD, "cchs_alcohol", "week_total", "ALWDWKY", THREE),
    (OLD, "cchs_alcohol", "day_average", "ALWDDLY", THREE),
    (OLD, "cchs_smoking", "smoking_status_2007", "SMKDSTY", TWO),
    (NEW, "cchs_general", "perceived_health", "GENDVHDI", ONE),
    (NEW, "cchs_general", "perceived_mental_health", "GENDVMHI", ONE),
    (NEW, "cchs_alcohol", "drinker_type", "ALCDVTTM", ONE),
    (NEW, "cchs_alcohol", "week_total", "ALWDVWKY", THREE),
    (NEW, "cchs_alcohol", "day_average", "ALWDVDLY", THREE),
    (NEW, "cchs_smoking", "smoking_status", "SMKDVSTY", TWO),
]


def scored(gold, file, name, engine="kernel"):
    """The file's own columns, and our scores; the name set is found by the column names."""
    table = read_table(gold, file)
    instrument = load_instrument(name)
    (names,) = fitting_names(instrument, list(table.columns))
    not_asked = tuple(item for item in instrument.item_ids if item not in names.columns)
    bound = bind_instrument(instrument, WaveBinding(columns=names.columns, not_asked=not_asked), table, {})
    assert bound.absent == ()
    assert not any((column.reasons == Reason.OUT_OF_RANGE).any() for column in bound.columns.values())
    return table, score_columns(instrument, bound.columns, len(table), engine)


def derived(table, variable, reserved):
    codes = table.columns[variable].astype(float)
    return np.where(np.isin(codes, list(reserved)), np.nan, codes)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("file", "instrument", "scale", "variable", "reserved"), DERIVED, ids=[f"{d[0]}-{d[3]}" for d in DERIVED]
)
def test_a_derived_variable(gold, file, instrument, scale, variable, reserved, engine):
    table, scores = scored(gold, file, instrument, engine)
    expected = derived(table, variable, reserved)
    assert len(expected) == 200
    np.testing.assert_array_equal(scores[scale].values, expected)


def test_satisfaction_with_life_by_its_bands(gold):
    """GENDVSWL: 1 is 9 to 10, 2 is 6 to 8, 3 is 5, 4 is 2 to 4, 5 is 0 to 1; 9 is not stated."""
    table, scores = scored(gold, NEW, "cchs_general")
    bands = load_instrument("cchs_general").scales["life_satisfaction"].bands
    values = scores["life_satisfaction"].values
    codes = [
        np.nan if np.isnan(value) else next(b.code for b in bands if b.upto is None or value <= b.upto) for value in values
    ]
    assert all(band.below is None for band in bands)
    np.testing.assert_array_equal(codes, derived(table, "GENDVSWL", ONE))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("gate", "skipped", "answer", "expected"),
    [
        # instruments.md 5.3 (6) and 9: C counts as "none of the time" only when B is 5 and C is a valid skip or blank
        (5, "c", 6, 0),
        (5, "c", None, 0),
        (5, "c", 3, 2),  # an answered C counts
        (5, "c", 9, None),  # not stated: the derived variable is 99
        (5, "c", 7, None),
        (4, "c", 6, None),
        (4, "c", None, None),
        (9, "c", 6, None),
        (None, "c", None, None),
        (5, "f", 6, 0),
        (5, "f", None, 0),
        (5, "f", 9, None),
        (4, "f", None, None),
        (5, "h", None, None),  # there is no skip from G to H
        (5, "h", 6, None),
    ],
)
def test_k10_skips(gate, skipped, answer, expected, engine):
    opener = {"c": "b", "f": "e", "h": "g"}[skipped]
    row = dict.fromkeys("abcdefghij", 5) | {opener: gate, skipped: answer}
    assert forms.score("cchs_distress", [row], engine)["k10"] == [expected]


@pytest.mark.parametrize(("week", "day"), [(0, 0), (3, 0), (4, 1), (10, 1), (11, 2), (24, 3), (25, 4)])
def test_drinks_a_day_are_rounded_half_up(week, day):
    """ALWDVDLY is round-half-up(week / 7), not its floor (instruments.md 5.3, 10)."""
    days = dict.fromkeys(("sunday", "monday", "tuesday", "wednesday", "thursday", "friday"), 0) | {"saturday": week}
    row = {"ever": 1, "past_year": 1, "frequency": 5, "drank_week": 1} | days
    scores = forms.score("cchs_alcohol", [row])
    assert (scores["week_total"], scores["day_average"]) == ([week], [day])

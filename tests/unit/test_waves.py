"""Who is in a wave and where they belong: filters, exclusions, withdrawn people, carried sites, facts, ready-made scores."""

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from pipeline.definitions.load import load
from pipeline.errors import InputError
from pipeline.sources.waves import read
from pipeline.store import Reason
from tests.small import answers, edit, people, write_study


@pytest.fixture
def folder(tmp_path):
    """Three people at each site at the start; the third of each is lost, and later a fourth is new."""
    waves = {
        "start": answers("start", people(1, 3), "N") + answers("start", people(101, 103), "S"),
        "later": answers("later", ["p004", "p002", "p001"], "N") + answers("later", people(102, 104), "S"),
    }
    return write_study(tmp_path / "small", waves)


def waves(folder):
    return read(load(folder))


def change(folder, wave, column, values):
    """Set a column of a wave's CSV, by person."""
    path = folder / "raw" / f"{wave}.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    if column not in frame:
        frame[column] = ""
    for person, value in values.items():
        frame.loc[frame["person"] == person, column] = value
    frame.to_csv(path, index=False)


def words(column):
    return [Reason(reason).word for reason in column.reasons]


def test_rows_keep_their_order_and_their_numbers(folder):
    start, later = waves(folder)
    assert later.persons.tolist() == ["p004", "p002", "p001", "p102", "p103", "p104"]
    assert later.source_rows.tolist() == [2, 3, 4, 5, 6, 7]
    assert start.sites.tolist() == ["north"] * 3 + ["south"] * 3
    assert start.site_raw.tolist() == ["N"] * 3 + ["S"] * 3
    assert (start.absent, start.excluded) == ((), {})


def test_a_long_view_has_a_row_per_answer(folder):
    change(folder, "start", "a", {"p002": "8"})
    rows = list(waves(folder)[0].long())
    assert len(rows) == 6 * 3
    assert rows[1] == ("p002", "start", "mood", "a", None, "refused")
    assert rows[0][:4] == ("p001", "start", "mood", "a")
    assert rows[0][5] == ""


def test_a_filter_picks_rows_and_counts_the_others(folder):
    change(folder, "start", "form", {"p001": "full", "p002": " full", "p003": "2.0", "p101": "1", "p102": "02"})
    edit(folder / "study.toml", 'file = "raw/start.csv"', 'file = "raw/start.csv"\nfilter = { form = ["full", 2] }')
    start, later = waves(folder)
    assert start.persons.tolist() == ["p001", "p002", "p003", "p102"]
    assert start.source_rows.tolist() == [2, 3, 4, 6]
    assert start.excluded == {"form is not full or 2": 2}
    assert later.excluded == {}


def test_a_filter_by_a_column_that_is_not_there_is_named(folder):
    """A rule that cannot run is a failure: otherwise everybody would be in."""
    edit(folder / "study.toml", 'file = "raw/start.csv"', 'file = "raw/start.csv"\nfilter = { sight = ["N"] }')
    (absent,) = waves(folder)[0].absent
    assert (absent.use, absent.column, absent.hint) == ("the filter", "sight", "Did you mean 'site'?")


def test_whoever_is_excluded_at_the_start_is_left_out_everywhere(folder):
    edit(folder / "study.toml", 'site = "site"', 'site = "site"\nexclude = { pain = [999], gender = ["9"] }')
    change(folder, "start", "pain", {"p001": "999"})
    change(folder, "start", "gender", {"p102": "9"})
    start, later = waves(folder)
    assert start.persons.tolist() == ["p002", "p003", "p101", "p103"]
    assert later.persons.tolist() == ["p004", "p002", "p103", "p104"]
    assert start.excluded == later.excluded == {"person with pain 999": 1, "person with gender 9": 1}


def test_a_later_value_excludes_nobody(folder):
    edit(folder / "study.toml", 'site = "site"', 'site = "site"\nexclude = { pain = [999] }')
    change(folder, "later", "pain", {"p001": "999"})
    assert [len(wave) for wave in waves(folder)] == [6, 6]


def test_a_later_value_excludes_nobody_in_one_long_file_either(folder):
    frames = [pd.read_csv(folder / "raw" / f"{wave}.csv").assign(wave=number) for number, wave in enumerate(("start", "later"))]
    frames[1].loc[frames[1]["person"] == "p001", "pain"] = 999
    pd.concat(frames).to_csv(folder / "raw" / "long.csv", index=False)
    edit(folder / "study.toml", 'file = "raw/start.csv"', 'file = "raw/long.csv"\nfilter = { wave = [0] }')
    edit(folder / "study.toml", 'file = "raw/later.csv"', 'file = "raw/long.csv"\nfilter = { wave = [1] }')
    edit(folder / "study.toml", 'site = "site"', 'site = "site"\nexclude = { pain = [999] }')
    assert [len(wave) for wave in waves(folder)] == [6, 6]


def test_an_exclusion_by_a_column_that_is_not_there_is_named(folder):
    edit(folder / "study.toml", 'site = "site"', 'site = "site"\nexclude = { pian = [999] }')
    start, later = waves(folder)
    assert [(absent.column, absent.hint) for absent in start.absent] == [("pian", "Did you mean 'pain'?")]
    assert later.absent == ()


def test_who_took_back_consent_is_gone_from_everywhere(folder):
    (folder / "withdrawn.csv").write_text("person,on\n p001 ,2024-05-01\n\np102,\np999,\n,2024-05-02\n", encoding="utf-8")
    start, later = waves(folder)
    assert start.persons.tolist() == ["p002", "p003", "p101", "p103"]
    assert later.persons.tolist() == ["p004", "p002", "p103", "p104"]
    for wave in (start, later):
        assert wave.excluded["withdrawn"] == 2
        assert {len(c.codes) for c in wave.columns.values()} == {4}
        assert len(wave.scores["pain"].raw) == len(wave.facts["gender"]) == len(wave.dates) == 4
        assert not any(row[0] in ("p001", "p102") for row in wave.long())


def test_a_withdrawn_number_is_found_in_a_file_that_holds_numbers(folder):
    for wave in ("start", "later"):
        change(folder, wave, "person", {"p001": "1042"})
    frame = pd.read_csv(folder / "raw" / "start.csv")
    frame["person"] = [1042.0, 2, 3, 101, 102, 103]
    pyreadstat.write_sav(frame, str(folder / "raw" / "start.sav"))
    edit(folder / "study.toml", "raw/start.csv", "raw/start.sav")
    (folder / "withdrawn.csv").write_text("person\n1042\n", encoding="utf-8")
    start, later = waves(folder)
    assert "1042" not in [*start.persons, *later.persons]
    assert [start.excluded, later.excluded] == [{"withdrawn": 1}] * 2


def test_a_list_of_withdrawn_people_that_cannot_be_read_stops_everything(folder):
    (folder / "withdrawn.csv").write_text("id\np001\n", encoding="utf-8")
    with pytest.raises(InputError, match="no column 'person'"):
        waves(folder)
    (folder / "withdrawn.csv").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="the file is empty"):
        waves(folder)


def test_a_missing_file_names_the_nearest_one(folder):
    edit(folder / "study.toml", "raw/later.csv", "raw/latter.csv")
    with pytest.raises(InputError, match=r"no such file; expected the wave's answers. Did you mean 'later.csv'?") as caught:
        waves(folder)
    assert caught.value.exit_code == 11


def test_a_site_is_carried_from_one_wave_to_the_others(folder):
    edit(folder / "study.toml", 'site = "site"', 'site = "site"\nsite_at = "start"')
    change(folder, "later", "site", {"p001": "S"})
    start, later = waves(folder)
    assert start.sites.tolist() == ["north"] * 3 + ["south"] * 3
    assert later.sites.tolist() == [None, "north", "north", "south", "south", None]
    assert later.site_raw.tolist() == [None, "N", "N", "S", "S", None]


def test_a_carried_site_needs_no_column(folder):
    edit(folder / "study.toml", 'site = "site"', 'site = "site"\nsite_at = "start"')
    path = folder / "raw" / "later.csv"
    pd.read_csv(path).drop(columns="site").to_csv(path, index=False)
    start, later = waves(folder)
    assert later.sites.tolist() == [None, "north", "north", "south", "south", None]
    assert start.absent == later.absent == ()


def test_an_unknown_site_stays_as_it_was_written(folder):
    change(folder, "start", "site", {"p001": "north", "p002": "", "p003": " N "})
    start, _ = waves(folder)
    assert start.sites.tolist()[:3] == [None, None, "north"]
    assert start.site_raw.tolist()[:3] == ["north", None, "N"]


def test_site_codes_may_be_numbers_or_text(folder):
    edit(folder / "study.toml", 'codes = ["N"]', 'codes = [1, "N"]')
    change(folder, "start", "site", {"p001": "1", "p002": "1.0", "p003": "01"})
    assert waves(folder)[0].sites.tolist()[:3] == ["north"] * 3


def test_facts_are_positions_among_the_declared_values(folder):
    change(folder, "start", "gender", {"p001": "2", "p002": "", "p003": "7", "p101": "1.0"})
    assert waves(folder)[0].facts["gender"].tolist()[:4] == [1, None, -1, 0]


def test_facts_are_asked_at_the_start(folder):
    for wave in ("start", "later"):
        path = folder / "raw" / f"{wave}.csv"
        pd.read_csv(path).drop(columns="gender").to_csv(path, index=False)
    start, later = waves(folder)
    assert [(absent.use, absent.column) for absent in start.absent] == [("gender", "gender")]
    assert later.absent == ()


def test_a_ready_made_score_stays_inside_its_range(folder):
    edit(
        folder / "study.toml", 'file = "raw/start.csv"', 'file = "raw/start.csv"\nmissing = { refused = [-9], skipped = [50] }'
    )
    change(folder, "start", "pain", {"p001": "0", "p002": "100.0", "p003": "100.1", "p101": "-9", "p102": "", "p103": "50"})
    pain = waves(folder)[0].scores["pain"]
    assert words(pain) == ["answered", "answered", "out_of_range", "refused", "skipped", "skipped"]
    np.testing.assert_array_equal(pain.codes, [0, 100, np.nan, np.nan, np.nan, np.nan])
    assert pain.raw.tolist() == [0, 100, 100.1, -9, None, 50]


@pytest.mark.parametrize("raw", ["nan", "1e308", "x", "inf"])
def test_a_ready_made_score_that_is_no_number(folder, raw):
    change(folder, "start", "pain", {"p001": raw})
    assert words(waves(folder)[0].scores["pain"])[0] == "out_of_range"


def test_a_ready_made_score_that_spss_calls_missing_is_none(folder):
    """99 lies inside the range; the file says that it is no score."""
    frame = pd.read_csv(folder / "raw" / "start.csv")
    frame["pain"] = [99.0, 98.0, 97.0, 10.0, 20.0, 30.0]
    pyreadstat.write_sav(
        frame, str(folder / "raw" / "start.sav"), missing_ranges={"pain": [97, 98, 99]},
        variable_value_labels={"pain": {98: "Don't know", 99: "Refused"}},
    )  # fmt: skip
    edit(folder / "study.toml", "raw/start.csv", "raw/start.sav")
    pain = waves(folder)[0].scores["pain"]
    assert words(pain) == ["refused", "dont_know", "out_of_range", "answered", "answered", "answered"]
    np.testing.assert_array_equal(pain.codes, [np.nan, np.nan, np.nan, 10, 20, 30])


def test_an_instrument_that_was_not_asked_has_no_columns(folder):
    edit(folder / "study.toml", 'columns = "{item}"', 'columns = "{item}"\nasked_at = ["start"]')
    start, later = waves(folder)
    assert list(start.items("mood")) == ["a", "b", "c"]
    assert later.items("mood") == {}


def test_waves_may_call_their_columns_differently(folder):
    path = folder / "raw" / "later.csv"
    pd.read_csv(path).rename(columns={"a": "M_a", "b": "M_b"}).drop(columns="c").to_csv(path, index=False)
    later = '\n\n[instruments.mood.waves.later]\ncolumns = "M_{item}"\nnot_asked = ["c"]'
    edit(folder / "study.toml", 'columns = "{item}"', 'columns = "{item}"' + later)
    start, later = waves(folder)
    assert [column.source for column in start.items("mood").values()] == ["a", "b", "c"]
    assert [column.source for column in later.items("mood").values()] == ["M_a", "M_b", ""]
    assert words(later.items("mood")["c"]) == ["not_asked"] * 6
    assert later.absent == ()

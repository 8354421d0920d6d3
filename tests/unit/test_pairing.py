"""People are linked by their ids and by nothing else; whoever is lost, new or moved is counted; the counts add up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.definitions.load import load
from pipeline.pairing.denominators import COLUMNS, PEOPLE, Denominator, as_rows, denominators
from pipeline.pairing.link import ALL, Linked, link
from pipeline.pairing.reasons import missing_answers
from pipeline.scoring.wave import score_wave
from pipeline.sources.waves import read
from tests.small import Row, answers, edit, people, small_waves, write_study, write_wave

OUTCOMES = ["mood.total", "pain"]


def linked(folder: Path) -> Linked:
    definitions = load(folder)
    stores = read(definitions)
    return link(definitions, stores, [score_wave(store, definitions.instruments) for store in stores])


def of_waves(folder: Path, waves: dict[str, list[Row]]) -> Linked:
    return linked(write_study(folder, waves))


def table(found: Linked) -> dict[tuple[str, str], Denominator]:
    return {(row.site, row.outcome): row for row in denominators(found, OUTCOMES)}


def moods(rows: list[Row]) -> dict[object, float]:
    return {row["person"]: sum(float(str(row[item])) for item in "abc") for row in rows}


def test_scores_stand_beside_each_other_by_person(tmp_path: Path) -> None:
    waves = small_waves()
    found = of_waves(tmp_path, waves)
    start, later = moods(waves["start"]), moods(waves["later"])
    assert found.persons == tuple(sorted({*start, *later}, key=str))
    for person, row in zip(found.persons, found.scores["mood.total"], strict=True):
        expected = [start.get(person, np.nan), later.get(person, np.nan)]
        assert np.array_equal(row, expected, equal_nan=True)


def test_the_order_of_rows_does_not_matter(tmp_path: Path) -> None:
    waves = small_waves()
    rng = np.random.default_rng(1)
    shuffled = {name: [rows[i] for i in rng.permutation(len(rows))] for name, rows in waves.items()}
    one, other = of_waves(tmp_path / "one", waves), of_waves(tmp_path / "other", shuffled)
    assert one.persons == other.persons
    for name in OUTCOMES:
        assert np.array_equal(one.scores[name], other.scores[name], equal_nan=True)
    assert np.array_equal(one.sites, other.sites)
    assert np.array_equal(one.facts["gender"], other.facts["gender"])
    assert denominators(one, OUTCOMES) == denominators(other, OUTCOMES)


def test_lost_and_new_people_are_counted_not_dropped(tmp_path: Path) -> None:
    found = table(of_waves(tmp_path, small_waves()))
    counted = {site: found[site, PEOPLE] for site in ("north", "south", ALL)}
    assert [as_rows([row])[0][2:7] for row in counted.values()] == [(18, 16, 12, 6, 4), (16, 15, 10, 6, 5), (34, 31, 22, 12, 9)]


SPOILERS: dict[str, Callable[[dict[str, list[Row]]], object]] = {
    "as it is": lambda waves: None,
    "a missing answer at the start": lambda waves: waves["start"][8].update(a=""),
    "a refusal later": lambda waves: waves["later"][3].update(b=8),
    "no pain at all at one site": lambda waves: [row.update(pain="") for row in waves["later"] if row["site"] == "S"],
    "everybody lost": lambda waves: waves["later"].__delitem__(slice(1, None)),
    "everybody stayed": lambda waves: waves.update(later=[row | {"day": "2025-01-15"} for row in waves["start"]]),
}


@pytest.mark.parametrize("spoiler", SPOILERS)
def test_the_denominators_add_up(tmp_path: Path, spoiler: str) -> None:
    waves = small_waves()
    SPOILERS[spoiler](waves)
    found = of_waves(tmp_path, waves)
    rows = denominators(found, OUTCOMES)
    for row in rows:
        assert row.people_baseline == row.people_both + row.people_lost
        assert row.people_followup == row.people_both + row.people_new
        assert row.scored_both <= min(row.scored_baseline, row.scored_followup)
        assert row.scored_baseline <= row.people_baseline
        assert row.scored_followup <= row.people_followup
        if row.outcome == PEOPLE:
            assert (row.scored_baseline, row.scored_both) == (row.people_baseline, row.people_both)
        if row.site == ALL:
            parts = [part for part in rows if part.outcome == row.outcome and part.site != ALL]
            for column in COLUMNS[2:]:
                assert getattr(row, column) == sum(getattr(part, column) for part in parts), column
        if row.outcome != PEOPLE:
            assert row.scored_both == len(found.pairs(row.outcome, row.site).complete)
    everybody = table(found)[ALL, PEOPLE]
    assert everybody.people_baseline + everybody.people_new == len(found.persons)


def test_a_missing_answer_takes_one_pair_of_one_outcome(tmp_path: Path) -> None:
    waves = small_waves()
    waves["later"][0]["a"] = ""  # p007, who was there at the start
    found = table(of_waves(tmp_path, waves))
    assert (found["north", "mood.total"].scored_both, found["north", "pain"].scored_both) == (11, 12)
    assert found["north", "mood.total"].people_both == 12


def test_movers_count_at_the_site_where_they_began(tmp_path: Path) -> None:
    waves = small_waves()
    for row in waves["later"][:2]:
        row["site"] = "S"  # p007 and p008 began in the north
    found = of_waves(tmp_path, waves)
    assert found.movers == 2
    assert table(found)["north", PEOPLE].people_both == 12
    # Who is new is at home where first seen.
    waves["later"][-1]["site"] = "N"
    assert table(of_waves(tmp_path, waves))["north", PEOPLE].people_new == 5


def test_facts_are_those_of_the_first_wave_in_which_a_person_was_seen(tmp_path: Path) -> None:
    waves = small_waves()
    for row in waves["later"]:
        row["gender"] = 1
    waves["start"][0]["gender"] = ""
    found = of_waves(tmp_path, waves)
    facts = dict(zip(found.persons, found.facts["gender"], strict=True))
    assert facts["p001"] is None
    assert [facts[person] for person in ("p007", "p008")] == [0, 1]  # as at the start
    assert facts["p022"] == 0  # new


def test_people_without_a_known_site_are_in_nobodys_numbers(tmp_path: Path) -> None:
    waves = small_waves()
    waves["later"][0]["site"] = ""
    waves["start"][1]["person"] = ""
    found = of_waves(tmp_path, waves)
    assert table(found)[ALL, PEOPLE].people_both == 21
    assert "p002" not in found.persons
    assert "p007" in found.persons  # seen at the start, with a site


def test_leading_zeros_belong_to_an_id(tmp_path: Path) -> None:
    waves = small_waves()
    for row in waves["later"]:
        row["person"] = str(row["person"]).replace("p0", "p00")
    assert table(of_waves(tmp_path, waves))[ALL, PEOPLE].people_both == 10  # the south, whose ids are p1..


def test_three_waves_compare_the_first_with_the_last(tmp_path: Path) -> None:
    waves = small_waves()
    folder = write_study(tmp_path, waves)
    middle = '[[waves]]\nid = "middle"\nlabel = { en = "in between" }\nfile = "raw/middle.csv"\n\n[[waves]]\nid = "later"'
    edit(folder / "study.toml", '[[waves]]\nid = "later"', middle)
    write_wave(folder, "middle", answers("start", [*people(1, 6), "p500"], "N"))
    found = linked(folder)
    assert found.waves == ("start", "middle", "later")
    assert found.scores["mood.total"].shape == (len(found.persons), 3)
    pairs = found.pairs("mood.total", "north")
    assert pairs.contrast == "later-start"
    assert len(pairs.complete) == 12
    person = found.persons.index("p500")
    assert list(found.present[person]) == [False, True, False]
    # Who came only in between is neither at the start nor later, neither lost nor new.
    row = table(found)["north", PEOPLE]
    assert (row.people_baseline, row.people_followup, row.people_both, row.people_lost, row.people_new) == (18, 16, 12, 6, 4)


def asked(folder: Path, binding: str) -> dict[str, tuple[bool, ...]]:
    edit(folder / "study.toml", 'columns = "{item}"', f'columns = "{{item}}"\n{binding}')
    return linked(folder).asked


def test_an_instrument_of_one_wave_was_not_asked_in_the_other(tmp_path: Path) -> None:
    found = asked(write_study(tmp_path), 'asked_at = ["later"]')
    assert found == {"mood.total": (False, True), "pain": (True, True)}


@pytest.mark.parametrize(
    ("not_asked", "columns", "expected"),
    [('["a"]', '{ b = "b", c = "c" }', {"start": 34 * 2, "later": 31 * 3}), ('["a", "b", "c"]', "{}", {"later": 31 * 3})],
)
def test_a_scale_too_few_of_whose_items_were_asked_was_not_asked(
    tmp_path: Path, not_asked: str, columns: str, expected: dict[str, int]
) -> None:
    folder = write_study(tmp_path)
    found = asked(folder, f"waves.start.not_asked = {not_asked}\nwaves.start.columns = {columns}")
    assert found == {"mood.total": (False, True), "pain": (True, True)}
    # Missing answers leave out what was never asked.
    assert {row.wave: row.expected for row in missing_answers(read(load(folder)))} == expected


def test_a_scale_that_needs_fewer_items_was_asked(tmp_path: Path) -> None:
    folder = write_study(tmp_path)
    edit(folder / "instruments" / "mood.toml", "range = [3, 15]", "range = [3, 15]\nmin_answered = 2\nprorate = true")
    found = asked(folder, 'waves.start.not_asked = ["a"]\nwaves.start.columns = { b = "b", c = "c" }')
    assert found["mood.total"] == (True, True)


def test_missing_answers_by_their_reasons(tmp_path: Path) -> None:
    waves = small_waves()
    waves["later"][0]["a"], waves["later"][1]["a"], waves["later"][2]["b"] = 8, 8, ""
    stores = read(load(write_study(tmp_path, waves)))
    found = {row.wave: row for row in missing_answers(stores)}
    assert (found["later"].expected, found["later"].answered) == (93, 90)
    assert found["later"].reasons == (("refused", 2), ("skipped", 1))
    assert (found["start"].answered, found["start"].reasons) == (102, ())

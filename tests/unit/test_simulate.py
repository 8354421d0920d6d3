"""Simulated studies: what was planted is there, the same seed gives the same bytes, and files read back as drawn."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.definitions.load import load
from pipeline.errors import DefinitionError, InputError
from pipeline.pairing.link import link
from pipeline.scoring.wave import score_wave
from pipeline.simulate import draw, load_truth, simulate, true_changes
from pipeline.simulate.draw import draw_from
from pipeline.simulate.expected import expected_score, population
from pipeline.simulate.truth import Flow
from pipeline.sources.waves import read
from pipeline.store import Reason

EXAMPLE = Path(__file__).parents[2] / "data" / "example"
STILL = {"cchs_alcohol.week_total": 0.0}
Z = 4.5  # standard errors: with a few hundred comparisons, chance alone passes this once in more than a thousand runs


@pytest.fixture(scope="module")
def definitions():
    return load(EXAMPLE)


@pytest.fixture(scope="module")
def truth(definitions):
    return load_truth(definitions)


@pytest.fixture(scope="module")
def solved(definitions, truth):
    return population(definitions, truth)


@pytest.fixture(scope="module")
def many(definitions, truth):
    """The population, 20,000 people of it who answered both times, and their scores."""
    sites = {site: Flow(both=5000, lost=0, new=0) for site in truth.people.sites}
    source = population(definitions, truth.model_copy(update={"people": truth.people.model_copy(update={"sites": sites})}))
    stores = draw_from(source, 5)
    return source, stores, link(definitions, stores, [score_wave(store, definitions.instruments) for store in stores])


@pytest.fixture
def copy(tmp_path):
    """The example without its raw files, to be changed and simulated."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "example", ignore=shutil.ignore_patterns("raw", "build", "ledger")))


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def test_the_same_seed_gives_the_committed_bytes(copy):
    for path in simulate(copy):
        assert path.read_bytes() == (EXAMPLE / "raw" / path.name).read_bytes()


def test_the_sav_header_holds_no_clock(copy):
    assert simulate(copy)[0].read_bytes()[92:109] == b"01 Jan 0000:00:00"


def test_another_seed_gives_other_bytes(copy):
    edit(copy / "study.toml", "seed = 20190917", "seed = 20190918")
    for path in simulate(copy):
        assert path.read_bytes() != (EXAMPLE / "raw" / path.name).read_bytes()


def test_files_read_back_as_they_were_drawn(definitions, truth):
    drawn = draw(definitions, truth, definitions.study.study.seed)
    for written, meant in zip(read(definitions), drawn, strict=True):
        assert written.absent == ()
        assert list(written.persons) == list(meant.persons)
        assert list(written.sites) == list(meant.sites)
        assert [str(day) for day in written.dates] == [str(day) for day in meant.dates]
        assert written.columns.keys() == meant.columns.keys()
        for key, column in meant.columns.items():
            np.testing.assert_array_equal(written.columns[key].codes, column.codes, err_msg=str(key))
            np.testing.assert_array_equal(written.columns[key].reasons, column.reasons, err_msg=str(key))
        for fact, values in meant.facts.items():
            assert list(written.facts[fact]) == list(values)


def test_both_files_give_reasons_and_nothing_unknown(definitions):
    for store in read(definitions):
        found = {int(reason) for column in store.columns.values() for reason in column.reasons}
        expected = {Reason.ANSWERED, Reason.REFUSED, Reason.DONT_KNOW, Reason.NOT_APPLICABLE, Reason.SKIPPED}
        assert found == {int(reason) for reason in expected}


def test_the_csv_has_the_promised_shape():
    header, *rows = (EXAMPLE / "raw" / "year1.csv").read_text(encoding="utf-8").splitlines()
    columns = header.split(",")
    assert columns[:3] == ["person", "site", "proqol_01"]
    assert columns[31] == "proqol_30"
    assert columns[-4:] == ["age_group", "gender", "years_in_work", "answered_on"]
    assert {row.split(",")[1] for row in rows} == {"VIC", "VAN", "MRD", "COQ"}
    assert list((EXAMPLE / "raw").glob("*.csv")) == [EXAMPLE / "raw" / "year1.csv"]


def test_who_answers_when(definitions, solved):
    stores = draw_from(solved, 1)
    linked = link(definitions, stores, [{}, {}])
    assert [len(store) for store in stores] == [56, 50]
    assert [int(linked.present.all(axis=1)[linked.at(site)].sum()) for site in linked.site_ids] == [10, 9, 8, 9]
    assert linked.movers == 0
    assert all(re.fullmatch(r"P-\d{4}", person) for person in linked.persons)
    first, last = ([person for person in store.persons if person in stores[1 - w].persons] for w, store in enumerate(stores))
    assert sorted(first) == sorted(last)
    assert sum(a == b for a, b in zip(first, last, strict=True)) < 8
    for fact in definitions.study.person.facts:
        before, after = (dict(zip(store.persons, store.facts[fact], strict=True)) for store in stores)
        assert all(before[person] == after[person] for person in first)


def test_true_changes_are_those_of_a_large_sample(definitions, truth, many):
    _, _, linked = many
    for outcome, change in true_changes(definitions, truth).items():
        both = linked.pairs(outcome).complete
        seen = both[:, 1] - both[:, 0]
        assert abs(seen.mean() - change) < Z * seen.std() / np.sqrt(len(seen)), outcome


def test_every_outcome_asked_twice_has_a_truth(definitions, truth):
    outcomes = {outcome.scale for outcome in definitions.study.outcomes}
    assert outcomes - true_changes(definitions, truth).keys() == {"rose_recognition.total"}


def test_the_truth_of_a_total_is_the_sum_of_its_facets(definitions, truth):
    facets = [change for scale, change in truth.stated.items() if scale.startswith("jss.") and scale != "jss.total"]
    assert len(facets) == 9
    assert true_changes(definitions, truth)["jss.total"] == pytest.approx(sum(facets), abs=1e-9)


def test_answer_shares_are_those_planted(definitions, many):
    source, stores, _ = many
    for w, store in enumerate(stores):
        for (name, item), column in store.columns.items():
            if definitions.instruments[name].item_groups[item].asked_if:
                continue
            model = source.model.items[name, item]
            given = column.codes[column.reasons == Reason.ANSWERED]
            shares = model.shares(source.shifts * w)
            seen = np.array([(given == code).mean() for code in model.codes])
            assert (abs(seen - shares) < Z * np.sqrt(shares * (1 - shares) / len(given))).all(), (store.wave, name, item)


def test_a_routed_scale_has_an_exact_expectation_too(many):
    # K10 counts two items as "none of the time" for whom they are not asked: their share is a double integral.
    source, _, linked = many
    for w, shifts in enumerate((np.zeros_like(source.shifts), source.shifts)):
        seen = linked.scores["cchs_distress.k10"][:, w]
        seen = seen[~np.isnan(seen)]
        meant = expected_score(source.model, "cchs_distress.k10", shifts)
        assert abs(seen.mean() - meant) < Z * seen.std() / np.sqrt(len(seen))


def test_minimal_differences_are_half_the_planned_standard_deviation(definitions, many):
    _, _, linked = many
    primary = [outcome for outcome in definitions.study.outcomes if outcome.role == "primary"]
    for outcome in primary:
        assert outcome.mid == pytest.approx(np.nanstd(linked.scores[outcome.scale][:, 0]) / 2, rel=0.03)


def test_skips_are_respected_and_nobody_contradicts_themselves(many):
    _, stores, _ = many
    for store in stores:
        alcohol = store.items("cchs_alcohol")
        dry = alcohol["past_year"].codes == 2
        for item in ("frequency", "binge", "drank_week", "monday"):
            assert (alcohol[item].reasons[dry] == Reason.NOT_APPLICABLE).all()
        assert not ((alcohol["ever"].codes == 2) & (alcohol["past_year"].codes == 1)).any()


def test_one_instrument_more_moves_no_other_answer(definitions, truth, solved):
    study = definitions.study
    kept = {name: binding for name, binding in study.instruments.items() if name != "jss"}
    fewer = replace(
        definitions,
        study=study.model_copy(
            update={
                "instruments": kept,
                "outcomes": tuple(o for o in study.outcomes if not o.scale.startswith("jss.")),
            }
        ),
        instruments={name: instrument for name, instrument in definitions.instruments.items() if name != "jss"},
    )
    without = truth.model_copy(
        update={
            "traits": {name: t for name, t in truth.traits.items() if not (t.scale or "").startswith("jss.")},
            "derived": STILL,
            "nonresponse": {name: rates for name, rates in truth.nonresponse.items() if name != "jss"},
        }
    )
    for few, all_of_them in zip(draw(fewer, without, 7), draw_from(solved, 7), strict=True):
        assert list(few.persons) == list(all_of_them.persons)
        for key, column in few.columns.items():
            np.testing.assert_array_equal(column.codes, all_of_them.columns[key].codes)
            np.testing.assert_array_equal(column.reasons, all_of_them.columns[key].reasons)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[stability]", "[stabilty]", "unknown key 'stabilty'"),
        ('scale = "jss.pay"', 'scale = "jss.pey"', "Did you mean 'jss.pay'?"),
        ('"jss.total" = 4.8', '"jss.total" = 5.0', "expected 4.8, which follows from the planted changes"),
        ('"jss.total" = 4.8', "", "nothing is said of jss.total; expected its change, which is 4.8"),
        ("change = 1.5", "change = 40.0", "no movement of the traits gives a change of 40"),
        ("shares = [0.03, 0.07, 0.12, 0.27, 0.28, 0.23]", "shares = [0.1, 0.9]", "2 shares; expected 6, one an answer"),
        ("shares = [0.03, 0.07, 0.12, 0.27, 0.28, 0.23]", "shares = [0.1, 0.8]", "the shares sum to 0.9, not to 1"),
        ('items = ["mh4"]', 'items = ["mh3"]', "sf12_v1.mh4: its answers are not planted"),
        ("loadings = { mental_health = 0.70 }", "loadings = { mentl_health = 0.70 }", "Did you mean 'mental_health'?"),
        ("loadings = { mental_health = 0.70 }", "loadings = { mental_health = 0.9, pay = 0.9 }", "at most 100%"),
        ("coquitlam = {", "surrey = {", "nothing is said of 'coquitlam'"),
        ("gender = [0.42, 0.53, 0.05]", "gender = [0.4, 0.6]", "2 shares; expected 3"),
        (", refused = 99 }", " }", "no code in raw/baseline.sav for refused"),
    ],
)
def test_a_truth_that_does_not_fit_is_refused(copy, old, new, message):
    edit(copy / "truth.toml", old, new)
    with pytest.raises(DefinitionError, match=re.escape(message)):
        simulate(copy)
    assert not (copy / "raw" / "baseline.sav").exists()


def test_real_answers_are_never_overwritten(copy):
    edit(copy / "study.toml", "synthetic = true\n", "")
    with pytest.raises(DefinitionError, match="would overwrite real answers; expected synthetic = true"):
        simulate(copy)
    assert not (copy / "raw").exists()


def test_a_study_without_a_truth_file_is_told_so(copy):
    (copy / "truth.toml").unlink()
    with pytest.raises(InputError, match="no such file; expected the planted truths"):
        simulate(copy)

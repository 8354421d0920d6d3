"""Does every instrument file keep the contract, whatever it measures? New files are found by themselves."""

from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from pipeline.definitions.load import instrument_files, load_instrument
from pipeline.run.examples import wrong_examples
from pipeline.scoring.tables import MISSING, ROUTED, compile_instrument
from pipeline.scoring.wave import ENGINES
from tests import forms

ROOT = Path(__file__).parents[2]
FILES = [*instrument_files().values(), *sorted(ROOT.glob("data/*/instruments/*.toml"))]
PROMISED = ["sf12_v1", "sf36_v1", "proqol_5", "jss", "cchs_general", "cchs_distress", "cchs_alcohol", "cchs_smoking"]


def each(params):
    return pytest.mark.parametrize("file", params, ids=lambda path: path.stem)


@cache
def load(file):
    return load_instrument(file)


def test_the_library_holds_what_it_promises():
    assert set(PROMISED) <= {file.stem for file in FILES}


@each(FILES)
def test_states_its_licence_its_sources_and_an_example_with_its_source(file):
    instrument = load(file)
    assert instrument.licence.strip()
    assert instrument.terms.strip()
    assert all(source.text.strip() for source in instrument.sources)
    assert all(scale.sources for scale in instrument.scales.values())
    assert all(example.source.strip() and example.expect for example in instrument.examples)


@each(FILES)
def test_examples_come_out_on_both_executors(file):
    assert list(wrong_examples(load(file))) == []


@each(FILES)
@pytest.mark.parametrize("engine", ENGINES)
def test_an_undeclared_code_is_no_answer(file, engine):
    """A scale that needs every item is null; any other is what it would be with this item blank."""
    instrument = load(file)
    form = forms.complete_forms(instrument, 1)[0]
    groups = instrument.item_groups
    changed = [(item, form | {item: code}) for item, group in groups.items() for code in forms.undeclared(group)]
    # behind a gate an empty cell may stand for an answer; text never does
    gaps = [row | {item: "?" if groups[item].asked_if else None} for item, row in changed]
    spoilt = forms.score(instrument, [row for _, row in changed], engine)
    blank = forms.score(instrument, gaps, engine)
    for name, scale in instrument.scales.items():
        needed = items_of(instrument, name)
        strict = scale.is_primary and scale.min_answered in (None, len(needed))
        for (item, row), found, without in zip(changed, spoilt[name], blank[name], strict=True):
            assert found == without, (name, item, row[item])
            if strict and item in needed:
                assert found is None, (name, item, row[item])


def items_of(instrument, name):
    """The items that a scale reads, those of its terms among them."""
    scale = instrument.scales[name]
    return {*scale.needed_items, *(item for term in scale.terms for item in items_of(instrument, term.scale))}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("nothing", [None, float("nan"), 9, 0.5, "refused"])
def test_sf12_has_no_score_without_any_one_answer(engine, nothing):
    """Hanmer's SAS code: 'if any data are missing, MCS and PCS will be missing'. A gap must never read as best health."""
    instrument = load_instrument("sf12_v1")
    form = forms.complete_forms(instrument, 1)[0]
    scored = forms.score(instrument, [form | {item: nothing} for item in instrument.item_ids], engine)
    assert scored == {"pcs": [None] * 12, "mcs": [None] * 12}


@each(FILES)
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("nothing", [None, float("nan"), 0.5, "refused"])
def test_nothing_answered_is_no_score(file, engine, nothing):
    instrument = load(file)
    rows = [dict.fromkeys(instrument.item_ids, nothing)] * 2
    assert forms.score(instrument, rows, engine) == {name: [None, None] for name in instrument.scales}
    assert forms.answered(instrument, rows, engine) == {name: [0, 0] for name in instrument.scales}


@each(FILES)
def test_reversing_twice_is_identity(file):
    instrument = load(file)
    for scale in compile_instrument(instrument).primary:
        definition = instrument.scales[scale.name]
        for table in scale.tables:
            answers = np.array(instrument.item_groups[table.item].answers)
            if table.item in definition.reverse:
                row = np.atleast_2d(table.values)[0, : len(answers)]
                twice = row[np.searchsorted(answers, row)]
                assert twice.tolist() == answers.tolist(), (scale.name, table.item)
                assert row.tolist() == answers[::-1].tolist(), (scale.name, table.item)


@each(FILES)
@pytest.mark.parametrize("engine", ENGINES)
def test_the_order_of_columns_changes_nothing(file, engine):
    instrument = load(file)
    rows = forms.complete_forms(instrument, 5)
    shuffled = np.random.default_rng(2).permutation(instrument.item_ids).tolist()
    assert shuffled != list(instrument.item_ids)
    assert forms.score(instrument, rows, engine, shuffled) == forms.score(instrument, rows, engine)


@each(FILES)
def test_the_declared_range_is_the_reachable_one(file):
    """Every combination of answers and gaps that gives a score, by way of the compiled tables."""
    instrument = load(file)
    reached = {scale.name: reachable(scale) for scale in compile_instrument(instrument).primary}
    for name, scale in instrument.scales.items():
        if scale.kind == "combination":
            reached[name] = reachable_combination(instrument, scale, reached)
        if scale.kind != "category":
            assert reached[name] == pytest.approx(scale.range, abs=5.1e-6), name


def reachable(scale):
    """The lowest and highest score. Once the gates' states are fixed, the items no longer depend on each other."""
    tables = {table.item: table for table in scale.tables}
    gates = sorted({table.gate for table in scale.tables if table.gate is not None})
    sizes = {table.gate: len(table.values) for table in scale.tables if table.gate is not None}
    lowest, highest = np.inf, -np.inf
    for states in product(*(range(sizes[gate]) for gate in gates)):
        fixed = dict(zip(gates, states, strict=True))
        sums = {0: (0.0, 0.0)}  # by number of answered items: the lowest and highest sum of contributions
        for item, table in tables.items():
            row = table.values if table.gate is None else table.values[fixed[table.gate]]
            choices = row[[fixed[item]]] if item in fixed else row
            sums = extended(sums, choices)
        for count, ends in sums.items():
            if count >= scale.min_answered:
                scores = [scale.constant + scale.factor * total * (scale.base or count) / count for total in ends]
                lowest, highest = min(lowest, *scores), max(highest, *scores)
    return lowest, highest


def extended(sums, choices):
    """The sums after one more item, which may be answered in any of these ways or, where one is NaN, not at all."""
    known = choices[~np.isnan(choices)]
    longer = {}
    for count, (low, high) in sums.items():
        ways = [(count, low, high)] if len(known) < len(choices) else []
        ways += [(count + 1, low + known.min(), high + known.max())] if len(known) else []
        for reached, *ends in ways:
            old = longer.get(reached, (np.inf, -np.inf))
            longer[reached] = (min(old[0], ends[0]), max(old[1], ends[1]))
    return longer


def reachable_combination(instrument, scale, reached):
    """Interval arithmetic, which is exact only where no item stands in two of the terms."""
    items = [item for term in scale.terms for item in instrument.scales[term.scale].needed_items]
    assert len(items) == len(set(items)), "terms share items: intervals alone do not give the reachable range"
    ends = [sorted(t.weight * (end - t.mean) / t.sd for end in reached[t.scale]) for t in scale.terms]
    scores = [scale.constant + scale.factor * sum(side) for side in zip(*ends, strict=True)]
    return tuple(sorted(np.floor(score + 0.5) if scale.round else score for score in scores))


def test_the_last_two_states_are_routed_and_missing():
    """What `reachable` takes for granted about compiled tables."""
    assert (ROUTED, MISSING) == (-2, -1)
    for scale in compile_instrument(load_instrument("cchs_distress")).primary:
        assert all(np.isnan(np.atleast_2d(table.values)[:, MISSING]).all() for table in scale.tables)

"""Filled forms for tests: rows of raw answers, bound and scored like a file's."""

import numpy as np

from pipeline.definitions.load import load_instrument
from pipeline.definitions.study import WaveBinding
from pipeline.scoring.wave import score_columns
from pipeline.sources.binding import bind_instrument
from pipeline.sources.raw import RawTable


def table(rows, columns, source="form"):
    """A raw table with a row per dict; a key that a row lacks is an empty cell."""
    return RawTable(
        source,
        {name: np.array([row.get(name) for row in rows], dtype=object) for name in columns},
        np.arange(1, len(rows) + 1),
    )


def bound(instrument, rows, columns=None, **missing):
    """The columns of an instrument, from rows of raw answers by item id; `columns` is their order in the file."""
    source = table(rows, columns or instrument.item_ids)
    return bind_instrument(instrument, WaveBinding(columns="{item}"), source, missing).columns


def score(instrument, rows, engine="kernel", columns=None):
    """Every scale of an instrument (an id, a file or a definition) for rows of raw answers: lists with None for no score."""
    definition = load_instrument(instrument) if not hasattr(instrument, "scales") else instrument
    scored = score_columns(definition, bound(definition, rows, columns), len(rows), engine)
    return {name: [None if np.isnan(v) else v for v in scale.values.tolist()] for name, scale in scored.items()}


def answered(instrument, rows, engine="kernel"):
    """How many items counted, per scale and row."""
    scored = score_columns(instrument, bound(instrument, rows), len(rows), engine)
    return {name: scale.answered.tolist() for name, scale in scored.items()}


def complete_forms(instrument, count, seed=1):
    """Forms on which every item has a declared answer, drawn at random but always alike."""
    draw = np.random.default_rng(seed)
    return [{item: int(draw.choice(g.answers)) for item, g in instrument.item_groups.items()} for _ in range(count)]


def undeclared(group):
    """Raw values that an item neither declares as answers nor reserves."""
    known = {*group.answers, *(code for codes in group.reserved.values() for code in codes)}
    return [code for code in (9, -1, 0.5, 0, 7, 99, 1e308) if code not in known]

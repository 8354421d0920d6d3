"""Do both executors say the same of any answers, on every kind of frame?"""

from functools import cache
from itertools import product
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.definitions.load import instrument_files, load_instrument
from pipeline.scoring import expression, kernel
from pipeline.scoring.tables import compile_instrument
from tests import forms

INVENTED = Path(__file__).with_name("invented.toml")
FILES = [*instrument_files().values(), INVENTED]
WRONG = (9, 7, -1, 0.5, 1e308, float("inf"), float("nan"), None)
ROWS = 6


@cache
def compiled(file):
    return compile_instrument(load_instrument(file))


def gated(file):
    """The items that are asked only after some answers to others."""
    return {item: group for item, group in load_instrument(file).item_groups.items() if group.asked_if}


def pandas_frame(cells):
    return pd.DataFrame({item: np.array([np.nan if v is None else v for v in column], float) for item, column in cells.items()})


def polars_frame(cells):
    return pl.DataFrame(cells, schema=dict.fromkeys(cells, pl.Float64))


def duckdb_frame(cells):
    return duckdb.from_arrow(
        pa.table({item: pa.array(column, pa.float64(), from_pandas=False) for item, column in cells.items()})
    )


FRAMES = {
    "pandas": (pandas_frame, lambda frame: frame),
    "polars": (polars_frame, lambda frame: frame.to_pandas()),
    "polars lazy": (lambda cells: polars_frame(cells).lazy(), lambda frame: frame.collect().to_pandas()),
    "duckdb": (duckdb_frame, lambda frame: frame.df()),
}


@st.composite
def answers(draw, file):
    """Columns of raw answers: mostly declared ones, some reserved, undeclared, blank or NaN, and a row of nothing."""
    groups = load_instrument(file).item_groups
    picks = draw(arrays(np.uint16, (ROWS, len(groups)), elements=st.integers(0, 999)))
    holes = draw(st.lists(st.tuples(st.integers(0, ROWS - 1), st.sampled_from(list(groups)), st.integers(0, 999)), max_size=12))
    cells = {item: [group.answers[pick % len(group.answers)] for pick in column]
             for (item, group), column in zip(groups.items(), picks.T.tolist(), strict=True)}  # fmt: skip
    for row, item, pick in holes:
        reserved = [code for codes in groups[item].reserved.values() for code in codes]
        gaps = [*WRONG, None, *reserved]
        cells[item][row] = gaps[pick % len(gaps)]
    return {item: [*column, None] for item, column in cells.items()}


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_the_executors_agree(file):
    agree_on_many(file)


def agree_on_many(file):
    @settings(max_examples=15, deadline=None, derandomize=True, database=None, phases=[Phase.generate, Phase.shrink])
    @given(answers(file))
    def agree(cells):
        rows = [dict(zip(cells, row, strict=True)) for row in zip(*cells.values(), strict=True)]
        fast = kernel.score(compiled(file), forms.bound(compiled(file).instrument, rows), len(rows))
        for make, back in FRAMES.values():
            same(fast, back(expression.score(compiled(file), make(cells))))

    agree()


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("file", [file for file in FILES if gated(file)], ids=lambda path: path.stem)
def test_the_executors_agree_on_every_pair_of_a_gate_and_what_is_behind_it(file, frame):
    """Whether a gap counts as an answer is decided by two items at once, which draws at random seldom meet."""
    instrument = compiled(file).instrument
    form = {item: group.answers[0] for item, group in instrument.item_groups.items()}
    rows = [
        form | {gate: opened, item: found}
        for item, group in gated(file).items()
        for gate in group.asked_if
        for opened, found in product(possible(instrument.item_groups[gate]), possible(group))
    ]
    make, back = FRAMES[frame]
    fast = kernel.score(compiled(file), forms.bound(instrument, rows), len(rows))
    same(fast, back(expression.score(compiled(file), make({item: [row[item] for row in rows] for item in form}))))


def possible(group):
    reserved = [code for codes in group.reserved.values() for code in codes]
    return [*group.answers[:8], *reserved, *WRONG]


def same(fast, frame):
    for name, scored in fast.items():
        slow = frame[name].to_numpy(dtype=float, na_value=np.nan)
        np.testing.assert_allclose(slow, scored.values, rtol=0, atol=1e-9, equal_nan=True, err_msg=name)
        assert frame[f"{name}__answered"].tolist() == scored.answered.tolist(), name

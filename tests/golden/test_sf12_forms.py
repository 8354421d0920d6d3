"""Ten published SF-12 forms, and every weight against an independent typing."""

import csv
from pathlib import Path

import pytest

from pipeline.definitions.load import load_instrument
from pipeline.scoring.wave import ENGINES
from tests import forms

# shared/gold/sf12v1_weights.csv: Ware, Kosinski and Keller 1996, as in six public programs that agree
WEIGHTS = Path(__file__).with_name("sf12v1_weights.csv")


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("engine", ENGINES)
def test_ten_published_forms(gold, engine):
    """Sample of the Italian SF-12 manual through the R package lbscorer, five decimals."""
    rows = rows_of(gold / "sf12_v1_forms.csv")
    answers = [{item.lower(): int(row[item.upper()]) for item in load_instrument("sf12_v1").item_ids} for row in rows]
    scored = forms.score("sf12_v1", answers, engine)
    assert len(rows) == 10
    for scale in ("pcs", "mcs"):
        published = [float(row[f"{scale.upper()}12_gold"]) for row in rows]
        assert [round(value, 5) for value in scored[scale]] == published


def test_every_weight_is_the_published_one():
    scales = load_instrument("sf12_v1").scales
    published = {
        name: {(row["item"].lower(), int(row["raw_code"])): float(row[f"{name}_weight"]) for row in rows_of(WEIGHTS)}
        for name in ("pcs", "mcs")
    }
    ours = {
        name: {(item, code): weight for item, table in scales[name].weights.items() for code, weight in table.items()}
        for name in ("pcs", "mcs")
    }
    assert len(ours["pcs"]) == 47
    assert ours == published
    assert (scales["pcs"].constant, scales["mcs"].constant) == (56.57706, 60.75781)


def test_the_copied_weights_are_the_shared_ones(gold):
    assert rows_of(WEIGHTS) == rows_of(gold / "sf12v1_weights.csv")


def test_best_health_is_not_the_highest_score():
    """The extremes over all answers as computed outside this project (shared/reference/instruments.md 1.4)."""
    scales = load_instrument("sf12_v1").scales
    assert scales["pcs"].range == (9.94738, 70.13284)
    assert scales["mcs"].range == (5.89058, 72.28379)

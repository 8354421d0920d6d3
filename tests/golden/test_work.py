"""ProQOL-5 and the Job Satisfaction Survey against their authors' keys."""

import pytest

from pipeline.scoring.wave import ENGINES
from tests import forms

# shared/reference/instruments.md 3: Stamm 2010, three independent public keys; r is reversed
PROQOL = {
    "compassion_satisfaction": "3 6 12 16 18 20 22 24 27 30",
    "burnout": "1r 4r 8 10 15r 17r 19 21 26 29r",
    "secondary_traumatic_stress": "2 5 7 9 11 13 14 23 25 28",
}
# shared/reference/instruments.md 4: Spector's own page and two independent public codes
JSS = {
    "pay": "1 10r 19r 28",
    "promotion": "2r 11 20 33",
    "supervision": "3 12r 21r 30",
    "fringe_benefits": "4r 13 22 29r",
    "contingent_rewards": "5 14r 23r 32r",
    "operating_conditions": "6r 15 24r 31r",
    "coworkers": "7 16r 25 34r",
    "nature_of_work": "8r 17 27 35",
    "communication": "9 18r 26r 36r",
}
KEYS = [(name, scale, key) for name, keys in (("proqol_5", PROQOL), ("jss", JSS)) for scale, key in keys.items()]
HIGHEST = {"proqol_5": 5, "jss": 6}
ITEMS = {"proqol_5": 30, "jss": 36}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("answer", "total"), [(1, 131), (2, 129), (3, 127), (4, 125), (5, 123), (6, 121)])
def test_jss_total_of_one_answer_throughout(answer, total, engine):
    """17 items as answered and 19 reversed: 17 x + 19 (7 - x)."""
    row = {f"q{n:02d}": answer for n in range(1, 37)}
    assert forms.score("jss", [row], engine)["total"] == [total]


@pytest.mark.parametrize(("instrument", "scale", "key"), KEYS, ids=[f"{name}-{scale}" for name, scale, _ in KEYS])
def test_each_item_counts_where_and_how_the_key_says(instrument, scale, key):
    """One point more on one item moves the scale by one, up or (reversed) down, or not at all."""
    numbers = range(1, ITEMS[instrument] + 1)
    middle = {f"q{n:02d}": 3 for n in numbers}
    scores = forms.score(instrument, [middle, *(middle | {f"q{n:02d}": 4} for n in numbers)])[scale]
    moves = {n: score - scores[0] for n, score in zip(numbers, scores[1:], strict=True) if score != scores[0]}
    assert moves == {int(part.rstrip("r")): -1 if part.endswith("r") else 1 for part in key.split()}


@pytest.mark.parametrize("engine", ENGINES)
def test_jss_missing_answers(engine):
    """Mean of the answered items times the number of items; the least are 2 of 4 and 27 of 36 (instruments.md 9)."""
    full = {f"q{n:02d}": 6 for n in range(1, 37)}
    without = [
        full | dict.fromkeys(("q10", "q19"), None),  # pay: 6 and 6 remain
        full | dict.fromkeys(("q01", "q10", "q19"), None),
        full | {f"q{n:02d}": None for n in range(28, 37)},  # 27 answers remain: 13 of 6 and 14 reversed
        full | {f"q{n:02d}": None for n in range(27, 37)},
    ]
    scores = forms.score("jss", without, engine)
    assert scores["pay"][:2] == [24, None]
    assert scores["total"][2] == pytest.approx((13 * 6 + 14 * 1) * 36 / 27)
    assert scores["total"][3] is None


@pytest.mark.parametrize("engine", ENGINES)
def test_proqol_prorates_from_eight_answers(engine):
    """Our own rule (the manual's is not readable): the mean of at least 8 answers times 10; 13.33 must survive."""
    row = {f"q{n:02d}": 1 for n in range(1, 31)} | {"q03": 5}
    rows = [row | {"q06": None}, row | {"q06": None, "q12": None}, row | dict.fromkeys(("q06", "q12", "q16"), None)]
    scores = forms.score("proqol_5", rows, engine)["compassion_satisfaction"]
    assert scores == [pytest.approx(13 * 10 / 9), pytest.approx(12 * 10 / 8), None]

"""A small study that a test may write, change and spoil: two waves as CSV, two sites, one instrument, one ready-made score."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipeline.definitions.load import load
from pipeline.gates.finding import Gates
from pipeline.pairing.link import ALL, Pairs
from pipeline.pairing.reasons import missing_answers
from pipeline.reporting.report import Evaluation, Report
from pipeline.run.stages import Study, work_out
from pipeline.sources.waves import read

INSTRUMENT = """
format = 1
id = "mood"
title = { en = "Mood" }
version = "1"
language = "en"
licence = "MIT"
terms = "Written for the tests."

[[sources]]
id = "here"
text = "Written for the tests."

[[items]]
ids = ["a", "b", "c"]
codes = [1, 2, 3, 4, 5]
reserved = { refused = [8] }

[scales.total]
kind = "sum"
title = { en = "mood" }
better = "higher"
items = ["a", "b", "c"]
range = [3, 15]
sources = ["here"]

[[examples]]
source = "By hand: 1 + 2 + 3 = 6"
answers = { a = 1, b = 2, c = 3 }
expect = { total = 6 }
"""

STUDY = """
format = 1

[study]
id = "small"
title = { en = "A small study" }
design = "one_group"
seed = 1
synthetic = true

[[waves]]
id = "start"
label = { en = "at the start" }
file = "raw/start.csv"
window = { first = 2024-01-01, last = 2024-01-31 }
date = "day"

[[waves]]
id = "later"
label = { en = "at one year" }
file = "raw/later.csv"
window = { first = 2025-01-01, last = 2025-01-31 }
date = "day"

[[sites]]
id = "north"
label = { en = "North" }
codes = ["N"]

[[sites]]
id = "south"
label = { en = "South" }
codes = ["S"]

[person]
id = "person"
site = "site"

[person.facts.gender]
column = "gender"
title = { en = "gender" }
values = [[1, { en = "woman" }], [2, { en = "man" }]]

[instruments.mood]
columns = "{item}"

[scores.pain]
column = "pain"
title = { en = "pain" }
range = [0, 100]
better = "lower"
source = "Written for the tests."

[[outcomes]]
scale = "mood.total"
role = "primary"
mid = 1.5
mid_source = "Written for the tests"

[[outcomes]]
scale = "pain"
role = "secondary"

[privacy]
threshold = 5
"""

Row = dict[str, object]
DAYS = {"start": "2024-01-15", "later": "2025-01-15"}


def answers(wave: str, persons: Sequence[str], site: str, seed: int = 1) -> list[Row]:
    """A row per person, the same for the same seed; mood rises a little, pain falls a little."""
    rng = np.random.default_rng([seed, len(site), *site.encode(), *wave.encode()])
    later = wave == "later"
    return [
        {
            "person": person,
            "site": site,
            "day": DAYS[wave],
            "gender": 1 + place % 2,
            "a": int(rng.integers(2 if later else 1, 6)),
            "b": int(rng.integers(1, 6)),
            "c": int(rng.integers(2 if later else 1, 5)),
            "pain": int(rng.integers(20, 70 if later else 90)),
        }
        for place, person in enumerate(persons)
    ]


def people(first: int, last: int) -> list[str]:
    """The persons p001, p002, ..."""
    return [f"p{number:03d}" for number in range(first, last + 1)]


def small_waves() -> dict[str, list[Row]]:
    """North: 18 at the start, 16 later, 12 both times. South: 16 at the start, 15 later, 10 both times."""
    return {
        "start": answers("start", people(1, 18), "N") + answers("start", people(101, 116), "S"),
        "later": answers("later", people(7, 22), "N") + answers("later", people(107, 121), "S"),
    }


def write_study(folder: Path, waves: dict[str, list[Row]] | None = None) -> Path:
    """Write the study into a folder; returns the folder."""
    (folder / "raw").mkdir(parents=True, exist_ok=True)
    (folder / "instruments").mkdir(exist_ok=True)
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    (folder / "instruments" / "mood.toml").write_text(INSTRUMENT, encoding="utf-8")
    for wave, rows in (small_waves() if waves is None else waves).items():
        write_wave(folder, wave, rows)
    return folder


def write_wide_study(folder: Path, waves: dict[str, list[Row]] | None = None) -> Path:
    """The same with mood counted twice, from 6 to 30: wide enough to be published where people are few."""
    write_study(folder, waves)
    edit(folder / "instruments" / "mood.toml", "range = [3, 15]", "factor = 2\nrange = [6, 30]")
    edit(folder / "instruments" / "mood.toml", "1 + 2 + 3 = 6", "2 x (1 + 2 + 3) = 12")
    edit(folder / "instruments" / "mood.toml", "expect = { total = 6 }", "expect = { total = 12 }")
    edit(folder / "study.toml", "mid = 1.5", "mid = 3")
    return folder


def write_wave(folder: Path, wave: str, rows: list[Row], columns: Sequence[str] = ()) -> None:
    """Write one wave's CSV; `columns` where they differ from those of the first row."""
    with (folder / "raw" / f"{wave}.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(columns or rows[0]), lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def edit(path: Path, old: str, new: str) -> None:
    """Replace a text that must stand in a file."""
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {path.name}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def worked_out(folder: Path) -> Study:
    """The study as far as its public results, with gates that were not run."""
    definitions = load(folder)
    return work_out(definitions, read(definitions), Gates(7, 7, ()))


def report_of(study: Study) -> Report:
    """The report of a study, for both pages."""
    left_out = tuple((store.wave, why, n) for store in study.stores for why, n in store.excluded.items())
    missing = missing_answers(study.stores)
    evaluation = Evaluation(study.results, study.denominators, study.gates, missing, left_out, study.linked.movers)
    return Report(study.definitions, study.public, 1, "0.0", evaluation)


def pairs_of(
    values: object, sites: Sequence[int] | None = None, site: str = ALL, asked: tuple[bool, ...] | None = None
) -> Pairs:
    """Pairs from scores (n, waves); everybody at site `a` where nothing is said."""
    scores = np.asarray(values, dtype=float).reshape(-1, np.shape(values)[-1] if np.size(values) else 2)
    places = np.zeros(len(scores), dtype=np.intp) if sites is None else np.asarray(sites, dtype=np.intp)
    waves = tuple(f"w{number}" for number in range(scores.shape[1]))
    return Pairs(site, ("a", "b"), places, scores, waves, asked or (True,) * len(waves))

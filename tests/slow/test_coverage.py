"""Do 95% intervals hold the truth 95% of the time? 500 simulated studies of the example, read like real ones."""

import platform
from collections import defaultdict
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from pipeline.definitions.load import load
from pipeline.models import mmrm, paired_t
from pipeline.pairing.link import ALL, link
from pipeline.run.manifest import software_version
from pipeline.scoring.wave import score_wave
from pipeline.simulate import load_truth, true_changes
from pipeline.simulate.draw import draw_from
from pipeline.simulate.expected import population

ROOT = Path(__file__).parents[2]
STUDIES = 500
BOUNDS = (0.93, 0.97)


def share(table: np.ndarray) -> tuple[float, float, int]:
    """The share of intervals that hold, its error with a study as one draw, and the number of intervals.

    `table` (studies, 3): intervals that hold the truth, intervals, and the sum of their estimates.
    """
    held, intervals = table[:, 0], table[:, 1]
    pooled = held.sum() / intervals.sum()
    studies = len(held)
    error = np.sqrt(((held - pooled * intervals) ** 2).sum() * studies / (studies - 1)) / intervals.sum()
    return float(pooled), float(error), int(intervals.sum())


def simulated(definitions, truth) -> tuple[dict[tuple[str, str], np.ndarray], int]:
    """A table for each analysis and outcome, and how many intervals could not be estimated."""
    true, source, seed = true_changes(definitions, truth), population(definitions, truth), definitions.study.study.seed
    tables: dict[tuple[str, str], np.ndarray] = defaultdict(lambda: np.zeros((STUDIES, 3)))
    missing = 0
    for study in range(STUDIES):
        stores = draw_from(source, seed + study)
        linked = link(definitions, stores, [score_wave(store, definitions.instruments) for store in stores])
        for outcome, change in true.items():
            rows = [paired_t.fit(linked.pairs(outcome, site), outcome) for site in linked.site_ids]
            for row in (mmrm.fit(linked.pairs(outcome, ALL), outcome), *rows):
                if row.status != "ok":
                    missing += 1
                    continue
                tables[row.analysis, outcome][study] += row.conf_low <= change <= row.conf_high, 1, row.estimate
    return dict(tables), missing


def report(tables, pooled, true, seed: int, missing: int) -> str:
    """The page benchmarks/coverage.md."""
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("numpy", "scipy"))
    lines = [
        "# Do the intervals hold the planted truths?",
        "",
        f"{STUDIES} studies simulated from data/example (seeds {seed} to {seed + STUDIES - 1}), each scored, linked and",
        "estimated like a real one. Headline rows only: mmrm over all sites, paired_t at each of the four sites. An interval",
        "holds when the planted change lies between its 95% limits. Standard errors count a study as one draw, because its",
        "intervals share people.",
        "",
        f"Made by `make check-slow`. rosewave {software_version()}, Python {platform.python_version()}, {versions}.",
        f"Intervals that could not be estimated, and are not counted: {missing}.",
        "",
        "| analysis | intervals | share that holds | standard error |",
        "|---|---:|---:|---:|",
        *(f"| {name} | {number} | {value:.4f} | {error:.4f} |" for name, (value, error, number) in pooled.items()),
        "",
        "| analysis | outcome | planted change | mean estimate | intervals | share that holds | standard error |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for (analysis, outcome), table in sorted(tables.items()):
        value, error, number = share(table)
        numbers = f"{true[outcome]:.2f} | {table[:, 2].sum() / number:.3f} | {number} | {value:.4f} | {error:.4f}"
        lines.append(f"| {analysis} | {outcome} | {numbers} |")
    return "\n".join(lines) + "\n"


@pytest.mark.slow
def test_planted_truths_lie_in_their_intervals():
    definitions = load(ROOT / "data" / "example")
    truth = load_truth(definitions)
    tables, missing = simulated(definitions, truth)
    groups = {"both": sum(tables.values())}
    groups |= {name: sum(table for (analysis, _), table in tables.items() if analysis == name) for name in ("mmrm", "paired_t")}
    pooled = {name: share(table) for name, table in groups.items()}
    page = report(tables, pooled, true_changes(definitions, truth), definitions.study.study.seed, missing)
    (ROOT / "benchmarks" / "coverage.md").write_text(page, encoding="utf-8")
    for name, (value, _, _) in pooled.items():
        assert BOUNDS[0] <= value <= BOUNDS[1], (name, value)

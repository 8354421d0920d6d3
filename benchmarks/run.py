"""Measures how long the everyday commands take beside what importing their libraries takes; writes results.md.

Whole processes, interleaved, medians of five after one warm-up. Run by `make bench` on a machine that does nothing else.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]
RUNS = 5
PACKAGES = ("great-expectations", "numpy", "pandas", "pydantic", "scipy")
_MODULES_OF_A_REPORT = """
import sys
from pipeline.cli.main import main
main(["report", "data/example", "--out", sys.argv[1]])
names = [n for n, m in sys.modules.items() if getattr(m, "__file__", None) and n != "__main__"]
print("MODULES " + " ".join(names))
"""
_IMPORT = """
import importlib, sys
for name in sys.argv[1].split():
    try:
        importlib.import_module(name)
    except ImportError:
        pass
"""


def main() -> None:
    """Measure, print and write."""
    with tempfile.TemporaryDirectory() as scratch:
        out = f"{scratch}/out"
        listing = _python("-c", _MODULES_OF_A_REPORT, out).stdout
        modules = next(line for line in listing.splitlines() if line.startswith("MODULES ")).removeprefix("MODULES ")
        commands = {
            "python -c pass": ["-c", "pass"],
            "importing numpy and pandas": ["-c", "import numpy, pandas"],
            "importing what a report uses": ["-c", _IMPORT, modules],
            "rosewave --help": ["-m", "pipeline", "--help"],
            "rosewave report data/example, warm": ["-m", "pipeline", "report", "data/example", "--out", out],
            "rosewave run data/example, nothing changed": ["-m", "pipeline", "run", "data/example", "--out", out],
        }
        medians = _interleaved(commands)
    _write(medians)


def _interleaved(commands: dict[str, list[str]]) -> dict[str, float]:
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for round_number in range(RUNS + 1):
        for name, arguments in commands.items():
            start = time.perf_counter()
            _python(*arguments)
            if round_number:
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, capture_output=True, text=True)


def _write(medians: dict[str, float]) -> None:
    report, imports = medians["rosewave report data/example, warm"], medians["importing what a report uses"]
    unchanged, bare = medians["rosewave run data/example, nothing changed"], medians["python -c pass"]
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    lines = [
        "# Times of everyday commands",
        "",
        f"`make bench`; whole processes, interleaved, medians of {RUNS} after one warm-up. {platform.machine()}, "
        f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, {versions}.",
        "",
        "| command | seconds |",
        "|---|---|",
        *(f"| {name} | {seconds:.2f} |" for name, seconds in medians.items()),
        "",
        "| figure | measured | target |",
        "|---|---|---|",
        f"| warm report over importing what it uses | {report / imports:.2f} times | at most 1.6 times |",
        f"| warm report beyond importing what it uses | {report - imports:.2f} s | at most 4 s |",
        f"| work of a run with nothing changed, beyond starting Python | {unchanged - bare:.2f} s | under 1 s |",
        f"| `rosewave --help` over `python -c pass` | {medians['rosewave --help'] / bare:.1f} times | no heavy library |",
    ]
    text = "\n".join(lines) + "\n"
    (ROOT / "benchmarks" / "results.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()

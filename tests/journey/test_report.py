"""The main job on the example: what is published, that it is repeatable, and that it holds nobody's answers."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.run.tables import ESTIMATE_COLUMNS
from tests.conftest import ROOT
from tests.journey.conftest import Command, every_byte

pytestmark = pytest.mark.filterwarnings("default::DeprecationWarning:great_expectations")


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of the example, in a folder of its own."""
    out = tmp_path_factory.mktemp("release")
    subprocess.run([sys.executable, "-m", "pipeline", "report", "data/example", "--out", str(out)], cwd=ROOT, check=True)
    return out


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_report_has_every_file(release: Path) -> None:
    names = {str(path.relative_to(release)) for folder in ("public", "internal") for path in (release / folder).iterdir()}
    assert names == {
        "public/funder.en.html",
        "public/results.json",
        "public/estimates.csv",
        "internal/evaluator.en.html",
        "internal/estimates.csv",
        "internal/gates.json",
        "internal/denominators.csv",
    }
    assert os.readlink(release / "current") == "releases/0001"


def test_estimates_have_the_columns_of_the_contract(release: Path) -> None:
    for folder in ("public", "internal"):
        with (release / folder / "estimates.csv").open(encoding="utf-8") as stream:
            assert stream.readline().strip().split(",") == list(ESTIMATE_COLUMNS)


def test_what_was_asked_once_is_not_estimated_and_why(release: Path) -> None:
    for folder in ("public", "internal"):
        asked_once = [row for row in rows(release / folder / "estimates.csv") if row["outcome"] == "rose_recognition.total"]
        assert asked_once
        assert {(row["status"], row["reason"]) for row in asked_once} == {("not_estimated", "not asked at baseline")}
    assert "not asked at baseline" in (release / "public" / "funder.en.html").read_text(encoding="utf-8")


def test_no_ok_row_lacks_its_n_interval_and_method(release: Path) -> None:
    ok = [row for row in rows(release / "internal" / "estimates.csv") if row["status"] == "ok"]
    assert len(ok) > 100
    for row in ok:
        filled = ("n", "estimate", "std_error", "df", "conf_low", "conf_high", "p_value", "verdict", "verdict_low", "method")
        assert all(row[column] not in ("", "nan") for column in filled), row
        assert float(row["conf_low"]) <= float(row["estimate"]) <= float(row["conf_high"])


def test_the_manifest_holds_the_hash_of_every_file(release: Path) -> None:
    manifest = json.loads((release / "manifest.json").read_text(encoding="utf-8"))
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((release / name).read_bytes()).hexdigest() == digest
    assert manifest["release"] == 1
    assert manifest["gates"]["passed"] is True
    assert set(manifest["inputs"]) == {"raw/baseline.sav", "raw/year1.csv"}


def test_every_page_says_that_the_data_are_synthetic(release: Path) -> None:
    for page in release.rglob("*.html"):
        assert page.read_text(encoding="utf-8").count("Synthetic data: every person and every answer") >= 1
    assert json.loads((release / "public" / "results.json").read_text(encoding="utf-8"))["synthetic"] is True


def test_nothing_published_names_a_person_or_holds_an_answer_row(release: Path) -> None:
    with (ROOT / "data" / "example" / "raw" / "year1.csv").open(encoding="utf-8", newline="") as stream:
        header, *people = list(csv.reader(stream))
    published = b"".join(path.read_bytes() for path in sorted((release / "public").iterdir())).decode("utf-8")
    for person in people:
        assert person[header.index("person")] not in published
        answers = person[header.index("proqol_01") : header.index("proqol_01") + 30]
        assert ",".join(answers) not in published
        assert ", ".join(answers) not in published


def test_shuffled_rows_change_no_byte_of_public(release: Path, example: Path, tmp_path: Path, rosewave: Command) -> None:
    raw = example / "raw" / "year1.csv"
    header, *lines = raw.read_text(encoding="utf-8").splitlines(keepends=True)
    random.Random(7).shuffle(lines)
    raw.write_text(header + "".join(lines), encoding="utf-8")
    out = tmp_path / "report"
    assert rosewave("report", example, "--out", out).code == 0
    assert every_byte(out / "public") == every_byte(release / "public")


def test_another_place_time_zone_language_and_hash_seed_change_no_byte_of_public(release: Path, tmp_path: Path) -> None:
    strange = os.environ | {"TZ": "Pacific/Auckland", "LANG": "fr_CA.UTF-8", "PYTHONHASHSEED": "17"}
    command = [sys.executable, "-m", "pipeline", "report", str(ROOT / "data" / "example"), "--out", "out"]
    subprocess.run(command, cwd=tmp_path, env=strange | {"PYTHONPATH": str(ROOT)}, check=True)
    assert every_byte(tmp_path / "out" / "public") == every_byte(release / "public")


def test_twice_is_the_same_release_and_run_has_nothing_to_do(example: Path, tmp_path: Path, rosewave: Command) -> None:
    out = tmp_path / "report"
    assert rosewave("run", example, "--out", out).code == 0
    before = every_byte(out / "public")
    again = rosewave("report", example, "--out", out)
    assert again.code == 0
    assert "Release:  1" in again.out
    assert every_byte(out / "public") == before
    idle = rosewave("run", example, "--out", out)
    assert idle.code == 0
    assert idle.out.startswith("Nothing to do")


def test_run_says_what_changed(example: Path, tmp_path: Path, rosewave: Command) -> None:
    out = tmp_path / "report"
    assert rosewave("run", example, "--out", out).code == 0
    raw = example / "raw" / "year1.csv"
    raw.write_text("".join(raw.read_text(encoding="utf-8").splitlines(keepends=True)[:-1]), encoding="utf-8")
    assert "because an input changed" in rosewave("run", example, "--out", out).out
    (out / "public" / "results.json").write_text("{}", encoding="utf-8")
    assert "results.json of the last release is gone or was changed" in rosewave("run", example, "--out", out).out


def test_withdrawn_people_are_gone_from_everything(example: Path, tmp_path: Path, rosewave: Command) -> None:
    raw = example / "raw" / "year1.csv"
    person = raw.read_text(encoding="utf-8").splitlines()[1].split(",")[0]
    (example / "withdrawn.csv").write_text(f"person\n{person}\n", encoding="utf-8")
    out = tmp_path / "report"
    assert rosewave("report", example, "--out", out).code == 0
    with (out / "internal" / "denominators.csv").open(encoding="utf-8") as stream:
        people = next(row for row in csv.DictReader(stream) if (row["site"], row["outcome"]) == ("all", "people"))
    assert people["people_followup"] == "49"
    import pyarrow.parquet

    scores = pyarrow.parquet.read_table(example / "build" / "scores.parquet")
    assert person not in scores["person"].to_pylist()


def test_both_executors_make_the_same_report(release: Path, example: Path, tmp_path: Path, rosewave: Command) -> None:
    out = tmp_path / "report"
    assert rosewave("report", example, "--out", out, "--engine", "expression").code == 0
    assert every_byte(out / "public") == every_byte(release / "public")


def test_row_level_files_are_private(example: Path, tmp_path: Path, rosewave: Command) -> None:
    assert rosewave("report", example, "--out", tmp_path / "report").code == 0
    assert (example / "build").stat().st_mode & 0o777 == 0o700
    assert (example / "build" / "scores.parquet").stat().st_mode & 0o777 == 0o600


def test_help_imports_no_heavy_library() -> None:
    listing = "import sys; from pipeline.cli.main import parser; parser(); print(' '.join(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", listing], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    heavy = {"numpy", "pandas", "scipy", "great_expectations", "pydantic", "jinja2", "pyreadstat", "narwhals", "pyarrow"}
    assert not heavy & set(loaded)


def test_a_run_with_nothing_to_do_imports_no_heavy_library(example: Path, tmp_path: Path, rosewave: Command) -> None:
    out = tmp_path / "report"
    assert rosewave("run", example, "--out", out).code == 0
    command = ["run", str(example), "--out", str(out)]
    script = f"import sys; from pipeline.cli.main import main; main({command!r}); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    assert "Nothing" in loaded
    assert not {"numpy", "pandas", "scipy", "great_expectations", "jinja2", "pyreadstat"} & set(loaded)

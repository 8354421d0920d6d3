"""Bad input: each kind gets its exit code and a message that says what, where and what else; the last report stays."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journey.conftest import Command, every_byte, rewrite


def change_rows(path: Path, change: Callable[[list[dict[str, str]]], list[dict[str, str]]]) -> None:
    """Rewrite a CSV's rows."""
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        columns, rows = list(reader.fieldnames or ()), list(reader)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(change(rows))


def set_cell(row: int, column: str, value: str) -> Callable[[list[dict[str, str]]], list[dict[str, str]]]:
    """A change of one cell."""

    def change(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        rows[row][column] = value
        return rows

    return change


def missing_file(study: Path) -> None:
    (study / "raw" / "year1.csv").unlink()


def wrong_encoding(study: Path) -> None:
    path = study / "raw" / "year1.csv"
    path.write_bytes(path.read_bytes().replace(b"VIC", "VICé".encode("latin-1"), 1))


def unknown_code(study: Path) -> None:
    change_rows(study / "raw" / "year1.csv", set_cell(3, "proqol_04", "9"))


def duplicated_person(study: Path) -> None:
    change_rows(study / "raw" / "year1.csv", lambda rows: [*rows, rows[0]])


def unknown_site(study: Path) -> None:
    change_rows(study / "raw" / "year1.csv", set_cell(0, "site", "NAN"))


def misspelt_key(study: Path) -> None:
    rewrite(study / "study.toml", r"^synthetic = true", "sinthetic = true")


def unbound_item(study: Path) -> None:
    listed = ", ".join(f'q{n:02d} = "pq{n:02d}"' for n in range(1, 30))
    rewrite(
        study / "study.toml",
        r"(?ms)^\[instruments\.proqol_5\]\n.*?(?=^\[instruments\.[a-oq-z])",
        f"[instruments.proqol_5]\ncolumns = {{ {listed} }}\n\n",
    )


def nobody_in_common(study: Path) -> None:
    change_rows(study / "raw" / "year1.csv", lambda rows: [row | {"person": "Z" + row["person"]} for row in rows])


def empty_wave(study: Path) -> None:
    change_rows(study / "raw" / "year1.csv", lambda rows: [])


def no_bytes(study: Path) -> None:
    (study / "raw" / "year1.csv").write_bytes(b"")


def absent_column(study: Path) -> None:
    rewrite(study / "raw" / "year1.csv", r"proqol_07", "proqol_7")


def outside_window(study: Path) -> None:
    change_rows(study / "raw" / "year1.csv", set_cell(2, "answered_on", "2019-01-31"))


def broken_spss(study: Path) -> None:
    path = study / "raw" / "baseline.sav"
    path.write_bytes(path.read_bytes()[:2000])


def path_outside(study: Path) -> None:
    rewrite(study / "study.toml", r"raw/year1\.csv", "../year1.csv")


CASES = [
    (missing_file, 11, ["year1.csv", "no such file"]),
    (wrong_encoding, 11, ["year1.csv", "not UTF-8", "line"]),
    (unknown_code, 12, ["declared_codes", "proqol_04", "(9)", "row 5", "1, 2, 3, 4, 5"]),
    (duplicated_person, 12, ["one_row_per_person", "person", "2 of 51"]),
    (unknown_site, 12, ["known_sites", "NAN", "row 2", "VIC"]),
    (misspelt_key, 10, ["study.toml", "sinthetic", "Did you mean 'synthetic'?"]),
    (unbound_item, 10, ["proqol_5", "q30", "column"]),
    (nobody_in_common, 12, ["people_in_common", "year1", "0 of 50"]),
    (empty_wave, 12, ["one_row_per_person", "year1", "no rows"]),
    (no_bytes, 11, ["year1.csv", "empty"]),
    (absent_column, 12, ["columns_present", "proqol_07", "Did you mean"]),
    (outside_window, 12, ["wave_window", "answered_on", "row 4", "2020-09-01"]),
    (broken_spss, 11, ["baseline.sav", "SPSS"]),
    (path_outside, 10, ["study.toml", "../year1.csv", "inside the study's folder"]),
]


@pytest.mark.parametrize(("spoil", "code", "said"), CASES, ids=lambda value: getattr(value, "__name__", None))
def test_bad_input_is_named_and_the_last_report_stays(
    example: Path, tmp_path: Path, rosewave: Command, spoil: Callable[[Path], None], code: int, said: list[str]
) -> None:
    out = tmp_path / "report"
    out.mkdir()
    (out / "last").write_text("the last report", encoding="utf-8")
    spoil(example)
    ran = rosewave("report", example, "--out", out)
    assert ran.code == code, ran.err
    for part in said:
        assert part in ran.err
    assert every_byte(out) == {"last": b"the last report"}


def test_a_failed_run_leaves_the_last_release_byte_for_byte(example: Path, tmp_path: Path, rosewave: Command) -> None:
    out = tmp_path / "report"
    assert rosewave("report", example, "--out", out).code == 0
    before = every_byte(out)
    unknown_code(example)
    assert rosewave("report", example, "--out", out).code == 12
    assert every_byte(out) == before


def test_every_definition_problem_is_listed_at_once(example: Path, rosewave: Command) -> None:
    misspelt_key(example)
    rewrite(example / "study.toml", r'^role = "primary"', 'role = "first"')
    rewrite(example / "instruments" / "rose_recognition.toml", r"^licence = .*$", "")
    ran = rosewave("check", example)
    assert ran.code == 10
    for part in ("sinthetic", "role", "'first'", "rose_recognition.toml", "licence"):
        assert part in ran.err


def test_a_command_that_does_not_exist_is_a_usage_error(rosewave: Command) -> None:
    with pytest.raises(SystemExit) as left:
        rosewave("reprot", "data/example")
    assert left.value.code == 2

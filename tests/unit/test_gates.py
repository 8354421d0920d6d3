"""Each gate on a small study that has been spoiled in one place: what is found, where, how often; and gates fail closed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.definitions.load import load
from pipeline.errors import GateError
from pipeline.gates import declared_codes
from pipeline.gates.finding import Finding, Gates, Rule
from pipeline.gates.run import gate, gates
from pipeline.run.stages import gated, stop_if_blocked
from pipeline.run.tables import gates_report
from pipeline.sources.waves import read
from tests.small import Row, answers, edit, people, small_waves, write_study, write_wave

pytestmark = pytest.mark.filterwarnings("default::DeprecationWarning:great_expectations")


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """The small study, sound."""
    return write_study(tmp_path)


def spoil(study: Path, wave: str, change: Callable[[list[Row]], object]) -> None:
    rows = small_waves()[wave]
    columns = list(rows[0])
    change(rows)
    write_wave(study, wave, rows, columns)


def cell(row: int, column: str, value: object) -> Callable[[list[Row]], object]:
    return lambda rows: rows[row].__setitem__(column, value)


def found(study: Path) -> Gates:
    return gated(load(study))[1]


def only(study: Path) -> Finding:
    findings = found(study).findings
    assert len(findings) == 1, [finding.found for finding in findings]
    return findings[0]


def test_every_gate_is_found_by_its_file() -> None:
    names = {module.__name__.rpartition(".")[2] for module in gates()}
    assert names >= {
        "columns_present",
        "declared_codes",
        "known_facts",
        "known_sites",
        "one_row_per_person",
        "people_in_common",
    }
    assert "wave_window" in names
    assert not names & {"run", "finding", "expectations"}


def test_a_sound_study_passes(study: Path) -> None:
    gates = found(study)
    assert gates.passed
    assert gates.findings == ()
    assert gates.ran == gates.rules > 15
    stop_if_blocked(gates)


# What is spoiled, which gate says so about which column, how many rows, and the file's own numbers of the first of them.
CASES: dict[str, tuple[str, Callable[[list[Row]], object], str, str, int, tuple[int, ...]]] = {
    "undeclared_code": ("later", cell(3, "a", 9), "declared_codes", "a", 1, (5,)),
    "undeclared_text": ("start", cell(0, "b", "often"), "declared_codes", "b", 1, (2,)),
    "score_out_of_range": ("start", cell(33, "pain", 101), "declared_codes", "pain", 1, (35,)),
    "score_as_text": ("start", cell(2, "pain", "much"), "declared_codes", "pain", 1, (4,)),
    "duplicated_person": ("later", lambda rows: rows.append(dict(rows[1])), "one_row_per_person", "person", 2, (3, 33)),
    "missing_person": ("later", cell(4, "person", " "), "one_row_per_person", "person", 1, (6,)),
    "unknown_site": ("start", cell(5, "site", "X"), "known_sites", "site", 1, (7,)),
    "blank_site": ("start", cell(5, "site", ""), "known_sites", "site", 1, (7,)),
    "day_outside_window": ("later", cell(0, "day", "2024-01-15"), "wave_window", "day", 1, (2,)),
    "day_before_window": ("start", cell(0, "day", "2023-12-31"), "wave_window", "day", 1, (2,)),
    "day_that_is_none": ("later", cell(1, "day", "15/01/2025"), "wave_window", "day", 1, (3,)),
    "day_as_number": ("later", cell(1, "day", "45672"), "wave_window", "day", 1, (3,)),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_spoiled_is_found_where_it_is(study: Path, case: str) -> None:
    wave, change, gate_name, column, count, rows = CASES[case]
    spoil(study, wave, change)
    finding = only(study)
    assert (finding.gate, finding.severity, finding.wave, finding.column) == (gate_name, "critical", wave, column)
    assert (finding.count, finding.rows) == (count, rows)
    assert finding.of == len(small_waves()[wave]) + (case == "duplicated_person")
    assert finding.expected
    assert finding.advice
    gates = found(study)
    assert gates.ran == gates.rules
    assert not gates.passed
    with pytest.raises(GateError) as stopped:
        stop_if_blocked(gates)
    assert f"[{gate_name}] wave {wave}, column {column!r}" in str(stopped.value)
    assert f"{count} of {finding.of} rows" in str(stopped.value)


@pytest.mark.parametrize(("value", "passes"), [(8, True), ("", True), (" 3 ", True), ("3.0", True), (0, False), (3.5, False)])
def test_a_reserved_code_and_an_empty_cell_are_no_findings(study: Path, value: object, passes: bool) -> None:
    spoil(study, "later", cell(3, "a", value))
    assert found(study).passed is passes


def test_the_first_and_last_day_are_inside_the_window(study: Path) -> None:
    spoil(study, "later", lambda rows: [rows[0].update(day="2025-01-01"), rows[1].update(day="2025-01-31")])
    assert found(study).findings == ()


def test_a_row_without_a_day_is_only_a_warning(study: Path) -> None:
    spoil(study, "later", cell(2, "day", ""))
    finding = only(study)
    assert (finding.gate, finding.severity, finding.rows) == ("wave_window", "warning", (4,))
    assert found(study).passed


def test_an_undeclared_fact_is_only_a_warning(study: Path) -> None:
    spoil(study, "start", cell(2, "gender", 7))
    finding = only(study)
    assert (finding.gate, finding.severity, finding.rows) == ("known_facts", "warning", (4,))
    assert found(study).passed


@pytest.mark.parametrize(
    ("column", "use"), [("a", "mood.a"), ("pain", "pain"), ("site", "site"), ("person", "person"), ("day", "day")]
)
def test_an_absent_column_is_named_with_its_use(study: Path, column: str, use: str) -> None:
    rows = small_waves()["later"]
    write_wave(study, "later", rows, [name for name in rows[0] if name != column])
    gates = found(study)
    assert not gates.passed
    finding = next(f for f in gates.critical if f.gate == "columns_present")
    assert (finding.column, finding.wave) == (column, "later")
    assert use in finding.what


def test_a_misspelt_column_is_proposed(study: Path) -> None:
    path = study / "raw" / "later.csv"
    edit(path, "pain", "pains")
    assert next(f for f in found(study).critical if f.gate == "columns_present").advice == "Did you mean 'pains'?"


def test_a_study_whose_columns_are_all_absent_does_not_pass(study: Path) -> None:
    rows = small_waves()["later"]
    write_wave(study, "later", [{"else": 1} for _ in rows])
    gates = found(study)
    assert not gates.passed
    assert {f.column for f in gates.critical if f.gate == "columns_present"} == {"person", "site", "day", "a", "b", "c", "pain"}


def test_an_empty_wave_does_not_pass(study: Path) -> None:
    write_wave(study, "later", [], list(small_waves()["later"][0]))
    finding = only(study)
    assert (finding.gate, finding.severity, finding.wave) == ("one_row_per_person", "critical", "later")
    assert "no rows" in finding.found


def test_a_filter_that_leaves_nobody_does_not_pass(study: Path) -> None:
    edit(study / "study.toml", 'file = "raw/later.csv"', 'file = "raw/later.csv"\nfilter = { site = ["Z"] }')
    assert only(study).gate == "one_row_per_person"


def test_nobody_in_common_does_not_pass(study: Path) -> None:
    spoil(study, "later", lambda rows: [row.update(person=f"x{row['person']}") for row in rows])
    finding = only(study)
    assert (finding.gate, finding.severity, finding.wave) == ("people_in_common", "critical", "later")
    assert "0 of 31 rows" in finding.found


def test_one_wave_alone_is_not_compared_with_the_other(study: Path) -> None:
    spoil(study, "later", lambda rows: [row.update(person=f"x{row['person']}") for row in rows])
    stores, gates = gated(load(study), "later")
    assert [store.wave for store in stores] == ["later"]
    assert gates.passed


def test_carried_sites_need_no_site_at_the_other_wave(study: Path) -> None:
    edit(study / "study.toml", 'site = "site"', 'site = "site"\nsite_at = "start"')
    spoil(study, "later", lambda rows: [row.update(site="Q") for row in rows])
    finding = only(study)
    # The nine who are new have no site from the start.
    assert (finding.gate, finding.severity, finding.count, finding.of) == ("known_sites", "warning", 9, 31)
    assert found(study).passed


def test_at_most_five_rows_are_named_and_the_others_counted(study: Path) -> None:
    spoil(study, "later", lambda rows: [row.update(a=9) for row in rows[:8]])
    finding = only(study)
    assert (finding.count, finding.rows) == (8, (2, 3, 4, 5, 6))
    assert "8 of 31 rows, rows 2, 3, 4, 5, 6 and others" in finding.found


def test_row_numbers_are_the_files_own_after_a_filter(study: Path) -> None:
    edit(study / "study.toml", 'file = "raw/later.csv"', 'file = "raw/later.csv"\nfilter = { site = ["S"] }')
    spoil(study, "later", cell(20, "a", 9))
    assert only(study).rows == (22,)


def test_everything_that_is_wrong_is_listed_at_once(study: Path) -> None:
    def change(rows: list[Row]) -> None:
        rows[0]["a"], rows[1]["site"], rows[2]["day"] = 9, "X", ""

    spoil(study, "later", change)
    spoil(study, "start", cell(3, "b", 7))
    gates = found(study)
    assert [f.severity for f in gates.findings] == ["critical"] * 3 + ["warning"]
    assert {(f.gate, f.wave) for f in gates.critical} == {
        ("declared_codes", "start"),
        ("declared_codes", "later"),
        ("known_sites", "later"),
    }


def bad_rule(**changes: object) -> Rule:
    sound = Rule("declared_codes", "warning", ("a",), "ExpectColumnValuesToBeInSet", {"value_set": [1]}, "w", "e", "a")
    return replace(sound, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("answers", [False, True], ids=["one column", "answers"])
@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(bad_rule(arguments={"value_set": object()}), id="an argument of a wrong kind"),
        pytest.param(bad_rule(arguments={}), id="an argument is missing"),
        pytest.param(bad_rule(arguments={"values": [1]}), id="an argument is misspelt"),
        pytest.param(bad_rule(expectation="ExpectNothing"), id="no such expectation"),
        pytest.param(bad_rule(arguments={"value_set": [1], "column": "b"}), id="an argument twice"),
        pytest.param(
            bad_rule(columns=("pain",), expectation="ExpectColumnValuesToMatchRegex", arguments={"regex": "["}), id="regex"
        ),
    ],
)
def test_a_rule_that_cannot_run_is_critical_and_nothing_passes(
    study: Path, monkeypatch: pytest.MonkeyPatch, rule: Rule, answers: bool
) -> None:
    definitions = load(study)
    stores = read(definitions)
    before = gate(definitions, stores)
    monkeypatch.setattr(declared_codes, "rules", lambda *_: iter([replace(rule, answers=answers)]))
    gates = gate(definitions, stores)
    assert not gates.passed
    failed = [finding for finding in gates.critical if finding.gate == "declared_codes"]
    assert len(failed) == 2  # one in each wave, though the rule itself would only warn
    assert all("could not run" in finding.what and finding.count == finding.of for finding in failed)
    assert gates.ran == gates.rules - 2
    assert before.passed


def test_a_rule_about_a_column_that_is_not_there_is_critical(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    definitions = load(study)
    monkeypatch.setattr(declared_codes, "rules", lambda *_: iter([bad_rule(columns=("zzz",))]))
    gates = gate(definitions, read(definitions))
    assert [finding.column for finding in gates.critical] == ["zzz", "zzz"]
    assert gates.ran == gates.rules - 2


def test_ready_made_scores_that_are_all_out_of_range_do_not_pass(study: Path) -> None:
    spoil(study, "later", lambda rows: [row.update(pain=500) for row in rows])
    finding = only(study)
    assert (finding.gate, finding.column, finding.count) == ("declared_codes", "pain", 31)


def test_a_column_without_any_answer_passes(study: Path) -> None:
    spoil(study, "later", lambda rows: [row.update(pain="", a="") for row in rows])
    assert found(study).passed


def test_the_written_report_holds_rows_and_counts_but_no_answers(study: Path) -> None:
    secret = "something that somebody said"
    spoil(
        study, "later", lambda rows: [rows[0].update(a=secret), rows[1].update(site="Secret Street"), rows[2].update(pain=777)]
    )
    gates = found(study)
    written = gates_report(gates).decode("utf-8")
    assert json.loads(written)["passed"] is False
    assert json.loads(written)["rules"] == gates.rules
    listed = {(f["gate"], f["column"], f["count"], tuple(f["rows"])) for f in json.loads(written)["findings"]}
    assert listed == {("declared_codes", "a", 1, (2,)), ("known_sites", "site", 1, (3,)), ("declared_codes", "pain", 1, (4,))}
    for answer in (secret, "Secret", "777", "p007"):
        assert answer not in written


def test_a_person_is_not_named_where_rows_are_doubled(study: Path) -> None:
    spoil(study, "later", lambda rows: rows.append(dict(rows[1])))
    assert "p008" not in str(found(study).findings)


def test_nothing_is_left_in_the_raw_frame_of_the_stores(study: Path) -> None:
    """Gates look; they change nothing."""
    definitions = load(study)
    stores = read(definitions)
    before = [[column.raw.copy() for column in store.columns.values()] for store in stores]
    gate(definitions, stores)
    for store, raws in zip(stores, before, strict=True):
        assert all(np.array_equal(c.raw, raw) for c, raw in zip(store.columns.values(), raws, strict=True))


def test_answers_of_three_waves_are_all_looked_at(study: Path) -> None:
    middle = '[[waves]]\nid = "middle"\nlabel = { en = "in between" }\nfile = "raw/middle.csv"\n\n[[waves]]\nid = "later"'
    edit(study / "study.toml", '[[waves]]\nid = "later"', middle)
    rows = answers("start", people(1, 9), "N")
    rows[4]["c"] = 6
    write_wave(study, "middle", rows)
    finding = only(study)
    assert (finding.wave, finding.column, finding.rows) == ("middle", "c", (6,))


def test_a_carried_site_needs_no_column_in_the_later_wave(study: Path) -> None:
    edit(study / "study.toml", 'site = "site"', 'site = "site"\nsite_at = "start"')
    rows = [{name: value for name, value in row.items() if name != "site"} for row in small_waves()["later"]]
    write_wave(study, "later", rows)
    assert all(finding.severity == "warning" for finding in found(study).findings)
    assert found(study).passed

"""A release is whole or not there; the same public numbers are the same release; a failure leaves the last one as it was."""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import re
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from pipeline import files as writing
from pipeline.cli.main import main
from pipeline.errors import GateError, InputError, LockedError, OutputError
from pipeline.run import publish as publishing
from pipeline.run import report as running
from pipeline.run.publish import current_release, publish
from pipeline.run.report import report, run
from tests.small import edit, small_waves, write_study, write_wave

pytestmark = pytest.mark.filterwarnings("default::DeprecationWarning:great_expectations")
PUBLIC = ("public/funder.en.html", "public/results.json", "public/estimates.csv")
FILES = {"public/a.html": b"one", "public/b.json": b"{}", "internal/c.csv": b"x", "manifest.json": b"{}"}
OTHERS = {"public/a.html": b"two", "public/b.json": b"{}", "internal/c.csv": b"y", "manifest.json": b"{ }"}


def every_byte(folder: Path) -> dict[str, bytes]:
    """What a reader of an output folder sees, through its links; nothing where there is nothing."""
    seen = {}
    for root, _, names in os.walk(folder, followlinks=True):
        for name in names:
            path = Path(root) / name
            if ".building-" not in str(path) and "/releases/" not in str(path):
                seen[str(path.relative_to(folder))] = path.read_bytes()
    return seen


def releases(out: Path) -> list[str]:
    return sorted(path.name for path in (out / "releases").iterdir())


# publish alone


def test_a_release_is_led_to_by_one_link(tmp_path: Path) -> None:
    assert current_release(tmp_path) == 0
    assert publish(tmp_path, 1, FILES) == tmp_path
    assert current_release(tmp_path) == 1
    assert os.readlink(tmp_path / "current") == "releases/0001"
    assert os.readlink(tmp_path / "public") == "current/public"
    for name, content in FILES.items():
        assert (tmp_path / name).read_bytes() == content
        assert (tmp_path / "releases" / "0001" / name).read_bytes() == content


def test_a_second_release_keeps_the_first(tmp_path: Path) -> None:
    publish(tmp_path, 1, FILES)
    publish(tmp_path, 2, OTHERS)
    assert releases(tmp_path) == ["0001", "0002"]
    assert (tmp_path / "public" / "a.html").read_bytes() == b"two"
    assert (tmp_path / "releases" / "0001" / "public" / "a.html").read_bytes() == b"one"


def test_internal_files_are_their_owners_alone(tmp_path: Path) -> None:
    publish(tmp_path, 1, FILES)

    def mode(name: str) -> int:
        return stat.S_IMODE((tmp_path / name).stat().st_mode)

    assert (mode("internal"), mode("internal/c.csv")) == (0o700, 0o600)
    assert (mode("public"), mode("public/a.html"), mode("releases/0001")) == (0o755, 0o644, 0o755)


def fail_at(count: int, real: Callable[..., object]) -> Callable[..., object]:
    """A function that works until it has been called so often, then finds the disk full."""
    calls = iter(range(count))

    def failing(*arguments: object, **named: object) -> object:
        if next(calls, None) is None:
            raise OSError(28, "No space left on device", "somewhere")
        return real(*arguments, **named)

    return failing


# In the order in which they happen: four files, the release's own rename, the link `current`. What `public`, `internal` and
# `manifest.json` lead to does not change after the first release.
@pytest.mark.parametrize("calls", range(6))
def test_a_rename_that_fails_leaves_the_last_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: int) -> None:
    publish(tmp_path, 1, FILES)
    before = every_byte(tmp_path)
    monkeypatch.setattr(os, "replace", fail_at(calls, os.replace))
    with pytest.raises(OutputError, match="No space left"):
        publish(tmp_path, 2, OTHERS)
    assert every_byte(tmp_path) == before
    assert current_release(tmp_path) == 1
    assert [name for name in releases(tmp_path) if name.startswith(".")] == []
    # And the next run gets through.
    monkeypatch.undo()
    publish(tmp_path, 2, OTHERS)
    assert (tmp_path / "public" / "a.html").read_bytes() == b"two"
    assert releases(tmp_path) == ["0001", "0002"]


@pytest.mark.parametrize("calls", range(4))
def test_a_write_that_fails_leaves_the_last_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: int) -> None:
    publish(tmp_path, 1, FILES)
    before = every_byte(tmp_path)
    monkeypatch.setattr(publishing, "write_bytes", fail_at(calls, writing.write_bytes))
    with pytest.raises(OutputError):
        publish(tmp_path, 2, OTHERS)
    assert every_byte(tmp_path) == before
    assert releases(tmp_path) == ["0001"]


@pytest.mark.parametrize("step", ["mkdtemp", "symlink_to"])
def test_other_steps_that_fail_leave_the_last_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    publish(tmp_path, 1, FILES)
    before = every_byte(tmp_path)
    where: object = Path if step == "symlink_to" else publishing.tempfile
    monkeypatch.setattr(where, step, fail_at(0, getattr(where, step)))
    with pytest.raises(OutputError):
        publish(tmp_path, 2, OTHERS)
    monkeypatch.undo()
    assert every_byte(tmp_path) == before


@pytest.mark.parametrize("calls", range(10))
def test_a_first_release_that_fails_is_never_half_in_view(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: int) -> None:
    monkeypatch.setattr(os, "replace", fail_at(calls, os.replace))
    try:
        publish(tmp_path, 1, FILES)
    except OutputError:
        seen = every_byte(tmp_path)
        assert {name for name in seen if name.startswith("public/")} in (set(), {"public/a.html", "public/b.json"})
        assert seen.keys() <= {*FILES, *(f"current/{name}" for name in FILES)}
        assert calls < 9
    else:
        assert calls >= 9  # four files, the folder, four links


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    writing.write_bytes(path, b"old")
    monkeypatch.setattr(os, "fsync", fail_at(0, os.fsync))
    with pytest.raises(OSError, match="No space left"):
        writing.write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_an_output_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("in the way", encoding="utf-8")
    with pytest.raises(OutputError) as stopped:
        publish(tmp_path / "out", 1, FILES)
    assert stopped.value.exit_code == 14
    assert (tmp_path / "out").read_text(encoding="utf-8") == "in the way"


# The whole run


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return write_study(tmp_path / "study")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def change_an_answer(study: Path) -> None:
    rows = small_waves()["later"]
    rows[0]["pain"] = 100
    write_wave(study, "later", rows)


def public(out: Path, release: int) -> dict[str, bytes]:
    return {name: (out / "releases" / f"{release:04d}" / name).read_bytes() for name in PUBLIC}


def test_the_same_numbers_are_the_same_release_and_bytes(study: Path, out: Path) -> None:
    first = report(study, out)
    before = public(out, 1)
    again = report(study, out)
    assert (first.release, again.release) == (1, 1)
    assert releases(out) == ["0001"]
    assert public(out, 1) == before


def test_a_change_that_no_public_number_shows_keeps_the_release(study: Path, out: Path) -> None:
    report(study, out)
    before = public(out, 1)
    # A comment in the study file is a changed definition without a changed number.
    with (study / "study.toml").open("a", encoding="utf-8") as stream:
        stream.write("\n# a comment\n")
    assert report(study, out).release == 1
    assert public(out, 1) == before


def test_the_order_of_rows_changes_no_public_byte(study: Path, out: Path, tmp_path: Path) -> None:
    report(study, out)
    other = write_study(tmp_path / "other", {name: rows[::-1] for name, rows in small_waves().items()})
    report(other, tmp_path / "out2")
    assert public(out, 1) == public(tmp_path / "out2", 1)


def test_changed_numbers_are_a_new_release_and_the_first_stays(study: Path, out: Path) -> None:
    report(study, out)
    before = public(out, 1)
    change_an_answer(study)
    assert report(study, out).release == 2
    assert public(out, 1) == before
    assert public(out, 2) != before
    assert (out / "public" / "results.json").read_bytes() == public(out, 2)["public/results.json"]
    # Numbers that come back are a release of their own: what was between was published too.
    write_wave(study, "later", small_waves()["later"])
    assert report(study, out).release == 3
    assert json.loads(public(out, 3)["public/results.json"]) | {"release": 1} == json.loads(before["public/results.json"])


def test_a_release_is_never_written_over_by_another(study: Path, out: Path) -> None:
    report(study, out)
    before = public(out, 1)
    (out / "current").unlink()
    change_an_answer(study)
    assert report(study, out).release == 2
    assert public(out, 1) == before


def test_the_manifest_has_the_hash_of_every_file_and_input(study: Path, out: Path) -> None:
    report(study, out)
    manifest = json.loads((out / "manifest.json").read_bytes())
    release = out / "releases" / "0001"
    there = {str(path.relative_to(release)) for path in release.rglob("*") if path.is_file()}
    assert set(manifest["files"]) | {"manifest.json"} == there
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest
    for name, digest in manifest["inputs"].items():
        assert hashlib.sha256((study / name).read_bytes()).hexdigest() == digest
    assert set(manifest["inputs"]) == {"raw/start.csv", "raw/later.csv"}
    assert set(manifest["definitions"]) == {"study.toml", "instruments/mood.toml"}
    assert (manifest["release"], manifest["previous_release"], manifest["gates"]["passed"]) == (1, None, True)


def test_no_clock_path_or_user_is_in_a_public_file(study: Path, out: Path) -> None:
    report(study, out)
    manifest = json.loads((out / "manifest.json").read_bytes())
    year = manifest["made_at"][:4]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", manifest["made_at"])
    names = [str(study), str(out), str(Path.cwd()), str(Path.home()), "raw/", "start.csv", socket.gethostname()]
    names += [name for name in (getpass.getuser(),) if name != "root"] + [year, manifest["made_at"], manifest["fingerprint"]]
    for name, content in public(out, 1).items():
        text = content.decode("utf-8")
        for secret in names:
            assert not re.search(rf"(?<!\w){re.escape(secret)}(?!\w)", text), (name, secret)


def test_row_level_files_are_private_and_outside_the_report(study: Path, out: Path) -> None:
    report(study, out)
    for name in ("gates.json", "scores.parquet"):
        assert stat.S_IMODE((study / "build" / name).stat().st_mode) == 0o600
    assert not [path for path in out.rglob("*") if path.suffix == ".parquet"]
    for path in out.rglob("*"):
        if path.is_file():
            assert b"p007" not in path.read_bytes(), path


def test_nothing_to_do_is_said_and_nothing_is_written(study: Path, out: Path) -> None:
    assert run(study, out).did
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    again = run(study, out)
    assert (again.did, again.release) == (False, 1)
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (change_an_answer, "an input changed"),
        (lambda study: edit(study / "study.toml", "threshold = 5", "threshold = 6"), "a definition changed"),
        (lambda study: edit(study / "instruments" / "mood.toml", 'version = "1"', 'version = "2"'), "a definition changed"),
        (lambda study: (study / "withdrawn.csv").write_text("person\np007\n", encoding="utf-8"), "an input changed"),
    ],
)
def test_a_run_follows_a_change_and_names_it(study: Path, out: Path, change: Callable[[Path], object], reason: str) -> None:
    run(study, out)
    change(study)
    made = run(study, out)
    assert (made.did, made.reason) == (True, reason)


def test_a_file_of_the_release_that_was_changed_by_hand_is_made_again(study: Path, out: Path) -> None:
    run(study, out)
    (out / "public" / "estimates.csv").write_text("mine", encoding="utf-8")
    made = run(study, out)
    assert made.did
    assert "public/estimates.csv" in made.reason
    assert (out / "public" / "estimates.csv").read_text(encoding="utf-8").startswith("study,")


def test_a_person_who_withdrew_is_gone_from_everything(study: Path, out: Path) -> None:
    report(study, out)
    (study / "withdrawn.csv").write_text("person\np007\n", encoding="utf-8")
    assert report(study, out).release == 2
    found = json.loads((out / "public" / "results.json").read_bytes())
    assert (found["flow"]["baseline"], found["flow"]["both"]) == (33, 21)
    import pandas as pd

    assert "p007" not in set(pd.read_parquet(study / "build" / "scores.parquet")["person"])


def failing_gates(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = small_waves()["later"]
    rows[0]["a"] = 9
    write_wave(study, "later", rows)


def failing_render(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_page(*_: object) -> bytes:
        raise RuntimeError("a section failed")

    change_an_answer(study)
    monkeypatch.setattr("pipeline.reporting.render.render", no_page)


def failing_disk(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change_an_answer(study)
    monkeypatch.setattr(os, "replace", fail_at(4, os.replace))


def input_gone(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (study / "raw" / "later.csv").unlink()


@pytest.mark.parametrize(
    ("break_it", "error"),
    [(failing_gates, GateError), (failing_render, RuntimeError), (failing_disk, OutputError), (input_gone, InputError)],
)
def test_a_run_that_fails_leaves_the_last_report(
    study: Path, out: Path, monkeypatch: pytest.MonkeyPatch, break_it: Callable[..., None], error: type[Exception]
) -> None:
    report(study, out)
    before = every_byte(out)
    break_it(study, monkeypatch)
    with pytest.raises(error):
        report(study, out)
    monkeypatch.undo()
    assert every_byte(out) == before


def test_an_input_that_changes_while_it_is_read_is_refused(study: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.run import stages

    real = stages.work_out

    def slow(*arguments: object) -> object:
        change_an_answer(study)
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(stages, "work_out", slow)
    with pytest.raises(InputError, match="changed while it was read"):
        report(study, out)
    assert not out.exists()


def test_an_output_that_cannot_be_written_is_exit_14(study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert main(["report", str(study), "--out", str(tmp_path / "file" / "out")]) == 14
    said = capsys.readouterr().err
    assert "cannot be written" in said
    assert "Traceback" not in said


def test_a_study_folder_that_cannot_be_written_is_exit_14(study: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (study / "build").write_text("in the way", encoding="utf-8")
    assert main(["report", str(study), "--out", str(out)]) == 14
    assert not out.exists()


def test_a_lock_that_is_held_is_exit_75(study: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (study / "build").mkdir()
    with FileLock(study / "build" / ".lock"):
        for command in ("report", "run"):
            assert main([command, str(study), "--out", str(out)]) == LockedError.exit_code == 75
            assert "held by another run" in capsys.readouterr().err
    assert not out.exists()
    assert main(["run", str(study), "--out", str(out)]) == 0


def test_the_lock_is_let_go_after_a_failure(study: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failing_gates(study, monkeypatch)
    with pytest.raises(GateError):
        report(study, out)
    write_wave(study, "later", small_waves()["later"])
    assert report(study, out).release == 1


def test_an_unreadable_input_is_exit_11_and_not_14(
    study: Path, out: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pipeline.run import fingerprint

    def refused(path: Path) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(fingerprint, "sha256", refused)
    for command in ("report", "run"):
        assert main([command, str(study), "--out", str(out)]) == 11
        assert "Permission denied" in capsys.readouterr().err


def test_an_output_folder_of_another_study_is_refused(study: Path, out: Path) -> None:
    report(study, out)
    before = every_byte(out)
    edit(study / "study.toml", 'id = "small"', 'id = "another"')
    with pytest.raises(OutputError, match="small"):
        report(study, out)
    assert every_byte(out) == before


def test_the_default_output_is_named_after_the_study(study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert report(study).out == running.REPORTS / "small"
    assert (tmp_path / "reports" / "small" / "public" / "funder.en.html").is_file()

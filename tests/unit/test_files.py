"""A file is written whole or not at all, for whom it is meant, and no spreadsheet runs what stands in it."""

import csv
import hashlib
import io
import os
import stat

import pytest

from pipeline import files


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("old")
    return path


def alone(path):
    return [each.name for each in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("step", ["replace", "fsync"])
def test_the_old_file_stays_when_writing_fails(path, monkeypatch, step):
    def fails(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fails)
    with pytest.raises(OSError, match="No space left"):
        files.write_bytes(path, b"new")
    assert path.read_text() == "old"
    assert alone(path)


def test_the_old_file_stays_when_the_run_is_interrupted(path, monkeypatch):
    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        files.write_bytes(path, b"new")
    assert path.read_text() == "old"
    assert alone(path)


def test_what_cannot_be_written_leaves_nothing(path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_bytes(path, files.json_bytes({"a": float("nan")}))
    with pytest.raises(FileNotFoundError):
        files.write_bytes(path.parent / "nowhere" / "a.csv", b"new")
    assert path.read_text() == "old"
    assert alone(path)


def test_a_new_file_takes_the_place_of_the_old_one(path):
    path.chmod(0o600)
    files.write_bytes(path, "é\n".encode())
    assert path.read_bytes() == b"\xc3\xa9\n"
    assert mode(path) == files.PUBLIC_FILE
    assert alone(path)


def test_a_link_is_replaced_and_what_it_led_to_stays(path):
    link = path.parent / "link.csv"
    link.symlink_to(path)
    files.write_bytes(link, b"new")
    assert (path.read_text(), link.read_text(), link.is_symlink()) == ("old", "new", False)


def test_private_files_and_folders_are_for_their_owner(path):
    files.write_bytes(path, b"new", files.PRIVATE_FILE)
    assert mode(path) == 0o600
    folder = files.private_folder(path.parent / "a" / "b")
    assert mode(folder) == 0o700
    folder.chmod(0o755)
    assert mode(files.private_folder(folder)) == 0o700


@pytest.mark.parametrize("cell", ["=1+1", "+cmd", "-cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "-", "=", "--1", "+1+1"])
def test_a_cell_that_a_spreadsheet_would_run_is_text(cell):
    assert files.neutral(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["-1", "+1.5", "-1e-3", "", "a=1", "P-01", " x", "'x", "-inf"])
def test_any_other_text_stays(cell):
    assert files.neutral(cell) == cell


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (None, ""),
        (float("nan"), ""),
        (0.1 + 0.2, "0.30000000000000004"),
        (-1.0, "-1.0"),
        (1e-300, "1e-300"),
        (3, 3),
        (True, True),
    ],
)
def test_a_number_keeps_its_full_precision(cell, shown):
    assert files.neutral(cell) == shown


def test_a_csv_reads_back_as_it_was():
    rows = [["a,b", 'say "hi"', None], ["two\nlines", 0.1, 7], ["=x", "é", float("nan")]]
    content = files.csv_bytes(["=head", "b", "c"], rows)
    assert b"\r" not in content
    assert list(csv.reader(io.StringIO(content.decode("utf-8"), newline=""))) == [
        ["'=head", "b", "c"],
        ["a,b", 'say "hi"', ""],
        ["two\nlines", "0.1", "7"],
        ["'=x", "é", ""],
    ]


def test_json_keeps_its_order_and_its_letters():
    assert files.json_bytes({"b": 1, "a": "é"}) == '{\n "b": 1,\n "a": "é"\n}\n'.encode()


def test_a_hash_is_of_the_bytes(path):
    assert files.sha256(path) == hashlib.sha256(b"old").hexdigest()

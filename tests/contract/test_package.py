"""What a wheel carries, and what the repository never does."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_file_that_the_code_reads_is_package_data() -> None:
    carried = {
        path
        for package, patterns in PROJECT["tool"]["setuptools"]["package-data"].items()
        for pattern in patterns
        for path in (ROOT / package).glob(pattern)
    }
    read = {path for package in ("pipeline", "instruments") for path in (ROOT / package).rglob("*") if path.is_file()}
    others = {path for path in read if path.suffix not in (".py", ".pyc")}
    assert others - carried == set()


def test_both_locks_pin_every_package_with_hashes_and_agree() -> None:
    default, dev = (_pins(ROOT / name) for name in ("requirements.lock", "requirements-dev.lock"))
    wanted = {name.partition(">")[0].partition("=")[0] for name in PROJECT["project"]["dependencies"]}
    assert wanted <= {name for name, _ in default}
    assert default <= dev


def _pins(lock: Path) -> set[tuple[str, str]]:
    text = lock.read_text(encoding="utf-8")
    pins = set()
    for block in text.replace("\\\n", " ").splitlines():
        if block and not block.startswith((" ", "#")):
            name, _, version = block.split(" ")[0].partition("==")
            assert version, block
            assert "--hash=sha256:" in block
            pins.add((name, version))
    return pins


@pytest.mark.parametrize("word", ["data/*/raw/", "data/*/build/", "data/*/ledger/", "reports/*"])
def test_peoples_answers_and_output_are_kept_out_of_git(word: str) -> None:
    assert word in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_make_alone_prints_help() -> None:
    printed = subprocess.run(["make", "-s"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for target in ("make report", "make test", "make check", "make setup"):
        assert target in printed

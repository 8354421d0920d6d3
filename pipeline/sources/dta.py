"""Reads Stata .dta files with their extended missing values (.a to .z)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.errors import InputError, Problem
from pipeline.sources.raw import RawTable

SUFFIXES = (".dta",)


def read(path: Path) -> RawTable:
    """The file's values; an extended missing value stays its letter and says so in `user_missing` with its label."""
    import pyreadstat

    try:
        data, meta = pyreadstat.read_dta(str(path), user_missing=True, output_format="dict")
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError, UnicodeDecodeError) as error:
        raise InputError(Problem(str(path), f"not a readable Stata file: {error}", "an intact .dta")) from None
    columns = {name: np.array(list(values), dtype=object) for name, values in data.items()}
    rows = len(next(iter(columns.values()))) if columns else 0
    missing = {
        name: {letter: str(meta.variable_value_labels.get(name, {}).get(letter, "")) for letter in letters}
        for name, letters in meta.missing_user_values.items()
    }
    return RawTable(str(path), columns, np.arange(1, rows + 1), missing)

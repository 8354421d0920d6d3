"""Reads and writes SPSS .sav files with their value labels and user-missing codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import InputError, Problem
from pipeline.sources.raw import RawTable

SUFFIXES = (".sav", ".zsav")


def read(path: Path) -> RawTable:
    """The file's values; user-missing codes stay codes, and say so in `user_missing` with their labels.

    Raises InputError where the file is not a readable .sav.
    """
    import pyreadstat

    try:
        # user_missing=True: otherwise a refusal comes back as NaN and nobody knows why
        data, meta = pyreadstat.read_sav(str(path), user_missing=True, output_format="dict")
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError, UnicodeDecodeError) as error:
        raise InputError(Problem(str(path), f"not a readable SPSS file: {error}", "an intact .sav")) from None
    columns = {name: np.array(list(values), dtype=object) for name, values in data.items()}
    rows = len(next(iter(columns.values()))) if columns else 0
    missing = {
        name: {
            value: str(meta.variable_value_labels.get(name, {}).get(value, ""))
            for span in spans
            for value in _values_in(columns[name], span)
        }
        for name, spans in meta.missing_ranges.items()
    }
    return RawTable(str(path), columns, np.arange(1, rows + 1), missing)


def _values_in(column: Any, span: Mapping[str, Any]) -> list[Any]:
    low, high = span["lo"], span["hi"]
    if low == high:
        return [low]
    return sorted({value for value in column if isinstance(value, int | float) and low <= value <= high})


def write(
    path: Path,
    columns: Mapping[str, Sequence[Any]],
    value_labels: Mapping[str, Mapping[float, str]],
    user_missing: Mapping[str, Sequence[float]],
    column_labels: Mapping[str, str],
) -> None:
    """Write a .sav; `user_missing` lists at most three discrete codes per column, as SPSS allows."""
    import pandas as pd
    import pyreadstat

    pyreadstat.write_sav(
        pd.DataFrame(dict(columns)),
        str(path),
        column_labels=[column_labels.get(name, "") for name in columns],
        variable_value_labels={name: dict(labels) for name, labels in value_labels.items()},
        missing_ranges={name: list(codes) for name, codes in user_missing.items()},
    )

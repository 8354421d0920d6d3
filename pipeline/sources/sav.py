"""Reads and writes SPSS .sav files with their value labels and user-missing codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.sources import readstat
from pipeline.sources.raw import RawTable

SUFFIXES = (".sav", ".zsav")


def read(path: Path) -> RawTable:
    """The file's values; user-missing codes stay codes, and say so in `user_missing` with their labels.

    Raises InputError where the file is not a readable .sav.
    """
    columns, meta = readstat.read(path, "read_sav", "SPSS")
    missing = {
        name: {
            value: str(meta.variable_value_labels.get(name, {}).get(value, ""))
            for span in spans
            for value in _values_in(columns[name], span)
        }
        for name, spans in meta.missing_ranges.items()
    }
    return RawTable(str(path), columns, readstat.row_numbers(columns), missing)


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

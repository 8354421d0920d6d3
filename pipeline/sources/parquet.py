"""Reads Parquet: columns of numbers or text, nulls as empty cells."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.errors import InputError, Problem
from pipeline.sources.raw import RawTable

SUFFIXES = (".parquet",)


def read(path: Path) -> RawTable:
    """The file's columns; row numbers count from 1. Raises InputError where the file is not Parquet."""
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise InputError(Problem(str(path), f"not a readable Parquet file: {error}")) from None
    columns = {name: np.array(table[name].to_pylist(), dtype=object) for name in table.column_names}
    return RawTable(str(path), columns, np.arange(1, table.num_rows + 1))

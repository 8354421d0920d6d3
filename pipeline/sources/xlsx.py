"""Reads Excel .xlsx: the first sheet, one header row, cells as they were typed."""

from __future__ import annotations

import contextlib
import warnings
import zipfile
from pathlib import Path

import numpy as np

from pipeline.errors import InputError, Problem
from pipeline.sources.raw import RawTable

SUFFIXES = (".xlsx",)
_LARGEST = 200_000_000  # bytes once unpacked: a small archive can hold more than the memory


def read(path: Path) -> RawTable:
    """The first sheet's cells; row numbers are the sheet's, whose header is row 1.

    Raises InputError where the file is no workbook, is too large once unpacked, or names a column twice.
    """
    import openpyxl

    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > _LARGEST:
            raise InputError(Problem(str(path), f"{unpacked:,} bytes once unpacked", f"at most {_LARGEST:,}"))
        with warnings.catch_warnings(action="ignore"):  # about styles and forms, which nobody reads here
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            with contextlib.closing(book):
                lines = [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]
    except InputError:
        raise
    except Exception as error:  # what is damaged may show in the archive, its compression, its XML or openpyxl itself
        raise InputError(
            Problem(str(path), f"not a readable Excel workbook: {error}", "an .xlsx with one sheet of rows")
        ) from None
    if not lines:
        raise InputError(Problem(str(path), "the first sheet is empty", "a header row and a row per person"))
    header = ["" if cell is None else str(cell).strip() for cell in lines[0]]
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise InputError(Problem(f"{path}: row 1", f"column {', '.join(map(repr, twice))} stands twice", "each column once"))
    kept = [(number, row) for number, row in enumerate(lines[1:], start=2) if any(cell is not None for cell in row)]
    columns = {
        name: np.array([row[i] if i < len(row) else None for _, row in kept], dtype=object)
        for i, name in enumerate(header)
        if name
    }
    return RawTable(str(path), columns, np.array([number for number, _ in kept], dtype=np.int64))

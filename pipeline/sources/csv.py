"""Reads CSV: UTF-8 with or without a byte-order mark, commas, one header row."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

from pipeline.errors import InputError, Problem
from pipeline.sources.raw import RawTable

SUFFIXES = (".csv",)


def read(path: Path) -> RawTable:
    """The file's cells as text. Row numbers are those of the file, whose header is row 1.

    Raises InputError for bytes that are not UTF-8, no header, a column named twice, or a row of another length.
    """
    content = path.read_bytes()
    try:
        text = content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = f"byte {content[error.start]:#04x} in line {line} is not UTF-8"
        raise InputError(Problem(str(path), found, "a CSV in UTF-8", "Save it again as 'CSV UTF-8'.")) from None
    try:
        numbered = enumerate(csv.reader(io.StringIO(text, newline=""), strict=True), start=1)
        lines = [(number, row) for number, row in numbered if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise InputError(Problem(str(path), f"not a CSV: {error}")) from None
    if not lines:
        raise InputError(Problem(str(path), "the file is empty", "a header row and a row per person"))
    first, *body = lines
    header = [name.strip() for name in first[1]]
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise InputError(Problem(f"{path}: row 1", f"column {', '.join(map(repr, twice))} stands twice", "each column once"))
    for number, row in body:
        if len(row) != len(header):
            found = f"row {number} has {len(row)} cells, the header {len(header)}"
            raise InputError(Problem(str(path), found, f"{len(header)} cells in every row"))
    cells = np.array([row for _, row in body], dtype=object).reshape(len(body), len(header))
    numbers = np.array([number for number, _ in body], dtype=np.int64)
    return RawTable(str(path), {name: cells[:, i] for i, name in enumerate(header)}, numbers)

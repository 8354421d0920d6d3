"""What the readers of SPSS and Stata files share: pyreadstat's call, its errors, its columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import InputError, Problem
from pipeline.sources.raw import RawColumn


def read(path: Path, function: str, kind: str) -> tuple[dict[str, RawColumn], Any]:
    """A file's columns and pyreadstat's description of it, by one of its read functions.

    User-missing codes stay as they are: otherwise a refusal comes back as NaN and nobody knows why. Raises InputError
    where the file is not a readable one of its kind.
    """
    import pyreadstat

    try:
        data, meta = getattr(pyreadstat, function)(str(path), user_missing=True, output_format="dict")
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError, UnicodeDecodeError) as error:
        raise InputError(Problem(str(path), f"not a readable {kind} file: {error}", f"an intact {path.suffix}")) from None
    return {name: np.array(list(values), dtype=object) for name, values in data.items()}, meta


def row_numbers(columns: dict[str, RawColumn]) -> Any:
    """The rows counted from 1."""
    return np.arange(1, len(next(iter(columns.values()), ())) + 1)

"""What every reader gives back: a file's columns as they stand, before anything is bound to an item."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.definitions.study import plain_code

RawColumn = NDArray[np.object_]


@dataclass(frozen=True)
class RawTable:
    """A file's n rows: columns of floats, other text and None for empty cells; `rows` are the file's own row numbers.

    `user_missing` holds, per column, the codes that the file itself declares missing, with the label it gives them.
    """

    source: str
    columns: Mapping[str, RawColumn]
    rows: NDArray[np.int64]
    user_missing: Mapping[str, Mapping[Any, str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)

    def keep(self, mask: NDArray[np.bool_]) -> RawTable:
        """The rows where `mask` (n,) holds."""
        return RawTable(self.source, {n: c[mask] for n, c in self.columns.items()}, self.rows[mask], self.user_missing)


def normalise(value: Any) -> Any:
    """A cell as every format gives it: a float where it is a number, stripped text otherwise, None where it is empty."""
    if value is None:
        return None
    if isinstance(value, str):
        return plain_code(value) if value.strip() else None
    if isinstance(value, bool | np.bool_):
        return float(value)
    if isinstance(value, int | float | Decimal | np.integer | np.floating):
        number = float(value)
        return None if np.isnan(number) else number
    return value if isinstance(value, Hashable) else str(value)


def normalised(column: Any) -> RawColumn:
    """A whole column normalised, each distinct value once."""
    known: dict[Any, Any] = {}
    result = np.empty(len(column), dtype=object)
    for row, value in enumerate(column):
        key = value if isinstance(value, Hashable) else str(value)
        if key not in known:
            known[key] = normalise(value)
        result[row] = known[key]
    return result


def among(column: RawColumn, values: Iterable[Any]) -> NDArray[np.bool_]:
    """Which cells of a normalised column hold one of the values, which may be text or numbers."""
    wanted = {normalise(value) for value in values}
    return np.array([cell in wanted for cell in column], dtype=bool)


def person_ids(column: Any) -> RawColumn:
    """A column of person ids as text: leading zeros stay, 1042.0 is 1042, an empty cell is None."""
    return np.array([_person_id(value) for value in column], dtype=object)


def _person_id(value: Any) -> str | None:
    if isinstance(value, str):
        text = value.strip()
        return text.removesuffix(".0") if re.fullmatch(r"\d+\.0", text) else text or None
    if isinstance(value, int | np.integer):
        return str(int(value))  # by way of a float, two long numbers would become one person
    cell = normalise(value)
    return None if cell is None else as_text(cell)


def as_text(value: Any) -> str:
    """A normalised cell as people write it: 1042.0 is 1042."""
    return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value)

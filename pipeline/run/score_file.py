"""Scores one instrument in a file of any kind: finds its columns, adds its scales, passes everything else through."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field, ValidationError

from pipeline.definitions.base import Definition
from pipeline.definitions.binding import columns_of, fitting_names
from pipeline.definitions.instrument import Instrument, ReasonWord
from pipeline.definitions.load import load_instrument
from pipeline.definitions.study import Code, ItemRecode, WaveBinding
from pipeline.errors import DefinitionError, InputError, OutputError, Problem, UsageError
from pipeline.files import csv_bytes, write_bytes
from pipeline.scoring.kernel import Scored
from pipeline.scoring.wave import score_columns
from pipeline.sources.binding import BoundInstrument, bind_instrument
from pipeline.sources.raw import RawTable, as_text
from pipeline.sources.read import read_table
from pipeline.store import Reason


class ColumnsFile(Definition):
    """Which column holds which item, as `--columns FILE` says it; the same words as in study.toml."""

    format: int = 1
    columns: dict[str, str]
    recodes: tuple[ItemRecode, ...] = ()
    not_asked: tuple[str, ...] = ()
    missing: dict[ReasonWord, tuple[Code, ...]] = Field(default_factory=dict)


def score_file(instrument: str, source: str, output: str, engine: str, names: str, columns: str | None) -> list[str]:
    """Score a file; returns notes for the user, such as undeclared codes, which are null in every score that needs them.

    Raises UsageError, DefinitionError, InputError or OutputError; the output is written whole or not at all.
    """
    target = Path(output)
    if target.suffix not in (".csv", ".parquet"):
        raise UsageError(Problem(output, f"cannot write {target.suffix or 'a file without an ending'!r}", ".csv or .parquet"))
    definition = load_instrument(instrument)
    path = Path(source)
    table = read_table(path.parent, path.name)
    asked = _from_file(Path(columns)) if columns else _from_names(definition, table, names, source)
    binding = WaveBinding(columns=asked.columns, recodes=asked.recodes, not_asked=asked.not_asked)
    if problems := columns_of(definition, binding, columns or source).problems:
        raise DefinitionError(problems)
    bound = bind_instrument(definition, binding, table, asked.missing)
    if bound.absent:
        raise InputError(Problem.unknown_name(source, "column", name, table.columns) for _, name in bound.absent)
    scored = score_columns(definition, bound.columns, len(table), engine)
    _write(target, table, set(asked.columns.values()), definition.id, scored)
    return list(_undeclared(bound, definition.id))


def _from_file(path: Path) -> ColumnsFile:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        return ColumnsFile.model_validate(content if "columns" in content else {"columns": content})
    except OSError as error:
        raise InputError(Problem(str(path), f"cannot be read: {error.strerror}")) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
        raise DefinitionError(
            Problem(str(path), f"not a columns file: {error}", 'lines such as gh1 = "B1" under [columns]')
        ) from None


def _from_names(instrument: Instrument, table: RawTable, names: str, source: str) -> ColumnsFile:
    present = list(table.columns)
    if names != "auto":
        by_id = {each.id: each for each in instrument.names}
        if names not in by_id:
            raise UsageError(Problem.unknown_name("--names", "name set", names, [*by_id, "auto"]))
        chosen = by_id[names]
    else:
        fitting = fitting_names(instrument, present)
        if not fitting:
            wanted = [each.id for each in instrument.names]
            expected = f"the item ids ({', '.join(instrument.item_ids)})" + (
                f" or the columns of {', '.join(wanted)}" if wanted else ""
            )
            raise InputError(
                Problem(source, f"no name set of {instrument.id} fits its columns", expected, "Name them with --columns.")
            )
        if len(fitting) > 1:
            found = f"several name sets of {instrument.id} fit: {', '.join(each.id for each in fitting)}"
            raise UsageError(Problem(source, found, "one", "Choose it with --names."))
        chosen = fitting[0]
    not_asked = tuple(item for item in instrument.item_ids if item not in chosen.columns)
    return ColumnsFile(columns=chosen.columns, not_asked=not_asked)


def _undeclared(bound: BoundInstrument, instrument: str) -> Iterator[str]:
    for item, column in bound.columns.items():
        wrong = column.reasons == Reason.OUT_OF_RANGE
        if wrong.any():
            codes = sorted({as_text(value) for value in column.raw[wrong]})[:5]
            found = f"{int(wrong.sum())} undeclared answers ({', '.join(codes)})"
            yield f"Note: {instrument}.{item} (column {column.source!r}): {found} are null."


def _write(target: Path, table: RawTable, used: set[str], instrument: str, scored: dict[str, Scored]) -> None:
    kept = {name: column for name, column in table.columns.items() if name not in used}
    added: dict[str, Any] = {}
    for name, scale in scored.items():
        added |= {f"{instrument}.{name}": scale.values, f"{instrument}.{name}__answered": scale.answered}
    try:
        if target.suffix == ".csv":
            scores = [
                [None if np.isnan(v) else v for v in c.tolist()] if c.dtype.kind == "f" else c.tolist() for c in added.values()
            ]
            rows = zip(*[column.tolist() for column in kept.values()], *scores, strict=True)
            write_bytes(target, csv_bytes([*kept, *added], [list(row) for row in rows]))
        else:
            _write_parquet(target, kept | added)
    except OSError as error:
        raise OutputError(Problem(str(target), f"cannot be written: {error.strerror}")) from None


def _write_parquet(target: Path, columns: dict[str, Any]) -> None:
    import io

    import pyarrow
    import pyarrow.parquet

    buffer = io.BytesIO()
    arrays = {name: pyarrow.array(column.tolist(), from_pandas=True) for name, column in columns.items()}
    pyarrow.parquet.write_table(pyarrow.table(arrays), buffer)
    write_bytes(target, buffer.getvalue())

"""Scores one instrument in a file of any kind: finds its columns, adds its scales, passes everything else through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from pipeline.definitions.base import Definition
from pipeline.definitions.binding import columns_of, fitting_names, name_sets, spelled
from pipeline.definitions.instrument import Instrument, ReasonWord
from pipeline.definitions.load import load_instrument, parse
from pipeline.definitions.study import Code, ItemRecode, WaveBinding
from pipeline.errors import DefinitionError, InputError, OutputError, Problem, UsageError
from pipeline.files import PRIVATE_FILE, write_bytes, write_csv
from pipeline.scoring.kernel import Scored
from pipeline.scoring.wave import score_columns
from pipeline.sources.binding import BoundInstrument, bind_instrument
from pipeline.sources.locate import check_present
from pipeline.sources.raw import RawTable, as_text
from pipeline.sources.read import read_file
from pipeline.store import Reason


class ColumnsFile(Definition):
    """Which column holds which item, as `--columns FILE` says it; the same words as in study.toml.

    A file with nothing but `item = "column"` lines needs no [columns] above them.
    """

    format: Literal[1] = 1
    columns: dict[str, str]
    recodes: tuple[ItemRecode, ...] = ()
    not_asked: tuple[str, ...] = ()
    missing: dict[ReasonWord, tuple[Code, ...]] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _columns_alone(cls, content: Any) -> Any:
        if isinstance(content, dict) and not set(content) & (set(cls.model_fields) - {"format"}):
            return {"format": content.pop("format", 1), "columns": content}
        return content


def score_file(instrument: str, source: str, output: str, engine: str, names: str, columns: str | None) -> list[str]:
    """Score a file; returns notes for the user, such as undeclared codes, which are null in every score that needs them.

    Raises UsageError, DefinitionError, InputError or OutputError; the output is written whole or not at all.
    """
    path, target = Path(source), Path(output)
    if target.suffix.lower() not in (".csv", ".parquet"):
        raise UsageError(Problem(output, f"cannot write {target.suffix or 'a file without an ending'!r}", ".csv or .parquet"))
    if path.exists() and target.exists() and target.samefile(path):
        raise UsageError(Problem(output, "is the input itself", "another file, so that no answer is lost"))
    definition = load_instrument(instrument)
    table = read_file(path)
    asked = _from_file(Path(columns)) if columns else _from_names(definition, table, names, source)
    binding = WaveBinding(columns=asked.columns, recodes=asked.recodes, not_asked=asked.not_asked)
    if problems := columns_of(definition, binding, columns or source).problems:
        raise DefinitionError(problems)
    bound = bind_instrument(definition, binding, table, asked.missing)
    if bound.absent:
        raise InputError(Problem.unknown_name(source, "column", name, table.columns) for _, name in bound.absent)
    scored = score_columns(definition, bound.columns, len(table), engine)
    kept = {name: column for name, column in table.columns.items() if name not in asked.columns.values()}
    added = _as_columns(definition.id, scored)
    if twice := sorted(set(kept) & set(added)):
        found = f"column {', '.join(map(repr, twice))} is in the file already"
        raise InputError(Problem(source, found, "a file without the scores of this instrument"))
    _write(target, kept, added)
    return list(_undeclared(bound, definition.id))


def _from_file(path: Path) -> ColumnsFile:
    check_present(path, "a TOML file that says which column holds which item")
    problems: list[Problem] = []
    parsed = parse(path, ColumnsFile, problems)
    if parsed is None:
        raise DefinitionError(problems)
    return parsed


def _from_names(instrument: Instrument, table: RawTable, names: str, source: str) -> ColumnsFile:
    present, known = list(table.columns), name_sets(instrument)
    if names != "auto":
        if names not in known:
            raise UsageError(Problem.unknown_name("--names", "name set", names, [*known, "auto"]))
        chosen = spelled(known[names], present)
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
            count = int(wrong.sum())
            found = f"{count} undeclared answer{'s' if count > 1 else ''} ({', '.join(codes)})"
            yield f"Note: {instrument}.{item} (column {column.source!r}): {found}, null in every score that needs one."


def _as_columns(instrument: str, scored: dict[str, Scored]) -> dict[str, Any]:
    added: dict[str, Any] = {}
    for name, scale in scored.items():
        added |= {f"{instrument}.{name}": scale.values, f"{instrument}.{name}__answered": scale.answered}
    return added


def _write(target: Path, kept: Mapping[str, Any], added: Mapping[str, Any]) -> None:
    """Write the file, for its owner alone: a row is a person."""
    columns = {name: column.tolist() for name, column in {**kept, **added}.items()}
    try:
        if target.suffix.lower() == ".csv":
            write_csv(target, list(columns), zip(*columns.values(), strict=True), PRIVATE_FILE)
        else:
            write_bytes(target, _parquet(columns), PRIVATE_FILE)
    except OSError as error:
        raise OutputError.unwritable(target, error) from None


def _parquet(columns: dict[str, list[Any]]) -> bytes:
    import io

    import pyarrow
    import pyarrow.parquet

    def array(values: list[Any]) -> Any:
        try:
            return pyarrow.array(values, from_pandas=True)
        except pyarrow.ArrowException:  # text among numbers, as Excel allows it
            return pyarrow.array([None if value is None or value != value else as_text(value) for value in values])

    buffer = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({name: array(values) for name, values in columns.items()}), buffer)
    return buffer.getvalue()

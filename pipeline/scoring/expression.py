"""The other executor: the same tables as narwhals expressions, for frames that live in pandas, Polars or DuckDB.

A frame holds one column of numbers per item, named by item id. Null (or NaN) is a blank: the item counts as routed
past where its gate says so, as does a reserved code for not_applicable. Anything else that is not a declared answer
is missing, as is an item without a column.
"""

from __future__ import annotations

from functools import reduce
from operator import add, and_
from typing import Any, TypeVar

import narwhals as nw
import numpy as np

from pipeline.definitions.instrument import ItemGroup, Scale
from pipeline.scoring.tables import NO_CODE, ROUTED, CompiledInstrument, CompiledScale, ItemTable
from pipeline.store import FloatArray

Frame = TypeVar("Frame")
_MANY_CODES = 24


def score(compiled: CompiledInstrument, frame: Frame) -> Frame:
    """Add every `<scale>` and `<scale>__answered` column to a frame of item columns; the frame's own kind comes back."""
    native: Any = nw.from_native(frame)
    present = set(native.collect_schema().names())
    groups = compiled.instrument.item_groups
    parts = {(scale.name, table.item): table for scale in compiled.primary for table in scale.tables}
    # Step by step, each result a column: one expression for all repeats its parts, which DuckDB plans for many seconds.
    scored = native.with_columns(
        (_blank_nan(nw.col(item)) if item in present else nw.lit(NO_CODE)).alias(_ours(item)) for item in groups
    )
    scored = scored.with_columns(_contribution(table, groups).alias(_ours(*part)) for part, table in parts.items())
    scored = scored.with_columns(_as_answered(scale.name, _count(scale)) for scale in compiled.primary)
    scored = scored.with_columns(_as_value(scale.name, _evaluate(scale)) for scale in compiled.primary)
    for name, scale in compiled.derived:
        value, answered = _combine(scale) if scale.kind == "combination" else _categorise(scale, groups)
        scored = scored.with_columns(_as_value(name, value), _as_answered(name, answered))
    return scored.drop([_ours(item) for item in groups] + [_ours(*part) for part in parts]).to_native()  # type: ignore[no-any-return]


def _ours(*names: str) -> str:
    """A column name that no file has."""
    return ":".join(("_rosewave", *names))


def _as_value(name: str, value: nw.Expr) -> nw.Expr:
    return value.cast(nw.Float64).alias(name)


def _as_answered(name: str, answered: nw.Expr) -> nw.Expr:
    return answered.cast(nw.Int16).alias(f"{name}__answered")


def _blank_nan(column: nw.Expr) -> nw.Expr:
    # Polars and DuckDB keep NaN apart from null; a NaN that slips through a comparison would score.
    number = column.cast(nw.Float64)
    return nw.when(~number.is_nan()).then(number)


def _item(item: str) -> nw.Expr:
    return nw.col(_ours(item))


def _parts(scale: CompiledScale) -> list[nw.Expr]:
    return [nw.col(_ours(scale.name, table.item)) for table in scale.tables]


def _count(scale: CompiledScale) -> nw.Expr:
    return reduce(add, [(~part.is_null()).cast(nw.Int16) for part in _parts(scale)])


def _evaluate(scale: CompiledScale) -> nw.Expr:
    answered = nw.col(f"{scale.name}__answered")
    total = reduce(add, [part.fill_null(0.0) for part in _parts(scale)])
    if scale.base is not None:
        total = total * float(scale.base) / answered.cast(nw.Float64)
    return nw.when(answered >= scale.min_answered).then(scale.constant + scale.factor * total)


def _contribution(table: ItemTable, groups: dict[str, ItemGroup]) -> nw.Expr:
    group = groups[table.item]
    if table.gate is None:
        return _lookup(table.item, table.values, group)
    gate = groups[table.gate]
    default = table.values[-1]
    result = _lookup(table.item, default, group)
    for row in np.unique(table.values[:-2], axis=0):
        if not np.array_equal(row, default, equal_nan=True):
            codes = [
                c for c, own in zip(gate.answers, table.values[:-2], strict=True) if np.array_equal(row, own, equal_nan=True)
            ]
            result = nw.when(_is_in(table.gate, codes)).then(_lookup(table.item, row, group)).otherwise(result)
    return result


def _lookup(item: str, row: FloatArray, group: ItemGroup) -> nw.Expr:
    """The contribution of an item by one row of its table, which has a number for every answer; null for anything else."""
    answers, values = np.asarray(group.answers, dtype=float), row[:-2]
    slope = (values[-1] - values[0]) / (answers[-1] - answers[0]) if len(answers) > 1 else 0.0
    looked_up: nw.Expr
    if np.array_equal(values[0] + slope * (answers - answers[0]), values):
        looked_up = nw.when(_is_in(item, group.answers)).then(values[0] + slope * (_item(item) - float(answers[0])))
    else:
        looked_up = nw.lit(None, dtype=nw.Float64)
        for code, value in zip(answers, values, strict=True):
            looked_up = nw.when(_item(item) == float(code)).then(nw.lit(float(value))).otherwise(looked_up)
    if np.isnan(row[ROUTED]):
        return looked_up
    past = group.reserved.get("not_applicable", ())
    routed = _item(item).is_null() | _is_in(item, past) if past else _item(item).is_null()
    return nw.when(routed).then(nw.lit(float(row[ROUTED]))).otherwise(looked_up)


def _is_in(item: str, codes: Any) -> nw.Expr:
    numbers = [float(code) for code in codes]
    column = _item(item)
    if len(numbers) > _MANY_CODES and numbers == list(np.arange(numbers[0], numbers[-1] + 1)):
        return (column >= numbers[0]) & (column <= numbers[-1]) & (column % 1.0 == 0.0)
    return column.is_in(numbers)


def _combine(scale: Scale) -> tuple[nw.Expr, nw.Expr]:
    total = reduce(add, [term.weight * (nw.col(term.scale) - term.mean) / term.sd for term in scale.terms])
    value = scale.constant + scale.factor * total
    answered = reduce(add, [nw.col(f"{term.scale}__answered") for term in scale.terms])
    return ((value + 0.5).floor() if scale.round == "half_up" else value), answered


def _categorise(scale: Scale, groups: dict[str, ItemGroup]) -> tuple[nw.Expr, nw.Expr]:
    value: nw.Expr = nw.lit(None, dtype=nw.Float64)
    for rule in reversed(scale.rules):
        holds = reduce(and_, [_is_in(item, codes) for item, codes in rule.when.items()])
        value = nw.when(holds).then(nw.lit(float(rule.value))).otherwise(value)
    answered = reduce(add, [_is_in(item, groups[item].answers).fill_null(False).cast(nw.Int16) for item in scale.needed_items])
    return value, answered

"""Compiles an instrument: every sum, mean, recoded and weighted scale becomes the same thing, tables over items.

An item has one state per declared answer and two more, for answers that are missing: `routed` where its gate item
says that it was not to be asked, and `missing` otherwise. A table gives each state its contribution; NaN is no
contribution. A code that is not declared has no state of its own: it is `missing`, never zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pipeline.definitions.instrument import Instrument, ItemGroup, Scale
from pipeline.store import FloatArray

ROUTED, MISSING = -2, -1  # the last two states of every item, counted from the end
NO_CODE = -1e9  # a number that no item declares: missing for both executors, whatever a gate says


@dataclass(frozen=True)
class ItemTable:
    """What one item adds to a scale: `values` (states,), or (gate states, states) where `gate` decides its meaning."""

    item: str
    gate: str | None
    values: FloatArray


@dataclass(frozen=True)
class CompiledScale:
    """A scale as tables: constant + factor * total, where total sums the items' contributions.

    `base` is None for plain totals; otherwise the total is base / answered times the sum of contributions, which is a
    mean (base 1) or a prorated sum (base the number of items). Fewer than `min_answered` contributions: no score.
    """

    name: str
    tables: tuple[ItemTable, ...]
    constant: float
    factor: float
    min_answered: int
    base: int | None


@dataclass(frozen=True)
class CompiledInstrument:
    """All scales of one instrument, the tables first, then what is computed from scales or by rules."""

    instrument: Instrument
    primary: tuple[CompiledScale, ...]
    derived: tuple[tuple[str, Scale], ...]

    @cached_property
    def answers(self) -> dict[str, tuple[int, ...]]:
        """The declared answers of each item, ascending."""
        return {item: group.answers for item, group in self.instrument.item_groups.items()}


def compile_instrument(instrument: Instrument) -> CompiledInstrument:
    """Compile every scale of an instrument; the definition has been checked already."""
    primary = tuple(_compile(name, scale, instrument) for name, scale in instrument.scales.items() if scale.is_primary)
    derived = tuple((name, scale) for name, scale in instrument.scales.items() if not scale.is_primary)
    return CompiledInstrument(instrument, primary, derived)


def _compile(name: str, scale: Scale, instrument: Instrument) -> CompiledScale:
    items = scale.needed_items
    tables = tuple(_item_table(item, scale, instrument.item_groups) for item in items)
    averaged = scale.kind in ("mean", "recoded")
    base = 1 if averaged else len(items) if scale.prorate else None
    return CompiledScale(name, tables, scale.constant, scale.factor, scale.min_answered or len(items), base)


def _item_table(item: str, scale: Scale, groups: dict[str, ItemGroup]) -> ItemTable:
    answers = groups[item].answers
    plain = _row(_contributions(item, scale, answers), answers)
    gate = _gate(item, scale, groups[item])
    if gate is None:
        return ItemTable(item, None, plain)
    gate_answers = groups[gate].answers
    grid = np.tile(plain, (len(gate_answers) + 2, 1))
    for recode in scale.recode:
        if item in recode.items and gate in recode.given:
            rows = [gate_answers.index(code) for code in recode.given[gate]]
            grid[rows] = _row(dict(recode.map), answers)
    if scale.routed_as is not None and gate in groups[item].asked_if:
        asked = groups[item].asked_if[gate]
        rows = [row for row, code in enumerate(gate_answers) if code not in asked]
        grid[rows, ROUTED] = plain[answers.index(scale.routed_as)]
    return ItemTable(item, gate, grid)


def _gate(item: str, scale: Scale, group: ItemGroup) -> str | None:
    """The item whose answer decides what this one's means in this scale, if there is one."""
    given = [gate for recode in scale.recode if item in recode.items for gate in recode.given]
    if scale.routed_as is not None:
        given += group.asked_if
    return given[0] if given else None


def _contributions(item: str, scale: Scale, answers: tuple[int, ...]) -> dict[int, float]:
    if scale.kind == "weighted":
        return scale.weights[item]
    if scale.kind == "recoded":
        return next(dict(recode.map) for recode in scale.recode if item in recode.items and not recode.given)
    low, high = answers[0], answers[-1]
    return {code: float(low + high - code if item in scale.reverse else code) for code in answers}


def _row(contributions: dict[int, float], answers: tuple[int, ...]) -> FloatArray:
    return np.array([contributions.get(code, np.nan) for code in answers] + [np.nan, np.nan])

"""The fast executor: numpy lookups on small-integer states, for answers that are in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.definitions.instrument import Scale
from pipeline.scoring.tables import MISSING, ROUTED, CompiledInstrument, CompiledScale
from pipeline.store import Column, FloatArray, Reason

States = NDArray[np.intp]


@dataclass(frozen=True)
class Scored:
    """One scale over n people: `values` (n,) float with NaN where there is no score, `answered` (n,) items that counted.

    An item that its gate routes past counts as answered where the scale says what it stands for.
    """

    values: FloatArray
    answered: NDArray[np.int16]


def score(compiled: CompiledInstrument, columns: Mapping[str, Column], rows: int) -> dict[str, Scored]:
    """Score every scale for `rows` people. An item without a column is missing for all of them."""
    states = {item: _states(columns.get(item), answers, rows) for item, answers in compiled.answers.items()}
    scored = {scale.name: _evaluate(scale, states, rows) for scale in compiled.primary}
    for name, scale in compiled.derived:
        scored[name] = _combine(scale, scored) if scale.kind == "combination" else _categorise(scale, compiled, states, rows)
    return {name: scored[name] for name in compiled.instrument.scales}


def _states(column: Column | None, answers: tuple[int, ...], rows: int) -> States:
    """Each row's state: the position of its answer, or one of the two missing states, counted from the end."""
    if column is None:
        return np.full(rows, MISSING)
    codes = np.asarray(answers, dtype=float)
    position = np.searchsorted(codes, np.nan_to_num(column.codes, nan=-np.inf))
    declared = codes[np.minimum(position, len(codes) - 1)] == column.codes
    routed = column.reasons == Reason.NOT_APPLICABLE
    return np.where(declared, position, np.where(routed, ROUTED, MISSING))


def _evaluate(scale: CompiledScale, states: Mapping[str, States], rows: int) -> Scored:
    total = np.zeros(rows)
    answered = np.zeros(rows, dtype=np.int16)
    for table in scale.tables:
        own = states[table.item]
        added = table.values[own] if table.gate is None else table.values[states[table.gate], own]
        known = ~np.isnan(added)
        answered += known
        total += np.where(known, added, 0.0)
    enough = answered >= scale.min_answered
    if scale.base is not None:
        total = total * scale.base / np.maximum(answered, 1)
    return Scored(np.where(enough, scale.constant + scale.factor * total, np.nan), answered)


def _combine(scale: Scale, scored: Mapping[str, Scored]) -> Scored:
    total = sum(term.weight * (scored[term.scale].values - term.mean) / term.sd for term in scale.terms)
    values = np.asarray(scale.constant + scale.factor * total, dtype=float)
    answered = np.stack([scored[term.scale].answered for term in scale.terms]).sum(axis=0, dtype=np.int16)
    return Scored(np.floor(values + 0.5) if scale.round == "half_up" else values, answered)


def _categorise(scale: Scale, compiled: CompiledInstrument, states: Mapping[str, States], rows: int) -> Scored:
    values = np.full(rows, np.nan)
    for rule in reversed(scale.rules):
        holds = np.ones(rows, dtype=bool)
        for item, codes in rule.when.items():
            holds &= np.isin(states[item], [compiled.answers[item].index(code) for code in codes])
        values[holds] = rule.value
    answered = np.stack([states[item] >= 0 for item in scale.needed_items]).sum(axis=0, dtype=np.int16)
    return Scored(values, answered)

"""How far must the traits move? Every scale's expected score, and the movement that gives it its planted change.

A scale is linear in its tables, and the share of people who give each answer is exact, so a scale's expected score is
exact too: no truth is a simulated one. Answers go missing without regard to what they are, and a prorated score
stands for the same items, so missing answers move no expected score. (Almost none, where an item is asked of some
people only: it can be missing for those alone.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import root
from scipy.special import ndtr, ndtri

from pipeline.definitions.instrument import Instrument
from pipeline.definitions.load import Definitions
from pipeline.errors import DefinitionError, Problem
from pipeline.scoring.tables import ROUTED, CompiledScale, ItemTable
from pipeline.simulate.answers import ItemModel, Model, model
from pipeline.simulate.truth import FILE, Truth
from pipeline.store import FloatArray

_CLOSE = 1e-6  # scale points within which a stated truth is the one that follows from the planted ones
_SMALLEST = 1e-12  # of an item's variance, once its gate's answer is known
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(48)


@dataclass(frozen=True)
class Population:
    """The people a study is drawn from: the model of their answers, and how far each trait moves to the last wave."""

    model: Model
    shifts: FloatArray


def population(definitions: Definitions, truth: Truth) -> Population:
    """Solve for the traits' movements. Raises DefinitionError where a planted change cannot be, or a stated one is not."""
    made = model(definitions, truth)
    planted = {trait.scale: trait.change for trait in truth.traits.values() if trait.scale and trait.change is not None}
    moving = [i for i, trait in enumerate(truth.traits.values()) if trait.change is not None]
    before = {scale: expected_score(made, scale, np.zeros(len(made.traits))) for scale in planted}

    def shifts_of(moves: FloatArray) -> FloatArray:
        shifts = np.zeros(len(made.traits))
        shifts[moving] = moves
        return shifts

    def too_far(moves: FloatArray) -> FloatArray:
        shifts = shifts_of(moves)
        return np.array([expected_score(made, scale, shifts) - before[scale] - change for scale, change in planted.items()])

    moves = root(too_far, np.zeros(len(moving)), tol=1e-12).x if moving else np.zeros(0)
    left = too_far(moves)
    where = str(definitions.folder / FILE)
    out_of_reach = [
        Problem(
            f"{where}: {scale}", f"no movement of the traits gives a change of {change:g}", "a change within the scale's reach"
        )
        for (scale, change), error in zip(planted.items(), left, strict=True)
        if not abs(error) < _CLOSE
    ]
    if out_of_reach:
        raise DefinitionError(out_of_reach)
    made_population = Population(made, shifts_of(moves))
    if wrong := _wrongly_stated(made_population, where):
        raise DefinitionError(wrong)
    return made_population


def true_changes(definitions: Definitions, truth: Truth) -> dict[str, float]:
    """The true change, last wave minus first, of every outcome that was asked in both, in scale points."""
    population(definitions, truth)
    return {outcome: truth.stated[outcome] for outcome in _asked_twice(definitions)}


def expected_score(made: Model, scale_id: str, shifts: FloatArray) -> float:
    """The mean score of everybody once the traits have moved by `shifts`."""
    name, _, scale_name = scale_id.partition(".")
    scale = made.definitions.instruments[name].scales[scale_name]
    if scale.kind == "combination":
        if scale.round is not None:
            raise DefinitionError(
                Problem(scale_id, "a rounded score has no exact expectation", "no change planted in its items")
            )
        parts = (
            term.weight * (expected_score(made, f"{name}.{term.scale}", shifts) - term.mean) / term.sd for term in scale.terms
        )
        return scale.constant + scale.factor * sum(parts)
    compiled = next(c for c in made.compiled[name].primary if c.name == scale_name)
    total = sum(_contribution(made, name, table, shifts) for table in compiled.tables)
    return compiled.constant + compiled.factor * total * _per_item(compiled)


def _per_item(scale: CompiledScale) -> float:
    return 1.0 if scale.base is None else scale.base / len(scale.tables)


def _contribution(made: Model, name: str, table: ItemTable, shifts: FloatArray) -> float:
    item = made.items[name, table.item]
    if table.gate is None:
        return float(item.shares(shifts) @ table.values[list(item.positions)])
    groups = made.definitions.instruments[name].item_groups
    asked, gate = groups[table.item].asked_if, made.items[name, table.gate]
    several = groups[table.gate].asked_if or set(asked) - {table.gate}
    rows = table.values[list(gate.positions)]
    routed = ~np.isin(gate.codes, asked.get(table.gate, gate.codes))
    if several or np.isnan(rows[routed, ROUTED]).any():
        raise DefinitionError(
            Problem(f"{name}.{table.item}", "its routing leaves no exact expectation", "no change planted in it")
        )
    joint = _joint(made, gate, item, shifts)
    return float(
        rows[routed, ROUTED] @ joint[routed].sum(axis=1) + (rows[~routed][:, list(item.positions)] * joint[~routed]).sum()
    )


def _joint(made: Model, gate: ItemModel, item: ItemModel, shifts: FloatArray) -> FloatArray:
    """The share of people (gate answers, item answers) who give both: two normal answers, integrated over the gate's."""
    rho = float(gate.loadings @ made.correlations @ item.loadings)
    areas = np.concatenate([[0.0], ndtr(gate.cuts - gate.loadings @ shifts), [1.0]])
    width = np.diff(areas)[:, None]
    latent = ndtri(areas[:-1, None] + width * (_NODES + 1) / 2)
    cuts = (item.cuts - item.loadings @ shifts)[:, None, None]
    below = ndtr((cuts - rho * latent) / np.sqrt(max(1 - rho**2, _SMALLEST)))
    shares = np.diff(below, axis=0, prepend=0.0, append=1.0)
    together: FloatArray = np.einsum("agn,gn->ga", shares, width * _WEIGHTS / 2)
    return together


def _asked_twice(definitions: Definitions) -> list[str]:
    study = definitions.study
    ends = (study.baseline.id, study.followup.id)
    asked = {name for name, binding in study.instruments.items() if all(binding.at(wave) is not None for wave in ends)}
    return [outcome.scale for outcome in study.outcomes if outcome.scale.partition(".")[0] in asked]


def _wrongly_stated(people: Population, where: str) -> list[Problem]:
    """Outcomes whose truth is not stated, or is not the one that follows from the planted changes."""
    definitions, stated = people.model.definitions, people.model.truth.stated
    problems = []
    for outcome in _asked_twice(definitions):
        follows = _follows(people, outcome)
        if outcome not in stated:
            problems.append(
                Problem(f"{where}: derived", f"nothing is said of {outcome}", f"its change, which is {follows:.6g}")
            )
        elif abs(follows - stated[outcome]) > _CLOSE:
            found = f"{stated[outcome]:g} for {outcome}"
            problems.append(Problem(f"{where}: derived", found, f"{follows:.9g}, which follows from the planted changes"))
    return problems


def _follows(people: Population, outcome: str) -> float:
    """The change of an outcome, exactly; 0 where no answer that it depends on moves."""
    made = people.model
    name, _, scale = outcome.partition(".")
    if not any(made.items[name, item].loadings @ people.shifts for item in _read_by(made.definitions.instruments[name], scale)):
        return 0.0
    return expected_score(made, outcome, people.shifts) - expected_score(made, outcome, np.zeros_like(people.shifts))


def _read_by(instrument: Instrument, scale: str) -> set[str]:
    """The items that a scale depends on: its own, those of scales below it, and the gates before them."""
    found: set[str] = set()
    definition = instrument.scales[scale]
    ahead = [*definition.needed_items, *(item for term in definition.terms for item in _read_by(instrument, term.scale))]
    while ahead:
        item = ahead.pop()
        found.add(item)
        ahead += [gate for gate in instrument.item_groups[item].asked_if if gate not in found]
    return found

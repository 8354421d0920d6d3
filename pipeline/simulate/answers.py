"""How does a trait become an answer? The graded-response model of every item, made from its planted shares.

An item's latent answer is normal with variance 1 at the first wave: its loadings times the traits, and noise of its
own. Cuts in it separate the answers, so that each answer's share of people is a difference of two normal areas.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from pipeline.definitions.load import Definitions
from pipeline.errors import DefinitionError
from pipeline.scoring.tables import CompiledInstrument, ItemTable, compile_instrument
from pipeline.simulate.check import problems_in
from pipeline.simulate.seeds import stream
from pipeline.simulate.truth import ItemAnswers, Trait, Truth
from pipeline.store import FloatArray

Key = tuple[str, str]
_MOST_EXPLAINED = 0.95  # of an item's variance, by its traits, once items vary


@dataclass(frozen=True)
class ItemModel:
    """One item: answers by position among the declared ones, the cuts between them, and its loadings on all traits."""

    positions: tuple[int, ...]
    codes: FloatArray
    cuts: FloatArray
    loadings: FloatArray
    noise: float

    def shares(self, shifts: FloatArray) -> FloatArray:
        """The share of people who give each answer once the traits have moved by `shifts`."""
        return np.diff(ndtr(self.cuts - self.loadings @ shifts), prepend=0.0, append=1.0)


@dataclass(frozen=True)
class Model:
    """A study's items as they are answered at the first wave: everything but the planted changes."""

    definitions: Definitions
    truth: Truth
    compiled: dict[str, CompiledInstrument]
    traits: tuple[str, ...]
    correlations: FloatArray
    items: dict[Key, ItemModel]


def model(definitions: Definitions, truth: Truth) -> Model:
    """Work out every item's cuts and loadings. Raises DefinitionError where the truth file does not fit the study."""
    compiled = {name: compile_instrument(instrument) for name, instrument in definitions.instruments.items()}
    planted = [*_of_scales(truth, compiled), *truth.items]
    if problems := problems_in(definitions, truth, planted):
        raise DefinitionError(problems)
    wellbeing = np.array([trait.wellbeing for trait in truth.traits.values()])
    correlations = np.outer(wellbeing, wellbeing)
    np.fill_diagonal(correlations, 1.0)
    traits = tuple(truth.traits)
    items = {
        (group.instrument, item): _item(group, item, definitions, truth, correlations)
        for group in planted
        for item in group.items
    }
    order = [(name, item) for name, instrument in definitions.instruments.items() for item in instrument.item_ids]
    return Model(definitions, truth, compiled, traits, correlations, {key: items[key] for key in order})


def _of_scales(truth: Truth, compiled: dict[str, CompiledInstrument]) -> list[ItemAnswers]:
    """What the traits say of their scales' items, an item at a time: reversed items are answered the other way round."""
    return [
        _along(name, trait, instrument, table)
        for name, trait in truth.traits.items()
        if trait.shares is not None
        for instrument, table in _tables(trait, compiled)
    ]


def _tables(trait: Trait, compiled: dict[str, CompiledInstrument]) -> list[tuple[str, ItemTable]]:
    instrument, _, name = (trait.scale or "").partition(".")
    scales = compiled[instrument].primary if instrument in compiled else ()
    return [(instrument, table) for scale in scales if scale.name == name for table in scale.tables]


def _along(name: str, trait: Trait, instrument: str, table: ItemTable) -> ItemAnswers:
    values = table.values if table.gate is None else table.values[-1]
    rises = bool(values[-3] > values[0])
    shares, loading = trait.shares or (), trait.loading or 0.0
    return ItemAnswers(
        instrument=instrument,
        items=(table.item,),
        loadings={name: loading if rises else -loading},
        shares=shares if rises else shares[::-1],
    )


def _item(group: ItemAnswers, item: str, definitions: Definitions, truth: Truth, correlations: FloatArray) -> ItemModel:
    answers = definitions.instruments[group.instrument].item_groups[item].answers
    used = group.codes or answers
    loadings = np.array([group.loadings.get(name, 0.0) for name in truth.traits])
    cuts = ndtri(np.cumsum(group.shares)[:-1])
    explained = float(loadings @ correlations @ loadings)
    if group.vary:
        # The items' own differences belong to the study, not to a sample: they follow from the study's seed alone.
        easier, closer = stream(definitions.study.study.seed, "item", group.instrument, item).standard_normal(2)
        cuts = cuts + truth.variation.thresholds * easier
        factor = min(np.exp(truth.variation.loadings * closer), max(1.0, np.sqrt(_MOST_EXPLAINED / explained)))
        loadings, explained = loadings * factor, explained * factor**2
    positions = tuple(answers.index(code) for code in used)
    return ItemModel(positions, np.array(used, dtype=float), cuts, loadings, float(np.sqrt(max(0.0, 1 - explained))))

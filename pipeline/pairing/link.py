"""Joins the waves on the person: scores side by side, with the site and the facts of each person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.definitions.instrument import Instrument
from pipeline.definitions.load import Definitions
from pipeline.scoring.kernel import Scored
from pipeline.store import FloatArray, Store

ALL = "all"


@dataclass(frozen=True)
class Pairs:
    """One outcome's scores for everybody: `values` (n, waves) with NaN where there is none, `sites` (n,) positions.

    `site` is the place that is looked at: a site id, or `all`. Models of one site read `here`; models that borrow from
    other sites read `values`. People stand in the order of their ids, so that no result depends on the order of rows.
    """

    site: str
    site_ids: tuple[str, ...]
    sites: NDArray[np.intp]
    values: FloatArray
    waves: tuple[str, ...]
    asked: tuple[bool, ...]

    @property
    def here(self) -> FloatArray:
        """The scores (m, waves) of the people of `site`."""
        return self.values if self.site == ALL else self.values[self.sites == self.site_ids.index(self.site)]

    @property
    def complete(self) -> FloatArray:
        """The first and last wave's scores (pairs, 2) of the people of `site` who have both."""
        ends = self.here[:, [0, -1]]
        return ends[~np.isnan(ends).any(axis=1)]

    @property
    def contrast(self) -> str:
        """`<followup>-<baseline>`."""
        return f"{self.waves[-1]}-{self.waves[0]}"


@dataclass(frozen=True)
class Linked:
    """Everybody who was seen in any wave, in the order of their ids.

    `present` (n, waves) says who answered when; `sites` (n,) is the site at baseline, or at the first wave where a
    person was seen; `movers` counts people seen at another site later. `facts` holds positions among declared values.
    """

    persons: tuple[str, ...]
    waves: tuple[str, ...]
    site_ids: tuple[str, ...]
    sites: NDArray[np.intp]
    present: NDArray[np.bool_]
    scores: dict[str, FloatArray]
    asked: dict[str, tuple[bool, ...]]
    facts: dict[str, NDArray[np.object_]]
    movers: int

    def pairs(self, outcome: str, site: str = ALL) -> Pairs:
        """One outcome's scores, with the place that is looked at."""
        return Pairs(site, self.site_ids, self.sites, self.scores[outcome], self.waves, self.asked[outcome])

    def at(self, site: str) -> NDArray[np.bool_]:
        """Who belongs to a site (n,), or everybody."""
        return np.ones(len(self.persons), dtype=bool) if site == ALL else self.sites == self.site_ids.index(site)


def link(definitions: Definitions, stores: Sequence[Store], scored: Sequence[Mapping[str, Scored]]) -> Linked:
    """Link the waves by person id. Rows without a known site belong to nobody's report; the gates have named them."""
    study = definitions.study
    site_ids = tuple(site.id for site in study.sites)
    rows = [{p: i for i, p in enumerate(s.persons) if p is not None and s.sites[i] is not None} for s in stores]
    persons = tuple(sorted(set().union(*rows)))
    index = np.array([[row.get(person, -1) for row in rows] for person in persons], dtype=np.intp).reshape(
        len(persons), len(rows)
    )
    present = index >= 0
    first = present.argmax(axis=1) if len(persons) else np.zeros(0, dtype=np.intp)
    seen = [[stores[w].sites[i] for w, i in enumerate(row) if i >= 0] for row in index]
    outcomes = [outcome.scale for outcome in study.outcomes]
    everything = [_numbers(store, wave) for store, wave in zip(stores, scored, strict=True)]
    names = dict.fromkeys([*outcomes, *(name for wave in everything for name in wave)])
    return Linked(
        persons=persons,
        waves=tuple(wave.id for wave in study.waves),
        site_ids=site_ids,
        sites=np.array([site_ids.index(places[0]) for places in seen], dtype=np.intp),
        present=present,
        scores={name: _side_by_side(name, everything, index) for name in names},
        asked={
            name: tuple(
                name in wave and _asked(definitions, store, name) for store, wave in zip(stores, everything, strict=True)
            )
            for name in names
        },
        facts={
            fact: np.array([stores[w].facts[fact][index[person, w]] for person, w in enumerate(first)], dtype=object)
            for fact in study.person.facts
        },
        movers=sum(len(set(places)) > 1 for places in seen),
    )


def _numbers(store: Store, scored: Mapping[str, Scored]) -> dict[str, FloatArray]:
    return {name: scale.values for name, scale in scored.items()} | {
        name: column.codes for name, column in store.scores.items()
    }


def _asked(definitions: Definitions, store: Store, name: str) -> bool:
    """Whether a wave asked enough of a scale's items for a score."""
    instrument, _, scale = name.partition(".")
    items = {item for item, column in store.items(instrument).items() if column.source}
    return not scale or _can_be_scored(definitions.instruments[instrument], scale, items)


def _can_be_scored(instrument: Instrument, name: str, items: set[str]) -> bool:
    scale = instrument.scales[name]
    if scale.terms:
        return all(_can_be_scored(instrument, term.scale, items) for term in scale.terms)
    return len(items & set(scale.needed_items)) >= (scale.min_answered or len(scale.needed_items))


def _side_by_side(name: str, waves: Sequence[Mapping[str, FloatArray]], index: NDArray[np.intp]) -> FloatArray:
    values = np.full(index.shape, np.nan)
    for w, wave in enumerate(waves):
        if name in wave:
            here = index[:, w] >= 0
            values[here, w] = wave[name][index[here, w]]
    return values

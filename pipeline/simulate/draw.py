"""Which people, which answers? One sample from the planted population, as stores, as if its files had been read."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.definitions.binding import columns_of
from pipeline.definitions.load import Definitions
from pipeline.definitions.study import Wave
from pipeline.simulate.answers import ItemModel, Key
from pipeline.simulate.expected import Population, population
from pipeline.simulate.nonresponse import Answers, route, with_missing
from pipeline.simulate.seeds import stream
from pipeline.simulate.truth import Truth
from pipeline.store import Column, FloatArray, Reason, Store, never_asked


@dataclass(frozen=True)
class People:
    """Everybody (n,): ids, position of the site, the waves (n, waves) in which they answer, facts as positions."""

    ids: NDArray[np.object_]
    sites: NDArray[np.intp]
    seen: NDArray[np.bool_]
    facts: dict[str, NDArray[np.object_]]


def draw(definitions: Definitions, truth: Truth, seed: int) -> tuple[Store, ...]:
    """One study's waves under a seed. Raises DefinitionError where the truth does not fit the study."""
    return draw_from(population(definitions, truth), seed)


def draw_from(source: Population, seed: int) -> tuple[Store, ...]:
    """One study's waves from a population that is solved already, which is what takes the time."""
    made, study = source.model, source.model.definitions.study
    people = _people(source, seed)
    traits = _traits(source, seed, *people.seen.shape)
    steps = np.linspace(0.0, 1.0, len(study.waves))
    answers: dict[Key, Answers] = {}
    for name, instrument in made.definitions.instruments.items():
        drawn = {
            item: _codes(made.items[name, item], traits, source, seed, (name, item), steps) for item in instrument.item_ids
        }
        missing = with_missing(drawn, made.truth.nonresponse.get(name), seed, name)
        answers |= {(name, item): given for item, given in route(missing, instrument.item_groups).items()}
    return tuple(_store(made.definitions, wave, w, people, answers, seed) for w, wave in enumerate(study.waves))


def _people(source: Population, seed: int) -> People:
    truth, study = source.model.truth, source.model.definitions.study
    flows = [truth.people.sites[site.id] for site in study.sites]
    wave = np.arange(len(study.waves))
    kinds = {"both": wave >= 0, "lost": wave == 0, "new": wave == wave[-1]}
    seen = np.array([answers for flow in flows for kind, answers in kinds.items() for _ in range(getattr(flow, kind))])
    n = len(seen)
    width = max(4, len(str(9 * n)))
    numbers = stream(seed, "ids").choice(10**width - 1, n, replace=False) + 1
    facts = {
        name: stream(seed, "fact", name).choice(len(shares), n, p=shares).astype(object) for name, shares in truth.facts.items()
    }
    ids = np.array([f"{truth.people.id_prefix}{number:0{width}d}" for number in numbers], dtype=object)
    sites = np.repeat(np.arange(len(flows)), [flow.both + flow.lost + flow.new for flow in flows])
    return People(ids, sites, seen, facts)


def _traits(source: Population, seed: int, n: int, waves: int) -> FloatArray:
    """Every trait of everybody (traits, n, waves) before anything has moved: variance 1, correlated over waves."""
    truth = source.model.truth
    general = _persisting(seed, n, waves, truth.stability.traits, "wellbeing")
    traits = []
    for name, trait in truth.traits.items():
        own = _persisting(seed, n, waves, truth.stability.traits if trait.stability is None else trait.stability, "trait", name)
        traits.append(trait.wellbeing * general + np.sqrt(1 - trait.wellbeing**2) * own)
    return np.array(traits)


def _persisting(seed: int, n: int, waves: int, correlation: float, *names: str) -> FloatArray:
    """Standard normal numbers (n, waves) that correlate by `correlation` between any two waves."""
    normal = stream(seed, *names).standard_normal((n, waves + 1))
    numbers: FloatArray = np.sqrt(correlation) * normal[:, :1] + np.sqrt(1 - correlation) * normal[:, 1:]
    return numbers


def _codes(item: ItemModel, traits: FloatArray, source: Population, seed: int, key: Key, steps: FloatArray) -> FloatArray:
    """The answers (n, waves) to one item. Traits move in equal steps from the first wave to the last."""
    _, n, waves = traits.shape
    own = _persisting(seed, n, waves, source.model.truth.stability.items, "own", *key)
    latent = np.tensordot(item.loadings, traits, axes=1) + item.noise * own + (item.loadings @ source.shifts) * steps
    return item.codes[np.searchsorted(item.cuts, latent)]


def _store(definitions: Definitions, wave: Wave, w: int, people: People, answers: dict[Key, Answers], seed: int) -> Store:
    """One wave's rows, in an order of its own."""
    study = definitions.study
    rows = stream(seed, "order", wave.id).permutation(np.flatnonzero(people.seen[:, w]))
    columns: dict[Key, Column] = {}
    for name, binding in study.instruments.items():
        if (at := binding.at(wave.id)) is not None:
            bound = columns_of(definitions.instruments[name], at, name)
            for item in definitions.instruments[name].item_ids:
                asked = item not in bound.not_asked
                columns[name, item] = (
                    _column(bound.columns[item], answers[name, item], rows, w) if asked else never_asked(len(rows))
                )
    sites = np.array([study.sites[position].id for position in people.sites[rows]], dtype=object)
    return Store(
        wave=wave.id,
        source=wave.file,
        source_rows=np.arange(1, len(rows) + 1),
        persons=people.ids[rows],
        sites=sites,
        site_raw=sites,
        dates=_dates(wave, len(people.ids), seed)[rows],
        columns=columns,
        facts={name: values[rows] for name, values in people.facts.items()},
    )


def _column(source: str, answers: Answers, rows: NDArray[np.intp], w: int) -> Column:
    codes, reasons = answers.codes[rows, w], answers.reasons[rows, w]
    answered = reasons == Reason.ANSWERED
    raw = codes.astype(object)
    raw[~answered] = None
    return Column(source, np.where(answered, codes, np.nan), reasons, raw)


def _dates(wave: Wave, n: int, seed: int) -> NDArray[np.object_]:
    """A day inside the wave's window for everybody; nothing where the wave has no window."""
    if wave.window is None:
        return np.full(n, None, dtype=object)
    days = (wave.window.last - wave.window.first).days + 1
    after = stream(seed, "date", wave.id).integers(0, days, n)
    return np.array([wave.window.first + dt.timedelta(days=int(day)) for day in after], dtype=object)

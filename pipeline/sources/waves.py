"""Reads all waves of a study, carries sites forward, and leaves out the people whom the study file excludes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipeline.definitions.load import Definitions
from pipeline.errors import InputError, Problem, nearest
from pipeline.sources.binding import bind, filtered
from pipeline.sources.locate import NOT_IN_ANY_WAVE, WITHDRAWN
from pipeline.sources.raw import RawTable, among, normalised, person_ids
from pipeline.sources.read import read_table
from pipeline.store import Absent, Column, Store


def read(definitions: Definitions, only: str | None = None) -> tuple[Store, ...]:
    """The waves of the study as stores, in the study's order, or `only` one, without opening those that it does not need.

    Raises InputError where a file is absent or unreadable.
    """
    study = definitions.study
    needed = {only, study.person.site_at, study.baseline.id if study.person.exclude else None}
    waves = [wave for wave in study.waves if only is None or wave.id in needed]
    tables: dict[str, RawTable] = {}
    for wave in waves:
        if wave.file not in tables:
            tables[wave.file] = read_table(definitions.folder, wave.file)
    stores = [bind(tables[wave.file], definitions, wave) for wave in waves]
    stores = _without_withdrawn(stores, definitions)
    if study.person.exclude:
        stores = _without_excluded(stores, filtered(tables[study.baseline.file], study.baseline)[0], definitions)
    if study.person.site_at is not None:
        stores = _carry_sites(stores, study.person.site_at)
    return tuple(store for store in stores if only in (None, store.wave))


def select(store: Store, mask: NDArray[np.bool_], why: str = "") -> Store:
    """The rows of a store where `mask` (n,) holds; with `why`, the others are counted among the excluded."""

    def kept(column: Column) -> Column:
        return replace(column, codes=column.codes[mask], reasons=column.reasons[mask], raw=column.raw[mask])

    return replace(
        store,
        source_rows=store.source_rows[mask],
        persons=store.persons[mask],
        sites=store.sites[mask],
        site_raw=store.site_raw[mask],
        dates=store.dates[mask],
        columns={key: kept(column) for key, column in store.columns.items()},
        scores={key: kept(column) for key, column in store.scores.items()},
        facts={key: values[mask] for key, values in store.facts.items()},
        excluded=store.excluded | ({why: int((~mask).sum())} if why else {}),
    )


def _without_withdrawn(stores: list[Store], definitions: Definitions) -> list[Store]:
    """Leave out, from every wave, whoever took back consent: the ids in the column `person` of withdrawn.csv."""
    if not (definitions.folder / WITHDRAWN).exists():
        return stores
    table = read_table(definitions.folder, WITHDRAWN)
    if "person" not in table.columns:
        raise InputError(
            Problem(str(definitions.folder / WITHDRAWN), "no column 'person'", "a column 'person' with an id per row")
        )
    ids = set(person_ids(table.columns["person"])) - {None}
    unknown = len(ids - {person for store in stores for person in store.persons})
    if unknown:
        stores[0] = replace(stores[0], excluded=stores[0].excluded | {NOT_IN_ANY_WAVE: unknown})
    return [
        select(store, np.array([person not in ids for person in store.persons], dtype=bool), "withdrawn") for store in stores
    ]


def _without_excluded(stores: list[Store], table: RawTable, definitions: Definitions) -> list[Store]:
    """Leave out, from every wave, whoever has an excluded value in the first wave's rows."""
    study = definitions.study
    for column, values in study.person.exclude.items():
        if column not in table.columns:
            stores[0] = replace(
                stores[0], absent=(*stores[0].absent, Absent("who is left out", column, nearest(column, table.columns)))
            )
            continue
        unwanted = among(normalised(table.columns[column]), values)
        ids = set(person_ids(table.columns.get(study.person.id, np.full(len(table), None)))[unwanted]) - {None}
        why = f"person with {column} {' or '.join(map(str, values))}"
        stores = [select(store, np.array([person not in ids for person in store.persons], dtype=bool), why) for store in stores]
    return stores


def _carry_sites(stores: list[Store], wave: str) -> list[Store]:
    """Give every person, in every wave, the site of one wave; who was not there keeps none."""
    known = next(store for store in stores if store.wave == wave)
    sites = dict(zip(known.persons, known.sites, strict=True))
    raws = dict(zip(known.persons, known.site_raw, strict=True))
    return [
        store
        if store.wave == wave
        else replace(
            store,
            sites=np.array([sites.get(person) for person in store.persons], dtype=object),
            site_raw=np.array([raws.get(person) for person in store.persons], dtype=object),
        )
        for store in stores
    ]

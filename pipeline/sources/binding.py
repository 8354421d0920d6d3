"""Turns a file's columns into a store: codes where there is an answer, a reason where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.definitions.binding import columns_of
from pipeline.definitions.instrument import Instrument, ItemGroup
from pipeline.definitions.load import Definitions
from pipeline.definitions.study import Fact, ReadyScore, Wave, WaveBinding
from pipeline.errors import nearest
from pipeline.sources.raw import RawTable, among, normalise, normalised, person_ids
from pipeline.store import Absent, Column, Reason, Store, never_asked

# What SPSS and Stata files call their missing codes, once case and punctuation are gone.
_LABELS = {
    "refused": Reason.REFUSED,
    "refusal": Reason.REFUSED,
    "prefer not to say": Reason.REFUSED,
    "prefer not to answer": Reason.REFUSED,
    "dont know": Reason.DONT_KNOW,
    "do not know": Reason.DONT_KNOW,
    "not applicable": Reason.NOT_APPLICABLE,
    "valid skip": Reason.NOT_APPLICABLE,
    "not asked": Reason.NOT_ASKED,
    "skipped": Reason.SKIPPED,
    "no answer": Reason.SKIPPED,
    "not stated": Reason.SKIPPED,
}


@dataclass(frozen=True)
class _Codes:
    """What each normalised raw value of one item means: its code, or the reason why it is none."""

    answers: Mapping[Any, float]
    reasons: Mapping[Any, Reason]


def bind(table: RawTable, definitions: Definitions, wave: Wave) -> Store:
    """Bind one wave's table to the study's items, scores, people and sites.

    A raw value that is no declared answer and has no declared reason gets the reason `out_of_range`; gates call it
    critical. A column that is not in the file is listed in `absent`, for the gates too. Nothing is dropped but the
    rows that the wave's own filter leaves out, and they are counted.
    """
    study = definitions.study
    table, excluded = filtered(table, wave)
    wanted = [(column, "the filter") for column in wave.filter] + [(study.person.id, "the person")]
    # A site that is carried from one wave to the others needs no column in those.
    wanted += [(study.person.site, "the site")] if study.person.site_at in (None, wave.id) else []
    wanted += [(wave.date, "the day")] if wave.date else []
    wanted += [(score.column, name) for name, score in study.scores.items()]
    if wave.id == study.baseline.id:
        wanted += [(fact.column, name) for name, fact in study.person.facts.items()]

    def raw(column: str | None) -> NDArray[np.object_]:
        if column is None or column not in table.columns:
            return np.full(len(table), None, dtype=object)
        return normalised(table.columns[column])

    columns: dict[tuple[str, str], Column] = {}
    for name, binding in study.instruments.items():
        if (at := binding.at(wave.id)) is not None:
            instrument = definitions.instruments[name]
            bound = bind_instrument(instrument, at, table, wave.missing)
            columns |= {(name, item): column for item, column in bound.columns.items()}
            wanted += [(column, f"{name}.{item}") for item, column in bound.absent]
    scores = {
        name: _bind_score(score, raw(score.column), wave.missing, table.user_missing.get(score.column, {}))
        for name, score in study.scores.items()
    }
    site_raw = raw(study.person.site)
    sites_by_code = {normalise(code): site.id for site in study.sites for code in site.codes}
    return Store(
        wave=wave.id,
        source=table.source,
        source_rows=table.rows,
        persons=person_ids(table.columns[study.person.id]) if study.person.id in table.columns else raw(None),
        sites=np.array([sites_by_code.get(value) for value in site_raw], dtype=object),
        site_raw=site_raw,
        dates=raw(wave.date),
        columns=columns,
        scores=scores,
        facts={name: _bind_fact(fact, raw(fact.column)) for name, fact in study.person.facts.items()},
        excluded=excluded,
        file_columns=frozenset(table.columns),
        absent=tuple(Absent(use, name, nearest(name, table.columns)) for name, use in wanted if name not in table.columns),
    )


@dataclass(frozen=True)
class BoundInstrument:
    """One instrument's columns by item, and the (item, column) pairs that the file lacks."""

    columns: dict[str, Column]
    absent: tuple[tuple[str, str], ...]


def bind_instrument(
    instrument: Instrument, binding: WaveBinding, table: RawTable, missing: Mapping[Any, tuple[Any, ...]]
) -> BoundInstrument:
    """Bind one instrument's items to columns of a table; `missing` adds reasons to those of the instrument's file."""
    bound = columns_of(instrument, binding, instrument.id)
    recodes = {item: recode.map for recode in binding.recodes for item in recode.items}
    columns: dict[str, Column] = {}
    for item, group in instrument.item_groups.items():
        if item in bound.not_asked:
            columns[item] = never_asked(len(table))
        elif (name := bound.columns[item]) in table.columns:
            codes = _codes(group, recodes.get(item), missing, table.user_missing.get(name, {}))
            columns[item] = _bind_item(name, normalised(table.columns[name]), codes)
    absent = tuple((item, name) for item, name in bound.columns.items() if name not in table.columns)
    return BoundInstrument(_routed(columns, instrument.item_groups), absent)


def _codes(
    group: ItemGroup, recode: Mapping[Any, int] | None, missing: Mapping[Any, tuple[Any, ...]], own: Mapping[Any, str]
) -> _Codes:
    answers = {float(code): float(code) for code in group.answers}
    reasons = {float(code): Reason[word.upper()] for word, codes in group.reserved.items() for code in codes}
    if recode is not None:
        # The study says what stands in this file: where that is an answer, it is no reserved code here.
        answers = {normalise(value): float(code) for value, code in recode.items()}
        reasons = {code: reason for code, reason in reasons.items() if code not in answers}
    reasons |= _missing_codes(missing, own)
    undeclared = {normalise(value) for value in own} - set(reasons)
    return _Codes({v: c for v, c in answers.items() if v not in reasons and v not in undeclared}, reasons)


def _missing_codes(missing: Mapping[Any, tuple[Any, ...]], own: Mapping[Any, str]) -> dict[Any, Reason]:
    """The reason of each raw value that the file labels as missing, or that the study declares, which comes first."""
    labelled = {normalise(value): _LABELS.get(_plain(text)) for value, text in own.items()}
    declared = {normalise(value): Reason[word.upper()] for word, values in missing.items() for value in values}
    return {value: reason for value, reason in labelled.items() if reason is not None} | declared


def _plain(text: str) -> str:
    kept = "".join(char for char in text.casefold() if char.isalnum() or char.isspace())
    return " ".join(kept.split())


def _bind_item(name: str, raw: NDArray[np.object_], meaning: _Codes) -> Column:
    codes = np.full(len(raw), np.nan)
    reasons = np.full(len(raw), Reason.OUT_OF_RANGE, dtype=np.uint8)
    for row, value in enumerate(raw):
        if value is None:
            reasons[row] = Reason.SKIPPED
        elif value in meaning.answers:
            codes[row], reasons[row] = meaning.answers[value], Reason.ANSWERED
        elif value in meaning.reasons:
            reasons[row] = meaning.reasons[value]
    return Column(name, codes, reasons, raw, frozenset([*meaning.answers, *meaning.reasons]))


def _routed(columns: dict[str, Column], groups: Mapping[str, ItemGroup]) -> dict[str, Column]:
    """An empty cell behind a closed gate was not applicable, rather than skipped; one closed gate of several is enough."""
    routed = dict(columns)
    for item, column in columns.items():
        gates = [_closed(routed[gate], asked) for gate, asked in groups[item].asked_if.items() if gate in columns]
        if gates:
            empty = (column.reasons == Reason.SKIPPED) & np.array([value is None for value in column.raw], dtype=bool)
            reasons = np.where(empty & np.logical_or.reduce(gates), Reason.NOT_APPLICABLE, column.reasons)
            routed[item] = replace(column, reasons=reasons.astype(np.uint8))
    return routed


def _closed(gate: Column, asked: tuple[int, ...]) -> NDArray[np.bool_]:
    """Who was not to be asked what is behind a gate: by the answer to it, or because it was not applicable itself."""
    past = (gate.reasons == Reason.ANSWERED) & ~np.isin(gate.codes, asked)
    closed: NDArray[np.bool_] = past | (gate.reasons == Reason.NOT_APPLICABLE)
    return closed


def _bind_score(
    score: ReadyScore, raw: NDArray[np.object_], missing: Mapping[Any, tuple[Any, ...]], own: Mapping[Any, str]
) -> Column:
    known = _missing_codes(missing, own)
    no_scores = {normalise(value) for value in own}
    low, high = score.range
    codes = np.full(len(raw), np.nan)
    reasons = np.full(len(raw), Reason.OUT_OF_RANGE, dtype=np.uint8)
    for row, value in enumerate(raw):
        if value is None:
            reasons[row] = Reason.SKIPPED
        elif value in known:
            reasons[row] = known[value]
        elif isinstance(value, float) and low <= value <= high and value not in no_scores:
            codes[row], reasons[row] = value, Reason.ANSWERED
    return Column(score.column, codes, reasons, raw)


def _bind_fact(fact: Fact, raw: NDArray[np.object_]) -> NDArray[np.object_]:
    """The position of each person's value among the fact's declared ones; None where missing, -1 where undeclared."""
    position = {normalise(code): place for place, (code, _) in enumerate(fact.values)}
    return np.array([None if value is None else position.get(value, -1) for value in raw], dtype=object)


def filtered(table: RawTable, wave: Wave) -> tuple[RawTable, dict[str, int]]:
    """The rows of a file that belong to a wave, and how many the others are, by the filter that leaves them out."""
    excluded: dict[str, int] = {}
    for column, values in wave.filter.items():
        if column in table.columns:
            kept = among(normalised(table.columns[column]), values)
            excluded[f"{column} is not {' or '.join(map(str, values))}"] = int((~kept).sum())
            table = table.keep(kept)
    return table, excluded

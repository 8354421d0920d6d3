"""How does an answer look in a file? Writes a drawn study's waves in each file's own convention for missing answers."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.definitions.base import label
from pipeline.definitions.instrument import ItemGroup
from pipeline.definitions.load import Definitions, load
from pipeline.definitions.study import Wave
from pipeline.errors import DefinitionError, Problem
from pipeline.files import write_bytes, write_csv
from pipeline.simulate.draw import draw
from pipeline.simulate.truth import FILE, FileConvention, load_truth
from pipeline.store import Column, Reason, Store

# The header of a .sav holds the day and the time of writing, in these bytes.
_STAMP = slice(92, 109)
_FIXED_STAMP = b"01 Jan 0000:00:00"


@dataclass
class _Table:
    """A file's columns with what SPSS knows about them."""

    columns: dict[str, list[Any]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    labels: dict[str, dict[float, str]] = field(default_factory=dict)
    missing: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, values: list[Any], title: str, labels: Mapping[Any, str]) -> None:
        self.columns[name] = values
        self.titles[name] = title
        self.labels |= {name: numeric} if (numeric := {c: t for c, t in labels.items() if isinstance(c, int | float)}) else {}


def simulate(study_path: str | Path) -> list[Path]:
    """Draw a study under its own seed and write every wave's file. The same seed gives the same bytes.

    Raises DefinitionError where truth.toml does not fit the study or the study is not marked as synthetic, InputError
    where there is no truth.toml.
    """
    definitions = load(study_path)
    if not definitions.study.study.synthetic:
        where = f"{definitions.folder / 'study.toml'}: study.synthetic"
        raise DefinitionError(Problem(where, "a simulation would overwrite real answers", "synthetic = true"))
    truth = load_truth(definitions)
    waves = definitions.study.waves
    stores = draw(definitions, truth, definitions.study.study.seed)
    tables = [
        _table(definitions, truth.files.get(w.id, FileConvention()), w, store) for w, store in zip(waves, stores, strict=True)
    ]
    return [_write(definitions.folder / wave.file, table) for wave, table in zip(waves, tables, strict=True)]


def _write(path: Path, table: _Table) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".sav":
        _write_sav(path, table)
    else:
        write_csv(path, list(table.columns), zip(*table.columns.values(), strict=True))
    return path


def _table(definitions: Definitions, convention: FileConvention, wave: Wave, store: Store) -> _Table:
    """Person and site first, then the items in the study's order, then the facts, and the day last."""
    study, table = definitions.study, _Table()
    table.add(study.person.id, list(store.persons), "Person", {})
    codes = {site.id: _site_code(site.codes, wave) for site in study.sites}
    table.add(
        study.person.site,
        [codes[site] for site in store.sites],
        "Site",
        {codes[s.id]: label(s.label, "en") for s in study.sites},
    )
    for (name, item), column in store.columns.items():
        if column.source:
            _add_item(table, definitions, convention, wave, name, item, column)
    for name, fact in study.person.facts.items():
        texts = {code: label(labels, "en") for code, labels in fact.values}
        table.add(fact.column, [fact.values[place][0] for place in store.facts[name]], label(fact.title, "en"), texts)
    if wave.date is not None:
        table.add(wave.date, list(store.dates), "Day of the answers", {})
    return table


def _site_code(codes: tuple[Any, ...], wave: Wave) -> Any:
    """The code that suits the file: SPSS labels numbers, a person who reads a .csv reads words."""
    wanted = (int, float) if wave.file.endswith(".sav") else (str,)
    return next((code for code in codes if isinstance(code, wanted)), codes[0])


def _add_item(
    table: _Table, d: Definitions, convention: FileConvention, wave: Wave, name: str, item: str, column: Column
) -> None:
    instrument, binding = d.instruments[name], d.study.instruments[name].at(wave.id)
    group = instrument.item_groups[item]
    recode = next((recode.map for recode in (binding.recodes if binding else ()) if item in recode.items), None)
    raw = {code: float(code) for code in group.answers} if recode is None else {code: given for given, code in recode.items()}
    reasons = _missing_codes(group, convention, wave)
    try:
        values = [
            _whole(raw[int(code)]) if reason == Reason.ANSWERED else _whole(reasons[Reason(reason)])
            for code, reason in zip(column.codes, column.reasons, strict=True)
        ]
    except KeyError as error:
        unwritable = error.args[0].word if isinstance(error.args[0], Reason) else f"answer {error.args[0]}"
        what = f"no code in {wave.file} for {unwritable}"
        raise DefinitionError(Problem(f"{d.folder / FILE}: files.{wave.id}", f"{name}.{item}: {what}", "a code each")) from None
    texts = dict(zip((raw.get(code) for code in group.answers), group.labels.get("en", ()), strict=False))
    declared = {code: word for word, code in _user_missing(group, convention).items()}
    table.add(
        column.source,
        values,
        f"{label(instrument.title, 'en')}: {item}",
        {**texts, **{c: _said(w) for c, w in declared.items()}},
    )
    if declared:
        table.missing[column.source] = sorted(float(code) for code in declared)


def _user_missing(group: ItemGroup, convention: FileConvention) -> dict[str, int]:
    """The file's missing codes for one item: where they are answers of it, the instrument's reserved ones."""
    if set(convention.user_missing.values()) & set(group.answers):
        return {word: group.reserved[word][0] for word in convention.user_missing if word in group.reserved}
    return {str(word): code for word, code in convention.user_missing.items()}


def _missing_codes(group: ItemGroup, convention: FileConvention, wave: Wave) -> dict[Reason, Any]:
    """How each reason is written. A skipped question leaves an empty cell, unless the study says otherwise."""
    reserved = {str(word): codes[0] for word, codes in group.reserved.items() if codes and word != "skipped"}
    declared = {str(word): codes[0] for word, codes in wave.missing.items() if codes}
    words = {"skipped": None, **reserved, **_user_missing(group, convention), **declared}
    return {Reason[word.upper()]: code for word, code in words.items()}


def _said(word: str) -> str:
    return {"dont_know": "Don't know"}.get(word, word.replace("_", " ").capitalize())


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _write_sav(path: Path, table: _Table) -> None:
    from pipeline.sources import sav

    columns = {name: _numbers(values) for name, values in table.columns.items()}
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / path.name
        sav.write(fresh, columns, table.labels, table.missing, table.titles)
        content = bytearray(fresh.read_bytes())
    content[_STAMP] = _FIXED_STAMP
    write_bytes(path, bytes(content))


def _numbers(values: list[Any]) -> Any:
    """A column as SPSS stores it: numbers, with empty cells as NaN; text and days stay."""
    if all(value is None or isinstance(value, int | float) for value in values):
        return np.array([np.nan if value is None else float(value) for value in values])
    return values

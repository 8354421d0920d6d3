"""Which column holds which item: a study's pattern or map, or a name set of the instrument."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.definitions.instrument import Instrument, NameSet
from pipeline.definitions.study import WaveBinding
from pipeline.errors import Problem, nearest


@dataclass(frozen=True)
class Columns:
    """The column of each asked item, the items that were not asked, and what is wrong with the binding."""

    columns: dict[str, str]
    not_asked: tuple[str, ...]
    problems: tuple[Problem, ...]


def columns_of(instrument: Instrument, binding: WaveBinding, where: str) -> Columns:
    """Work out the column of every item. An item that is bound to no column is a problem, unless said to be not asked."""
    problems: list[Problem] = []
    items = instrument.item_ids
    not_asked = set(binding.not_asked)
    if (binding.columns is None) == (binding.names is None):
        problems.append(Problem(where, "the binding is not clear", "either columns (a pattern or a map) or names (a name set)"))
        return Columns({}, (), tuple(problems))
    if binding.names is not None:
        by_id = {names.id: names for names in instrument.names}
        if binding.names not in by_id:
            problems.append(Problem.unknown_name(f"{where}.names", "name set", binding.names, by_id))
            return Columns({}, (), tuple(problems))
        columns = dict(by_id[binding.names].columns)
        not_asked |= set(items) - set(columns)
    elif isinstance(binding.columns, str):
        columns = {item: fill_pattern(binding.columns, item) for item in items}
    else:
        columns = dict(binding.columns or {})
    for item in [*columns, *not_asked, *(item for recode in binding.recodes for item in recode.items)]:
        if item not in items:
            problems.append(Problem(where, f"{item!r} is not an item of {instrument.id}", hint=nearest(item, items)))
    unbound = [item for item in items if item not in columns and item not in not_asked]
    if unbound:
        problems.append(Problem(where, f"no column for item {', '.join(unbound)}", "a column each, or the item in not_asked"))
    asked = {item: columns[item] for item in items if item in columns and item not in not_asked}
    problems += _shared_columns(asked, binding, where) + _wrong_recodes(instrument, binding, where)
    return Columns(asked, tuple(sorted(not_asked)), tuple(problems))


def _shared_columns(columns: dict[str, str], binding: WaveBinding, where: str) -> list[Problem]:
    if isinstance(binding.columns, str) and len(columns) > 1 and len(set(columns.values())) == 1:
        return [Problem(f"{where}.columns", f"the pattern {binding.columns!r} names one column", "{item} or {number} in it")]
    items: dict[str, list[str]] = {}
    for item, column in columns.items():
        items.setdefault(column, []).append(item)
    return [
        Problem(where, f"column {column!r} stands for items {', '.join(sharing)}", "a column each")
        for column, sharing in items.items()
        if len(sharing) > 1
    ]


def _wrong_recodes(instrument: Instrument, binding: WaveBinding, where: str) -> list[Problem]:
    problems: list[Problem] = []
    recoded = [(item, recode) for recode in binding.recodes for item in recode.items if item in instrument.item_groups]
    for item, recode in recoded:
        answers = instrument.item_groups[item].answers
        if wrong := sorted(set(recode.map.values()) - set(answers)):
            found = f"{item!r} is recoded to {', '.join(map(str, wrong))}"
            problems.append(Problem(where, found, f"an answer from {answers[0]} to {answers[-1]}"))
    items = [item for item, _ in recoded]
    twice = sorted({item for item in items if items.count(item) > 1})
    return problems + [Problem(where, f"{item!r} is recoded twice", "one recode per item") for item in twice]


def fill_pattern(pattern: str, item: str) -> str:
    """The column that a pattern gives an item: {item} is its id, {number} the digits in it."""
    return pattern.replace("{item}", item).replace("{number}", "".join(re.findall(r"\d", item)))


def name_sets(instrument: Instrument) -> dict[str, NameSet]:
    """The instrument's name sets by id; the item ids themselves are the first."""
    ids = NameSet(id="item ids", columns={item: item for item in instrument.item_ids})
    return {names.id: names for names in (ids, *instrument.names)}


def fitting_names(instrument: Instrument, columns: list[str]) -> list[NameSet]:
    """The name sets whose columns are all present, in any case; one that says less than another fitting one is left out."""
    found = [spelled(names, columns) for names in name_sets(instrument).values()]
    fitting = [names for names in found if set(names.columns.values()) <= set(columns)]
    return [a for a in fitting if not any(a.columns.items() < b.columns.items() for b in fitting)]


def spelled(names: NameSet, columns: list[str]) -> NameSet:
    """The name set with its columns as the file spells them, which may be in another case."""
    by_fold = {column.casefold(): column for column in columns}
    return NameSet(
        id=names.id,
        columns={
            item: column if column in columns else by_fold.get(column.casefold(), column)
            for item, column in names.columns.items()
        },
    )

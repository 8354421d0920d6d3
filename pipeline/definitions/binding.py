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
        columns = {item: fill_pattern(binding.columns, item) for item in items if item not in not_asked}
        if len(items) > 1 and len(set(columns.values())) == 1:
            problems.append(
                Problem(f"{where}.columns", f"the pattern {binding.columns!r} names one column", "{item} or {number} in it")
            )
    else:
        columns = dict(binding.columns or {})
    for item in [*columns, *not_asked, *(item for recode in binding.recodes for item in recode.items)]:
        if item not in items:
            problems.append(Problem(where, f"{item!r} is not an item of {instrument.id}", hint=nearest(item, items)))
    unbound = [item for item in items if item not in columns and item not in not_asked]
    if unbound:
        problems.append(Problem(where, f"no column for item {', '.join(unbound)}", "a column each, or the item in not_asked"))
    return Columns({item: columns[item] for item in items if item in columns}, tuple(sorted(not_asked)), tuple(problems))


def fill_pattern(pattern: str, item: str) -> str:
    """The column that a pattern gives an item: {item} is its id, {number} the digits in it."""
    return pattern.replace("{item}", item).replace("{number}", "".join(re.findall(r"\d", item)))


def fitting_names(instrument: Instrument, columns: list[str]) -> list[NameSet]:
    """The name sets whose columns are all present, in any case; one that says less than another fitting one is left out.

    The item ids themselves are a name set too.
    """
    present = {column.casefold(): column for column in columns} | {column: column for column in columns}
    ids = NameSet(id="item ids", columns={item: item for item in instrument.item_ids})
    found = [_found(names, present) for names in (ids, *instrument.names)]
    fitting = [names for names in found if names is not None]
    return [a for a in fitting if not any(a.columns.items() < b.columns.items() for b in fitting)]


def _found(names: NameSet, present: dict[str, str]) -> NameSet | None:
    """The name set with the file's own spelling of its columns, or None where one is not there."""
    columns = {item: present.get(column, present.get(column.casefold(), "")) for item, column in names.columns.items()}
    return NameSet(id=names.id, columns=columns) if all(columns.values()) else None

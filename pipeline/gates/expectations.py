"""Runs a wave's rules through great_expectations: one suite, one batch, no progress bars.

Fails closed: a rule that raised, or whose result is missing, is a critical finding of its own.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd

from pipeline.definitions.study import Study
from pipeline.gates.finding import SHOWN_ROWS, Finding, Rule
from pipeline.sources.raw import as_text
from pipeline.store import Store

_LONGEST_CODE = 4


def run(rules: Sequence[Rule], store: Store, study: Study) -> tuple[int, list[Finding]]:
    """How many rules ran, and a finding for each that failed or did not run. Row numbers are those of the file."""
    findings, ran = [], 0
    rows = _rows(store, study)
    answers = _answers(rules, store)
    for batch, asked in (
        (rows, {number: rule for number, rule in enumerate(rules) if not rule.answers}),
        (answers, {number: rule for number, rule in enumerate(rules) if rule.answers}),
    ):
        # Where a rule fails is asked of the failed ones alone: it costs as much again as whether it fails.
        results = _validate(asked, batch, "BOOLEAN_ONLY")
        if failed := {n: asked[n] for n, result in results.items() if not result["success"]}:
            results |= _validate(failed, batch, "COMPLETE")
        for number, rule in asked.items():
            result = results.get(number)
            if result is None or _raised(result["exception_info"]):
                findings.append(_not_run(rule, store))
                continue
            ran += 1
            if not result["success"]:
                findings += _failed(rule, store, result["result"], batch, _column(number, rule))
    return ran, findings


def _rows(store: Store, study: Study) -> pd.DataFrame:
    """A row per row of the file: raw values by the file's own column names.

    Facts are positions among their declared values, days ordinals; what is undeclared or unreadable is -1.
    """
    columns: dict[str, Any] = {c.source: c.raw for c in (*store.columns.values(), *store.scores.values()) if c.source}
    columns |= {fact.column: store.facts[name] for name, fact in study.person.facts.items()}
    columns |= {study.person.id: store.persons, study.person.site: store.site_raw}
    date = next(wave.date for wave in study.waves if wave.id == store.wave)
    if date is not None:
        columns[date] = [_ordinal(day) for day in store.dates]
    # A site that is carried forward from another wave has no column of its own here.
    carried = {study.person.site} - {missing.column for missing in store.absent}
    there = {name: values for name, values in columns.items() if name in store.file_columns | carried}
    return pd.DataFrame(there, dtype=object)


def _answers(rules: Sequence[Rule], store: Store) -> pd.DataFrame:
    """A column per rule about answers: the raw values of its columns one below the other, and blanks to the end."""
    raw = {c.source: c.raw for c in (*store.columns.values(), *store.scores.values())}
    long = {str(n): np.concatenate([raw[name] for name in rule.columns]) for n, rule in enumerate(rules) if rule.answers}
    return pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in long.items()}, dtype=object)


def _ordinal(day: Any) -> int | None:
    if day is None:
        return None
    if isinstance(day, dt.datetime):
        return day.date().toordinal()
    if isinstance(day, dt.date):
        return day.toordinal()
    try:
        return dt.date.fromisoformat(str(day)[:10]).toordinal()
    except ValueError:
        return -1


def _validate(rules: Mapping[int, Rule], batch: pd.DataFrame, detail: str) -> dict[int, dict[str, Any]]:
    """Each rule's result by its number: one suite, one batch."""
    # Nothing of a run may leave the machine, and a scheduler's log is no place for progress bars.
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asked = []
    for number, rule in rules.items():
        column = {"column": _column(number, rule)} if rule.columns else {}
        # A rule that cannot even be put has no result, and so counts as one that did not run.
        with suppress(Exception):
            expectation = getattr(gx.expectations, rule.expectation)
            asked.append(expectation(**column, **rule.arguments, meta={"rule": number}))
    # Given all at once: added one by one, each would be compared with all before it.
    suite = gx.ExpectationSuite(name="wave", expectations=asked)
    asset = context.data_sources.add_pandas("wave").add_dataframe_asset("rows")
    given = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": batch})
    outcome = given.validate(suite, result_format={"result_format": detail, "partial_unexpected_count": 0})
    return {result["expectation_config"]["meta"]["rule"]: result for result in outcome.to_json_dict()["results"]}


def _column(number: int, rule: Rule) -> str:
    """The batch's column that a rule looks at."""
    return str(number) if rule.answers else rule.columns[0] if rule.columns else ""


def _raised(info: dict[str, Any] | None) -> bool:
    nested = [value for value in (info or {}).values() if isinstance(value, dict)]
    return bool(info and info.get("raised_exception")) or any(value.get("raised_exception") for value in nested)


def _not_run(rule: Rule, store: Store) -> Finding:
    absent = {missing.column for missing in store.absent}
    why = "the column is not there" if absent & set(rule.columns) else "the rule raised an error"
    return Finding(
        gate=rule.gate,
        severity="critical",
        wave=store.wave,
        column=", ".join(rule.columns),
        count=len(store),
        of=len(store),
        what=f"the rule could not run, because {why}; rows not checked",
        expected=rule.expected,
        advice=rule.advice,
    )


def _failed(rule: Rule, store: Store, result: dict[str, Any], batch: pd.DataFrame, name: str) -> list[Finding]:
    """A finding per column where the rule does not hold; the places are complete, the list of values may be cut."""
    places = [int(place) for place in result.get("unexpected_index_list") or ()]
    if not places:
        return [_finding(rule, store, ", ".join(rule.columns), list(range(len(store))), [])]
    by_column: dict[str, list[int]] = {}
    for place in places:
        by_column.setdefault(rule.columns[place // len(store)] if rule.answers else rule.columns[0], []).append(place)
    values = batch[name].to_numpy()
    return [
        _finding(rule, store, column, [place % len(store) for place in at], [values[place] for place in at])
        for column, at in by_column.items()
    ]


def _finding(rule: Rule, store: Store, column: str, rows: list[int], values: list[Any]) -> Finding:
    texts = sorted({_shown(value) for value in values if value is not None}) if rule.shows_values else []
    return Finding(
        gate=rule.gate,
        severity=rule.severity,
        wave=store.wave,
        column=column,
        count=len(rows),
        of=len(store),
        what=rule.what,
        expected=rule.expected,
        advice=rule.advice,
        rows=tuple(int(store.source_rows[row]) for row in rows[:SHOWN_ROWS]) if values else (),
        values=tuple(texts[:SHOWN_ROWS]),
    )


def _shown(value: Any) -> str:
    """A code as it stands; of longer text only that it was text, because it may be anything about anybody."""
    text = as_text(value)
    return text if isinstance(value, float) or len(text) <= _LONGEST_CODE else f"text of {len(text)} characters"

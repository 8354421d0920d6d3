"""Runs a wave's rules through great_expectations: one suite, one batch, no progress bars.

Fails closed: a rule that raised, or whose result is missing, is a critical finding of its own.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from pipeline.gates.finding import SHOWN_ROWS, Finding, Rule
from pipeline.sources.raw import as_text
from pipeline.store import Store


def run(rules: Sequence[Rule], store: Store, person: str, site: str, date: str | None) -> tuple[int, list[Finding]]:
    """How many rules ran, and a finding for each that failed or did not run. Row numbers are those of the file."""
    results = _validate(rules, frame(store, person, site, date))
    findings, ran = [], 0
    for number, rule in enumerate(rules):
        result = results.get(number)
        if result is None or (result["exception_info"] and _raised(result["exception_info"])):
            findings.append(_not_run(rule, store))
            continue
        ran += 1
        if not result["success"]:
            findings.append(_failed(rule, store, result["result"]))
    return ran, findings


def frame(store: Store, person: str, site: str, date: str | None) -> pd.DataFrame:
    """The wave's raw values by the file's own column names; days as ordinals, a day that cannot be read as -1."""
    columns: dict[str, Any] = {c.source: c.raw for c in (*store.columns.values(), *store.scores.values()) if c.source}
    columns |= {person: store.persons, site: store.site_raw}
    columns |= {f"fact:{name}": positions for name, positions in store.facts.items()}
    if date is not None:
        columns[date] = [_ordinal(day) for day in store.dates]
    absent = {missing.column for missing in store.absent}
    return pd.DataFrame({name: values for name, values in columns.items() if name not in absent}, dtype=object)


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


def _validate(rules: Sequence[Rule], batch: pd.DataFrame) -> dict[int, dict[str, Any]]:
    """Each rule's result by its position."""
    # Nothing of a run may leave the machine, and a scheduler's log is no place for progress bars.
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    # One by one, each addition would compare the new rule with all before it.
    asked = [getattr(gx.expectations, r.expectation)(**r.arguments, meta={"rule": number}) for number, r in enumerate(rules)]
    suite = gx.ExpectationSuite(name="wave", expectations=asked)
    asset = context.data_sources.add_pandas("wave").add_dataframe_asset("rows")
    answers = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": batch})
    outcome = answers.validate(suite, result_format={"result_format": "COMPLETE", "partial_unexpected_count": 0})
    return {result["expectation_config"]["meta"]["rule"]: result for result in outcome.to_json_dict()["results"]}


def _raised(info: dict[str, Any]) -> bool:
    nested = [value for value in info.values() if isinstance(value, dict)]
    return bool(info.get("raised_exception")) or any(value.get("raised_exception") for value in nested)


def _not_run(rule: Rule, store: Store) -> Finding:
    columns = {missing.column for missing in store.absent}
    why = "the column is not there" if rule.column in columns else "the rule raised an error"
    return Finding(
        gate=rule.gate,
        severity="critical",
        wave=store.wave,
        column=rule.column,
        count=len(store),
        of=len(store),
        what=f"the rule could not run, because {why}; rows not checked",
        expected=rule.expected,
        advice=rule.advice,
    )


def _failed(rule: Rule, store: Store, result: dict[str, Any]) -> Finding:
    unexpected = [int(row) for row in result.get("unexpected_index_list") or ()]
    finding = Finding(
        gate=rule.gate,
        severity=rule.severity,
        wave=store.wave,
        column=rule.column,
        count=len(unexpected) or len(store),
        of=len(store),
        what=rule.what,
        expected=rule.expected,
        advice=rule.advice,
        rows=tuple(int(store.source_rows[row]) for row in unexpected[:SHOWN_ROWS]),
    )
    if rule.shows_values:
        values = sorted({as_text(value) for value in result.get("unexpected_list") or () if value is not None})
        finding = replace(finding, values=tuple(text[:40] for text in values[:SHOWN_ROWS]))
    return finding

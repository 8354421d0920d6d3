"""Runs every gate on every wave, then those between waves. The gates are found by their file names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from types import ModuleType

import pipeline.gates
from pipeline.definitions.load import Definitions
from pipeline.gates import expectations
from pipeline.gates.finding import Finding, Gates, Rule
from pipeline.plugins import modules
from pipeline.store import Store


@cache
def gates() -> tuple[ModuleType, ...]:
    """The gate modules: files in this folder with rules (within a wave) or compare (between waves)."""
    return tuple(module for module in modules(pipeline.gates) if hasattr(module, "rules") or hasattr(module, "compare"))


def gate(definitions: Definitions, stores: Sequence[Store]) -> Gates:
    """The verdict over the waves given; gates between waves run where all waves are there. Never raises for bad data."""
    study = definitions.study
    planned, ran = 0, 0
    findings: list[Finding] = []
    for store in stores:
        wave = next(wave for wave in study.waves if wave.id == store.wave)
        rules = _distinct(
            rule for module in gates() if hasattr(module, "rules") for rule in module.rules(definitions, wave, store)
        )
        done, found = expectations.run(rules, store, study)
        planned, ran = planned + len(rules), ran + done
        findings += found
    if len(stores) == len(study.waves):
        between = [module for module in gates() if hasattr(module, "compare")]
        for module in between:
            planned += 1
            try:
                found = list(module.compare(definitions, stores))
            except Exception as error:  # a rule that raises is a failure, whatever it raised
                found = [_not_compared(module, stores[-1], error)]
            else:
                ran += 1
            findings += found
    order = {"critical": 0, "warning": 1, "info": 2}
    return Gates(planned, ran, tuple(sorted(findings, key=lambda finding: order[finding.severity])))


def _distinct(rules: Iterable[Rule]) -> list[Rule]:
    """Each rule once: two instruments may be bound to the same column."""
    return list({(r.gate, r.expectation, r.columns, repr(sorted(r.arguments.items()))): r for r in rules}.values())


def _not_compared(module: ModuleType, store: Store, error: Exception) -> Finding:
    return Finding(
        gate=module.__name__.rpartition(".")[2],
        severity="critical",
        wave=store.wave,
        column="",
        count=len(store),
        of=len(store),
        what=f"the rule could not run ({type(error).__name__}); rows not checked",
        expected="a rule that runs",
        advice="This is a bug of ours; please report it.",
    )

"""Fits every model to every outcome and site. The models are found by their file names."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from types import ModuleType

import pipeline.models
from pipeline.models.estimate import Estimate
from pipeline.pairing.link import ALL, Linked
from pipeline.plugins import modules


@cache
def analyses() -> dict[str, ModuleType]:
    """The module of each analysis, by name. A model is a file in this folder with fit, SCOPES, METHOD and REFERENCE."""
    found = {module.__name__.rpartition(".")[2]: module for module in modules(pipeline.models)}
    return {name: module for name, module in found.items() if hasattr(module, "SCOPES")}


def estimate(linked: Linked, outcomes: Sequence[str]) -> tuple[Estimate, ...]:
    """Every estimate, by outcome, then site (all sites last), then analysis."""
    return tuple(
        module.fit(linked.pairs(outcome, site), outcome)
        for outcome in outcomes
        for site in (*linked.site_ids, ALL)
        for module in analyses().values()
        if (ALL if site == ALL else "site") in module.SCOPES
    )

"""rosewave: from the raw waves of a longitudinal survey to an outcome report.

The verbs, each taking and returning values, so that a notebook can stop anywhere and look:

    definitions = load("data/example")             study.toml and its instruments, checked
    stores = read(definitions)                     one store per wave: codes beside missing reasons
    gates = gate(definitions, stores)              the findings and their verdict
    scored = [score(store, definitions.instruments) for store in stores]
    linked = pair(definitions, stores, scored)     scores of the same person side by side
    estimates = estimate(linked, outcomes)         one Estimate per outcome, site and analysis
    judged = judge(definitions, estimates)         verdicts within families
    public = disclose(definitions, judged, linked, denominators(linked, outcomes), gates)
    html = render(report, "funder")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.definitions.load import load as load
    from pipeline.disclosure.door import disclose as disclose
    from pipeline.gates.run import gate as gate
    from pipeline.models.run import estimate as estimate
    from pipeline.pairing.denominators import denominators as denominators
    from pipeline.pairing.link import link as pair  # noqa: F401
    from pipeline.reporting.render import render as render
    from pipeline.results import results as judge  # noqa: F401
    from pipeline.scoring.wave import score_wave as score  # noqa: F401
    from pipeline.sources.waves import read as read

_VERBS = {
    "load": "pipeline.definitions.load:load",
    "read": "pipeline.sources.waves:read",
    "gate": "pipeline.gates.run:gate",
    "score": "pipeline.scoring.wave:score_wave",
    "pair": "pipeline.pairing.link:link",
    "denominators": "pipeline.pairing.denominators:denominators",
    "estimate": "pipeline.models.run:estimate",
    "judge": "pipeline.results:results",
    "disclose": "pipeline.disclosure.door:disclose",
    "render": "pipeline.reporting.render:render",
}
__all__ = list(_VERBS)


def __getattr__(name: str) -> Any:
    # Each verb is imported when it is first asked for: `rosewave --help` must not pay for the models.
    if name not in _VERBS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module, _, function = _VERBS[name].partition(":")
    return getattr(import_module(module), function)

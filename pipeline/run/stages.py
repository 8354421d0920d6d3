"""From definitions to public results, one stage after the other, all in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.definitions.load import Definitions
from pipeline.disclosure.door import disclose
from pipeline.disclosure.public import PublicResults
from pipeline.errors import GateError, ModelError, Problem
from pipeline.gates.finding import Gates
from pipeline.gates.run import gate
from pipeline.models.run import estimate
from pipeline.pairing.denominators import Denominator, denominators
from pipeline.pairing.link import Linked, link
from pipeline.results import Results, results
from pipeline.scoring.kernel import Scored
from pipeline.scoring.wave import score_wave
from pipeline.sources.waves import read
from pipeline.store import Store


@dataclass(frozen=True)
class Study:
    """Everything that a run has worked out about a study."""

    definitions: Definitions
    stores: tuple[Store, ...]
    gates: Gates
    scored: tuple[dict[str, Scored], ...]
    linked: Linked
    denominators: tuple[Denominator, ...]
    results: Results
    public: PublicResults


def work_out(definitions: Definitions, stores: Sequence[Store], gates: Gates, engine: str = "kernel") -> Study:
    """Score, link, estimate, judge and disclose waves that have passed the gates.

    Raises ModelError where no outcome can be estimated at any place: the reasons are listed.
    """
    scored = tuple(score_wave(store, definitions.instruments, engine) for store in stores)
    linked = link(definitions, stores, scored)
    outcomes = [outcome.scale for outcome in definitions.study.outcomes]
    counted = denominators(linked, outcomes)
    estimates = estimate(linked, outcomes)
    if all(e.status != "ok" for e in estimates):
        raise ModelError([Problem(o, next(e.reason for e in estimates if e.outcome == o)) for o in outcomes])
    judged = results(definitions, estimates)
    public = disclose(definitions, judged, linked, counted, gates)
    return Study(definitions, tuple(stores), gates, scored, linked, counted, judged, public)


def gated(definitions: Definitions, wave: str | None = None) -> tuple[tuple[Store, ...], Gates]:
    """Read the waves and run the gates on all of them, or on one as it arrives. Never raises for what the gates find."""
    stores = read(definitions, wave)
    return stores, gate(definitions, stores)


def stop_if_blocked(gates: Gates) -> None:
    """Raise GateError with every critical finding: what was found, where, what was expected, what to do."""
    if not gates.passed:
        raise GateError(Problem(f.where, f.found, f.expected, f.advice) for f in gates.critical)

"""The machine-readable files of a release: estimates.csv, results.json, gates.json, denominators.csv."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from pipeline.definitions.load import Definitions
from pipeline.disclosure.public import PublicResults
from pipeline.files import csv_bytes, json_bytes
from pipeline.gates.finding import Gates
from pipeline.pairing.denominators import COLUMNS, Denominator, as_rows
from pipeline.results import Results, minimal_difference, minimal_difference_source

ESTIMATE_COLUMNS = (
    "study", "site", "outcome", "role", "contrast", "analysis", "n", "n_baseline", "n_followup", "n_pairs",
    "mean_baseline", "sd_baseline", "mean_followup", "sd_followup", "estimate", "std_error", "df", "conf_low", "conf_high",
    "statistic", "p_value", "p_adjusted", "effect_name", "effect", "effect_low", "effect_high", "verdict", "verdict_low",
    "verdict_high", "method", "status", "reason",
)  # fmt: skip


def full_estimates(results: Results) -> bytes:
    """internal/estimates.csv: every analysis at full precision."""
    rows = []
    for result in results.results:
        row = asdict(result.estimate) | {"study": results.study, "role": result.role, "p_adjusted": result.p_adjusted}
        if (verdict := result.verdict) is not None:
            row |= {"verdict": verdict.id, "verdict_low": verdict.low, "verdict_high": verdict.high}
        rows.append([row.get(column) for column in ESTIMATE_COLUMNS])
    return csv_bytes(ESTIMATE_COLUMNS, rows)


def public_estimates(public: PublicResults) -> bytes:
    """public/estimates.csv: the published analyses, rounded; what is not published is an empty cell."""
    rows = []
    for estimate in public.estimates:
        row = asdict(estimate) | {"study": public.study}
        if estimate.people is not None:
            row["n"] = f"{estimate.people.low} to {estimate.people.high}"
        rows.append([row.get(column) for column in ESTIMATE_COLUMNS])
    return csv_bytes(ESTIMATE_COLUMNS, rows)


def public_results(public: PublicResults, definitions: Definitions, release: int) -> bytes:
    """public/results.json: the same numbers with what they mean."""
    study = definitions.study
    outcomes = [
        {
            "id": outcome.scale,
            "title": definitions.scale_of(outcome.scale).title,
            "role": outcome.role,
            "better": definitions.scale_of(outcome.scale).better,
            "range": definitions.scale_of(outcome.scale).range,
            "mid": minimal_difference(definitions, outcome),
            "mid_source": minimal_difference_source(definitions, outcome),
        }
        for outcome in study.outcomes
    ]
    head = {
        "study": study.study.id,
        "title": study.study.title,
        "synthetic": study.study.synthetic,
        "release": release,
        "waves": [{"id": wave.id, "label": wave.label} for wave in study.waves],
        "sites": [{"id": site.id, "label": site.label, "organisation": site.organisation} for site in study.sites],
        "outcomes": outcomes,
        "facts": [
            {
                "id": name,
                "title": fact.title,
                "values": [{"id": str(place), "label": label} for place, (_, label) in enumerate(fact.values)],
            }
            for name, fact in study.person.facts.items()
        ],
    }
    return json_bytes(head | {key: value for key, value in asdict(public).items() if key != "study"})


def gates_report(gates: Gates) -> bytes:
    """internal/gates.json: the verdict, rules run of rules planned, and every finding. Row numbers, never answers."""
    findings = [{key: value for key, value in asdict(finding).items() if key != "values"} for finding in gates.findings]
    return json_bytes({"passed": gates.passed, "rules": gates.rules, "ran": gates.ran, "findings": findings})


def denominator_table(table: Sequence[Denominator]) -> bytes:
    """internal/denominators.csv."""
    return csv_bytes(COLUMNS, as_rows(table))

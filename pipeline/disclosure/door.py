"""Makes the public numbers from the full results: one analysis per outcome and place, rounded, or withheld."""

from __future__ import annotations

from pipeline.definitions.load import Definitions
from pipeline.definitions.study import Outcome
from pipeline.disclosure import counts
from pipeline.disclosure.public import PublicEstimate, PublicQuality, PublicResults, PublicTable
from pipeline.disclosure.rounding import ALL_STEP, rounded, step
from pipeline.gates.finding import Gates
from pipeline.pairing.denominators import PEOPLE, Denominator
from pipeline.pairing.link import ALL, Linked
from pipeline.results import Results, minimal_difference


def disclose(
    definitions: Definitions, results: Results, linked: Linked, denominators: tuple[Denominator, ...], gates: Gates
) -> PublicResults:
    """The public results of a study. Fewer people than the study's threshold under a number: it is withheld."""
    study = definitions.study
    threshold = study.privacy.threshold
    everybody = next(row for row in denominators if (row.site, row.outcome) == (ALL, PEOPLE))
    estimates = [
        _estimate(definitions, results, outcome, site, threshold)
        for outcome in study.outcomes
        for site in (*linked.site_ids, ALL)
    ]
    return PublicResults(
        study=study.study.id,
        contrast=study.contrast,
        threshold=threshold,
        flow=counts.flow(everybody.people_baseline, everybody.people_followup, everybody.people_both, threshold),
        tables=_tables(definitions, linked, denominators, threshold),
        estimates=tuple(estimates),
        quality=PublicQuality(gates.rules, gates.ran, sum(f.severity == "warning" for f in gates.findings)),
    )


def _estimate(definitions: Definitions, results: Results, outcome: Outcome, site: str, threshold: int) -> PublicEstimate:
    result = results.headline(outcome.scale, site)
    full = result.estimate
    place = PublicEstimate(full.outcome, site, result.role, full.contrast, full.analysis, "withheld")
    if full.status != "ok":
        if "asked" not in full.reason and full.n_pairs < threshold:
            return place  # a reason such as "nobody answered both times" is a count
        return PublicEstimate(
            full.outcome, site, result.role, full.contrast, full.analysis, "not_estimated", reason=full.reason
        )
    if full.n_pairs < threshold:
        return place
    size = step(site != ALL, minimal_difference(definitions, outcome))
    verdict = result.verdict
    agreement = results.agreement(outcome.scale, site)
    whole = site == ALL
    return PublicEstimate(
        outcome=full.outcome,
        site=site,
        role=result.role,
        contrast=full.contrast,
        analysis=full.analysis,
        status="ok",
        method=full.method,
        n=full.n,
        n_baseline=full.n_baseline if whole else None,
        n_followup=full.n_followup if whole else None,
        n_pairs=full.n_pairs,
        mean_baseline=rounded(full.mean_baseline, ALL_STEP) if whole else None,
        mean_followup=rounded(full.mean_followup, ALL_STEP) if whole else None,
        estimate=rounded(full.estimate, size),
        conf_low=rounded(full.conf_low, size),
        conf_high=rounded(full.conf_high, size),
        verdict=verdict.id if verdict else "",
        rules_out=verdict.rules_out if verdict else "",
        allowed_for_others=verdict.allowed_for_others if verdict else False,
        agreement_holds=agreement.holds,
        agreement_of=agreement.of,
    )


def _tables(
    definitions: Definitions, linked: Linked, denominators: tuple[Denominator, ...], threshold: int
) -> tuple[PublicTable, ...]:
    """Who took part at baseline: by site and by each fact. People without a known value stand under `unknown`."""
    at_site = {row.site: row.people_baseline for row in denominators if row.outcome == PEOPLE and row.site != ALL}
    tables = [counts.table("site", at_site, threshold)]
    there = linked.present[:, 0]
    for name, fact in definitions.study.person.facts.items():
        known = [value for value, seen in zip(linked.facts[name], there, strict=True) if seen]
        values: dict[str, int] = {str(place): known.count(place) for place in range(len(fact.values))}
        tables.append(counts.table(name, values | {"unknown": known.count(None) + known.count(-1)}, threshold))
    return tuple(tables)

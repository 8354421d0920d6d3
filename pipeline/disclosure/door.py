"""Makes the public numbers from the full results: one analysis per outcome and place, rounded, or withheld."""

from __future__ import annotations

from dataclasses import replace

from pipeline.definitions.load import Definitions
from pipeline.definitions.study import Outcome
from pipeline.disclosure import counts
from pipeline.disclosure.public import PublicEstimate, PublicQuality, PublicResults, PublicTable
from pipeline.disclosure.rounding import FEW, band, has_few_values, rounded, step
from pipeline.disclosure.verdicts import carried
from pipeline.gates.finding import Gates
from pipeline.pairing.denominators import PEOPLE, Denominator
from pipeline.pairing.link import ALL, Linked
from pipeline.results import Results, minimal_difference

# Reasons that say nothing about anybody's answers. Others, such as "everybody changed by the same amount", do.
_PUBLIC_REASONS = ("not asked at", "the model did not converge")


def disclose(
    definitions: Definitions, results: Results, linked: Linked, denominators: tuple[Denominator, ...], gates: Gates
) -> PublicResults:
    """The public results of a study. Fewer people than the study's threshold under a number: it is withheld."""
    study = definitions.study
    threshold = study.privacy.threshold
    everybody = next(row for row in denominators if (row.site, row.outcome) == (ALL, PEOPLE))
    flow = counts.flow(everybody.people_baseline, everybody.people_followup, everybody.people_both, threshold)
    exact = flow.both is not None
    estimates = [
        _estimate(definitions, results, outcome, site, exact and site == ALL, site in counted)
        for outcome in study.outcomes
        for counted in [_counted(results, outcome, linked.site_ids, threshold)]
        for site in (*linked.site_ids, ALL)
    ]
    return PublicResults(
        study=study.study.id,
        contrast=study.contrast,
        threshold=threshold,
        flow=flow,
        tables=_tables(definitions, linked, denominators, threshold),
        estimates=tuple(estimates),
        quality=PublicQuality(gates.rules, gates.ran, sum(f.severity == "warning" for f in gates.findings)),
    )


def _counted(results: Results, outcome: Outcome, sites: tuple[str, ...], threshold: int) -> set[str]:
    """Where a band of people may stand: not where the other bands would leave the number of a site that is withheld."""
    pairs = {site: results.headline(outcome.scale, site).estimate.n_pairs for site in sites}
    table = counts.table(outcome.scale, pairs, threshold)
    return {ALL, *(count.id for count in table.counts if count.n is not None)}


def _estimate(
    definitions: Definitions, results: Results, outcome: Outcome, site: str, exact: bool, counted: bool
) -> PublicEstimate:
    """One published estimate. `exact`: its counts may stand as they are, if its people are not few; `counted`: as a band."""
    result = results.headline(outcome.scale, site)
    full, verdict = result.estimate, result.verdict
    threshold, mid = definitions.study.privacy.threshold, minimal_difference(definitions, outcome)
    scale = definitions.scale_of(outcome.scale)
    place = PublicEstimate(full.outcome, site, result.role, full.contrast, full.analysis, "withheld")
    if full.status != "ok" or full.conf_low is None or full.conf_high is None or verdict is None or scale.range is None:
        if not full.reason.startswith(_PUBLIC_REASONS):
            return place
        return replace(place, status="not_estimated", reason=full.reason)
    few = full.n_pairs < FEW
    if full.n_pairs < threshold or (few and has_few_values(scale.range)):
        return place
    size = step(few, mid, scale.range)
    low, high = rounded(full.conf_low, size), rounded(full.conf_high, size)
    verdict_id, excluded = carried(verdict, low, high, scale.better or "higher", mid)
    whole = verdict_id == verdict.id  # how the analyses agree is said of the verdict that is published, or not at all
    agreement = results.agreement(outcome.scale, site) if whole else None
    published = replace(
        place,
        status="ok",
        method=full.method,
        people=band(full.n_pairs, threshold) if counted else None,
        step=size,
        estimate=rounded(full.estimate, size),
        conf_low=low,
        conf_high=high,
        verdict=verdict_id,
        rules_out=excluded,
        allowed_for_others=verdict.allowed_for_others and whole,
        agreement_holds=agreement.holds if agreement else None,
        agreement_of=agreement.of if agreement else None,
    )
    if few or not exact:
        return published
    return replace(
        published,
        people=None,
        n=full.n,
        n_baseline=full.n_baseline,
        n_followup=full.n_followup,
        n_pairs=full.n_pairs,
        mean_baseline=rounded(full.mean_baseline, size),
        mean_followup=rounded(full.mean_followup, size),
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

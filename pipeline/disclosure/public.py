"""What a public number can be. No type here has a field that could hold a row, a person's id, a date or free text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.disclosure.rounding import Band

Status = Literal["ok", "not_estimated", "withheld"]


@dataclass(frozen=True)
class PublicCount:
    """A number of people, or None where it is withheld."""

    id: str
    n: int | None


@dataclass(frozen=True)
class PublicEstimate:
    """The published analysis of one outcome at one place: rounded, or withheld, or not estimated with its reason.

    `n` counts everybody whom the analysis used; where people are few, and at every site, the number who answered both
    times stands as a band in `people` instead, unless it would give away that of a site that is withheld. `step` is what
    the change and its limits are rounded to.
    """

    outcome: str
    site: str
    role: str
    contrast: str
    analysis: str
    status: Status
    method: str = ""
    reason: str = ""
    people: Band | None = None
    step: float | None = None
    n: int | None = None
    n_baseline: int | None = None
    n_followup: int | None = None
    n_pairs: int | None = None
    mean_baseline: float | None = None
    mean_followup: float | None = None
    estimate: float | None = None
    conf_low: float | None = None
    conf_high: float | None = None
    verdict: str = ""
    rules_out: str = ""
    allowed_for_others: bool = False
    agreement_holds: int | None = None
    agreement_of: int | None = None


@dataclass(frozen=True)
class PublicFlow:
    """People over all sites: in the first wave, in the last, in both, in the first only, in the last only."""

    baseline: int | None
    followup: int | None
    both: int | None
    lost: int | None
    new: int | None


@dataclass(frozen=True)
class PublicTable:
    """Counts of people by the values of one thing (a fact, or the site), which add up to `total`."""

    id: str
    total: int | None
    counts: tuple[PublicCount, ...]


@dataclass(frozen=True)
class PublicQuality:
    """Data quality in numbers that belong to no person: rules run of rules planned, and how many found something."""

    rules: int
    ran: int
    warnings: int


@dataclass(frozen=True)
class PublicResults:
    """Everything that a report for the public may say, and nothing else."""

    study: str
    contrast: str
    threshold: int
    flow: PublicFlow
    tables: tuple[PublicTable, ...]
    estimates: tuple[PublicEstimate, ...]
    quality: PublicQuality

    def at(self, outcome: str, site: str) -> PublicEstimate:
        """The published estimate of one outcome at one place."""
        return next(e for e in self.estimates if (e.outcome, e.site) == (outcome, site))

    @property
    def withheld(self) -> int:
        """How many estimates are withheld to protect privacy."""
        return sum(e.status == "withheld" for e in self.estimates)

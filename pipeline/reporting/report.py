"""What a page is made from: public results for funders, and with them the full ones for evaluators."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

from pipeline.definitions.base import Language, label
from pipeline.definitions.load import Definitions
from pipeline.definitions.study import Outcome
from pipeline.disclosure.public import PublicEstimate, PublicResults
from pipeline.gates.finding import Gates
from pipeline.models.estimate import Estimate
from pipeline.pairing.denominators import Denominator
from pipeline.pairing.link import ALL
from pipeline.pairing.reasons import MissingAnswers
from pipeline.results import Results, minimal_difference
from pipeline.words import en


@dataclass(frozen=True)
class Evaluation:
    """What only the evaluator's page may read."""

    results: Results
    denominators: tuple[Denominator, ...]
    gates: Gates
    missing: tuple[MissingAnswers, ...]
    left_out: tuple[tuple[str, str, int], ...]
    movers: int


@dataclass(frozen=True)
class Report:
    """One report. A funder's page is rendered from one without `evaluation`, so that it cannot say more than is public."""

    definitions: Definitions
    public: PublicResults
    release: int
    version: str
    evaluation: Evaluation | None = None

    @property
    def words(self) -> ModuleType:
        """The report's language."""
        return en

    def text(self, labels: dict[Language, str]) -> str:
        """A label in the report's language."""
        return label(labels, "en")

    @property
    def sites(self) -> list[tuple[str, str]]:
        """Site ids and labels in the study's order, all sites last."""
        named = [(site.id, self.text(site.label)) for site in self.definitions.study.sites]
        return [*named, (ALL, self.words.ALL_SITES)]

    @property
    def waves(self) -> tuple[str, str]:
        """The first and last wave's labels."""
        study = self.definitions.study
        return self.text(study.baseline.label), self.text(study.followup.label)

    @property
    def when(self) -> tuple[str, str]:
        """The first and last wave with the days on which they were answered, where the study says them."""
        study = self.definitions.study
        first, last = (
            label if wave.window is None else f"{label} ({self.words.period(wave.window.first, wave.window.last)})"
            for label, wave in zip(self.waves, (study.baseline, study.followup), strict=True)
        )
        return first, last

    @property
    def places_by_organisation(self) -> str:
        """The sites, each organisation's together: Victoria (SOLID Outreach Society); ..."""
        organisations: dict[str, list[str]] = {}
        for site in self.definitions.study.sites:
            organisations.setdefault(site.organisation, []).append(self.text(site.label))
        return "; ".join(", ".join(sites) + (f" ({name})" if name else "") for name, sites in organisations.items())

    def scale_title(self, outcome: str) -> str:
        """What an outcome is called."""
        return self.text(self.definitions.scale_of(outcome).title)

    def mid(self, outcome: Outcome) -> float | None:
        """The outcome's minimal important difference."""
        return minimal_difference(self.definitions, outcome)

    def places(self, estimate: PublicEstimate) -> int:
        """How many decimals the numbers of a published estimate have."""
        return int(self.words.places(estimate.step or 1.0))

    def people(self, estimate: PublicEstimate) -> str:
        """How many people stand under a published estimate, exactly or as a band."""
        band = estimate.people
        if band is None and estimate.n is None:
            return str(self.words.NOT_SHOWN)
        return str(self.words.band(band.low, band.high)) if band else str(estimate.n)

    def verdict_sentence(self, estimate: PublicEstimate) -> str:
        """What can be said of one outcome at one place."""
        title = self.scale_title(estimate.outcome)
        if estimate.status == "withheld":
            return f"{self.words.capital(title)}: {self.words.WITHHELD}."
        if estimate.status == "not_estimated":
            return f"{self.words.capital(title)}: {self.words.NOT_ESTIMATED}, {estimate.reason}."
        return str(self.words.verdict(title, estimate.verdict, estimate.rules_out, estimate.allowed_for_others))

    def change_sentence(self, outcome: Outcome, estimate: PublicEstimate) -> str:
        """By how much the average changed; empty where there is no published number."""
        if estimate.estimate is None or estimate.conf_low is None or estimate.conf_high is None:
            return ""
        places = self.places(estimate)
        first, last = self.waves
        interval = self.words.interval(estimate.conf_low, estimate.conf_high, places)
        band = estimate.people
        who = self.words.answered_band(band.low, band.high) if band else self.words.answered(estimate.n, estimate.n_pairs)
        return str(self.words.change(self.scale_title(outcome.scale), last, first, estimate.estimate, interval, who, places))


def estimate_id(report: Report, estimate: PublicEstimate | Estimate) -> str:
    """The id that every number of an estimate carries in the page."""
    return f"{report.public.study}/{estimate.outcome}/{estimate.site}/{estimate.analysis}"


def direction(verdict: str) -> str:
    """better, worse or uncertain: the only thing that colour says."""
    if "improved" in verdict:
        return "better"
    if "worsened" in verdict:
        return "worse"
    return "uncertain"

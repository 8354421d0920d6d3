"""Does the truth file fit its study? Every name that points nowhere, and every item that has no answers or two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.definitions.load import Definitions
from pipeline.errors import Problem
from pipeline.simulate.truth import FILE, ItemAnswers, Truth

WRITABLE = (".sav", ".csv")


def problems_in(definitions: Definitions, truth: Truth, planted: Sequence[ItemAnswers]) -> list[Problem]:
    """What stands in the way of answers for this study; `planted` are the answers of all items, scales' and others."""
    where = str(definitions.folder / FILE)
    return [
        *_scales(where, definitions, truth),
        *_people(where, definitions, truth),
        *_items(where, definitions, planted),
        *_loadings(where, truth, planted),
        *_beyond(definitions),
    ]


def _scales(where: str, definitions: Definitions, truth: Truth) -> Iterator[Problem]:
    known = [f"{name}.{scale}" for name, i in definitions.instruments.items() for scale, s in i.scales.items() if s.is_primary]
    for name, trait in truth.traits.items():
        if trait.scale is not None and trait.scale not in known:
            yield Problem.unknown_name(f"{where}: traits.{name}.scale", "scale", trait.scale, known)
    planted = [trait.scale for trait in truth.traits.values() if trait.change is not None]
    for scale in sorted({scale for scale in planted if scale and planted.count(scale) > 1}):
        yield Problem(f"{where}: traits", f"two traits move {scale}", "one trait for each planted change")
    outcomes = [outcome.scale for outcome in definitions.study.outcomes]
    for scale in truth.derived:
        if scale not in outcomes:
            yield Problem.unknown_name(f"{where}: derived", "outcome", scale, outcomes)
        if scale in planted:
            yield Problem(f"{where}: derived", f"{scale} is planted by a trait", "each truth once")


def _people(where: str, definitions: Definitions, truth: Truth) -> Iterator[Problem]:
    study = definitions.study
    for key, kind, given, known in (
        ("people.sites", "site", truth.people.sites, [site.id for site in study.sites]),
        ("facts", "fact", truth.facts, list(study.person.facts)),
    ):
        yield from (Problem.unknown_name(f"{where}: {key}", kind, name, known) for name in given if name not in known)
        yield from (Problem(f"{where}: {key}", f"nothing is said of {name!r}") for name in known if name not in given)
    for name, shares in truth.facts.items():
        if name in study.person.facts and len(shares) != (n := len(study.person.facts[name].values)):
            yield Problem(f"{where}: facts.{name}", f"{len(shares)} shares", f"{n}, one for each value in the study")
    for key, kind, given_ids, known in (
        ("nonresponse", "instrument", list(truth.nonresponse), list(definitions.instruments)),
        ("files", "wave", list(truth.files), [wave.id for wave in study.waves]),
    ):
        yield from (Problem.unknown_name(f"{where}: {key}", kind, name, known) for name in given_ids if name not in known)


def _items(where: str, definitions: Definitions, planted: Sequence[ItemAnswers]) -> Iterator[Problem]:
    seen: dict[tuple[str, str], int] = {}
    for group in planted:
        instrument = definitions.instruments.get(group.instrument)
        if instrument is None:
            yield Problem.unknown_name(f"{where}: items", "instrument", group.instrument, definitions.instruments)
            continue
        for item in group.items:
            seen[group.instrument, item] = seen.get((group.instrument, item), 0) + 1
            if item not in instrument.item_groups:
                yield Problem.unknown_name(f"{where}: items of {group.instrument}", "item", item, instrument.item_ids)
                continue
            answers = instrument.item_groups[item].answers
            if group.codes is None and len(group.shares) != len(answers):
                yield Problem(
                    f"{where}: {group.instrument}.{item}", f"{len(group.shares)} shares", f"{len(answers)}, one an answer"
                )
            if strange := set(group.codes or ()) - set(answers):
                yield Problem(f"{where}: {group.instrument}.{item}", f"code {min(strange)}", "codes that the item declares")
    for name, instrument in definitions.instruments.items():
        for item in instrument.item_ids:
            if seen.get((name, item), 0) != 1:
                found = "its answers are planted twice" if seen.get((name, item)) else "its answers are not planted"
                yield Problem(f"{where}: {name}.{item}", found, "one trait with shares, or one [[items]] table")


def _loadings(where: str, truth: Truth, planted: Sequence[ItemAnswers]) -> Iterator[Problem]:
    for group in planted:
        place = f"{where}: {group.instrument}.{', '.join(group.items)}"
        if unknown := [name for name in group.loadings if name not in truth.traits]:
            yield from (Problem.unknown_name(place, "trait", name, truth.traits) for name in unknown)
            continue
        weighted = {name: weight * truth.traits[name].wellbeing for name, weight in group.loadings.items()}
        own = sum(weight**2 - weighted[name] ** 2 for name, weight in group.loadings.items())
        if (explained := own + sum(weighted.values()) ** 2) > 1 + 1e-12:
            yield Problem(f"{place}: loadings", f"they explain {explained:.0%} of the item", "at most 100%: smaller loadings")


def _beyond(definitions: Definitions) -> Iterator[Problem]:
    """What a study may ask for that no simulated file can give."""
    study, where = definitions.study, str(definitions.folder / "study.toml")
    yield from (
        Problem(f"{where}: scores.{name}", "a ready-made score cannot be simulated", "scales over items")
        for name in study.scores
    )
    if study.person.exclude:
        yield Problem(f"{where}: person.exclude", "excluded people cannot be simulated", "no exclusion")
    files = [wave.file for wave in study.waves]
    for wave in study.waves:
        if Path(wave.file).suffix not in WRITABLE or ":" in wave.file:
            yield Problem(f"{where}: waves[{wave.id}].file", f"cannot write {wave.file!r}", f"one of {', '.join(WRITABLE)}")
        if wave.filter or files.count(wave.file) > 1:
            yield Problem(f"{where}: waves[{wave.id}]", "waves that share a file cannot be simulated", "a file for each wave")

"""Does every name in a study file point to something, and nothing to two things? All problems at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipeline.definitions.binding import columns_of
from pipeline.definitions.instrument import Instrument
from pipeline.definitions.study import Study, Wave, WaveBinding, plain_code
from pipeline.errors import Problem

_LISTED = 50


def broken_references(path: Path, study: Study, instruments: dict[str, Instrument]) -> list[Problem]:
    """Every name in the study that points nowhere; what points into an instrument that did not load is left aside."""
    problems: list[Problem] = []
    waves = [wave.id for wave in study.waves]
    sites = [site.id for site in study.sites]

    def known(where: str, kind: str, name: str, names: list[str]) -> None:
        if name not in names:
            problems.append(Problem.unknown_name(f"{path}: {where}", kind, name, names))

    for kind, ids in (("waves", waves), ("sites", sites), ("outcomes", [o.scale for o in study.outcomes])):
        for name in sorted({name for name in ids if ids.count(name) > 1}):
            problems.append(Problem(f"{path}: {kind}", f"{name!r} stands twice", "each once"))
    for kind, taken, named in (
        ("sites", "all", sites),
        ("person.facts", "site", study.person.facts),
        ("scores", "people", study.scores),
    ):
        if taken in named:
            problems.append(Problem(f"{path}: {kind}", f"{taken!r} has a meaning of its own", "another id"))
    codes = [plain_code(code) for site in study.sites for code in site.codes]
    for code in sorted({code for code in codes if codes.count(code) > 1}, key=str):
        problems.append(Problem(f"{path}: sites", f"code {code!r} stands for two sites", "each code once"))
    for wave in study.waves:
        if Path(wave.file).is_absolute() or ".." in Path(wave.file).parts:
            problems.append(Problem(f"{path}: waves[{wave.id}].file", f"{wave.file!r}", "a path inside the study's folder"))
    if study.person.site_at is not None:
        known("person.site_at", "wave", study.person.site_at, waves)
    for name, binding in study.instruments.items():
        for wave_id in [*binding.waves, *(binding.asked_at or ())]:
            known(f"instruments.{name}", "wave", wave_id, waves)
        for wave_id in waves:
            if name in instruments and (at := binding.at(wave_id)) is not None:
                bound = columns_of(instruments[name], at, f"{path}: instruments.{name} at {wave_id}")
                wave = next(wave for wave in study.waves if wave.id == wave_id)
                problems += [*bound.problems, *_missing_answers(path, instruments[name], at, wave, bound.columns)]
    problems += _broken_outcomes(path, study, instruments)
    for strategy in study.strategies:
        for site in strategy.sites or ():
            known(f"strategies[{strategy.component}].sites", "site", site, sites)
    return problems


def _missing_answers(
    path: Path, instrument: Instrument, binding: WaveBinding, wave: Wave, asked: Mapping[str, str]
) -> list[Problem]:
    """Codes that a wave declares missing, but that are answers to some item asked in it: they would vanish in silence."""
    missing = {plain_code(code) for codes in wave.missing.values() for code in codes}
    recoded = {item: {plain_code(raw) for raw in recode.map} for recode in binding.recodes for item in recode.items}
    # A count of things has so many answers that any missing code is one of them; there the study's word holds.
    listed = {item: set(group.answers) for item, group in instrument.item_groups.items() if len(group.answers) <= _LISTED}
    items = [item for item, answers in (listed | recoded).items() if item in asked and answers & missing]
    if not items:
        return []
    found = f"a missing code is an answer of {instrument.id}.{', '.join(items[:5])}"
    return [Problem(f"{path}: waves[{wave.id}].missing", found, "codes that are no answer to any item")]


def _broken_outcomes(path: Path, study: Study, instruments: dict[str, Instrument]) -> list[Problem]:
    problems: list[Problem] = []
    scales = {f"{name}.{scale}": kind for name, i in instruments.items() for scale, kind in i.scales.items()}
    amounts = [name for name, scale in scales.items() if scale.kind != "category"] + list(study.scores)
    for outcome in study.outcomes:
        owner = outcome.scale.partition(".")[0]
        if owner in study.instruments and owner not in instruments:
            continue
        where = f"{path}: outcomes[{outcome.scale}].scale"
        if outcome.scale in scales and outcome.scale not in amounts:
            problems.append(Problem(where, "its values are categories, not amounts", f"one of {', '.join(amounts)}"))
        elif outcome.scale not in amounts:
            problems.append(Problem.unknown_name(where, "outcome", outcome.scale, amounts))
    return problems

"""Reads study.toml and the instruments it names, and lists everything that is wrong with them at once."""

from __future__ import annotations

import tomllib
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pipeline.definitions.base import Definition
from pipeline.definitions.binding import columns_of
from pipeline.definitions.instrument import Instrument, Scale
from pipeline.definitions.study import ReadyScore, Study, Wave, WaveBinding, plain_code
from pipeline.errors import DefinitionError, InputError, Problem, nearest

T = TypeVar("T", bound=Definition)
_LISTED = 50


@dataclass(frozen=True)
class Definitions:
    """A study with the instruments it uses; every reference between them has been checked."""

    study: Study
    instruments: dict[str, Instrument]
    folder: Path
    files: tuple[Path, ...]

    def scale_of(self, outcome: str) -> Scale | ReadyScore:
        """The scale or ready-made score that an outcome id names."""
        instrument, _, scale = outcome.partition(".")
        return self.instruments[instrument].scales[scale] if scale else self.study.scores[instrument]


def load(study: str | Path) -> Definitions:
    """Load a study.toml, or the one in a folder, with its instruments: its own first, then the library's.

    Raises InputError where there is no such file, DefinitionError with every problem in every file otherwise.
    """
    path = Path(study)
    path = path / "study.toml" if path.is_dir() else path
    if not path.is_file():
        raise InputError(Problem(str(path), "no such file", "a study.toml, or a folder that holds one"))
    problems: list[Problem] = []
    parsed = parse(path, Study, problems)
    used = parsed.instruments if parsed else _names_in_broken_study(path)
    library = instrument_files(path.parent)
    instruments: dict[str, Instrument] = {}
    files = [path]
    for name in used:
        if name not in library:
            problems.append(Problem.unknown_name(f"{path}: instruments.{name}", "instrument", name, library))
            continue
        files.append(library[name])
        if instrument := _parse_instrument(library[name], problems):
            instruments[name] = instrument
    if parsed:
        problems += _broken_references(path, parsed, instruments)
    if problems or parsed is None:
        raise DefinitionError(problems)
    return Definitions(parsed, instruments, path.parent, tuple(files))


def load_instrument(name_or_path: str | Path) -> Instrument:
    """Load one instrument by its id in the library, or from a file."""
    library = instrument_files()
    path = library.get(str(name_or_path), Path(name_or_path))
    if not path.is_file():
        raise DefinitionError(Problem.unknown_name("instruments", "instrument", str(name_or_path), library))
    problems: list[Problem] = []
    instrument = _parse_instrument(path, problems)
    if instrument is None:
        raise DefinitionError(problems)
    return instrument


def instrument_files(study_folder: Path | None = None) -> dict[str, Path]:
    """The instrument files by id: the library's, and a study's own, which win."""
    folders = [Path(str(resources.files("instruments")))]
    if study_folder is not None:
        folders.append(study_folder / "instruments")
    return {path.stem: path for folder in folders for path in sorted(folder.glob("*.toml"))}


def _parse_instrument(path: Path, problems: list[Problem]) -> Instrument | None:
    instrument = parse(path, Instrument, problems)
    if instrument and instrument.id != path.stem:
        problems.append(Problem(f"{path}: id", f"{instrument.id!r}", f"the file's own name, {path.stem!r}"))
        return None
    return instrument


def parse(path: Path, model: type[T], problems: list[Problem]) -> T | None:
    """A definition file as its model, or None and what is wrong with it added to `problems`."""
    content = _toml(path, problems)
    if content is None:
        return None
    try:
        return model.model_validate(content)
    except ValidationError as error:
        details = error.errors()
        # A part that cannot be read is not one part too few as well.
        below = {detail["loc"][:length] for detail in details for length in range(len(detail["loc"]))}
        problems += [
            _as_problem(path, model, content, detail)
            for detail in details
            if detail["type"] != "too_short" or detail["loc"] not in below
        ]
        return None


def _toml(path: Path, problems: list[Problem]) -> dict[str, Any] | None:
    try:
        # Windows editors begin a file with a byte-order mark.
        return tomllib.loads(path.read_bytes().decode("utf-8").removeprefix("\ufeff"))
    except UnicodeDecodeError as error:
        problems.append(Problem(str(path), f"byte {error.start} is not UTF-8", "a TOML file in UTF-8"))
    except tomllib.TOMLDecodeError as error:
        problems.append(Problem(str(path), f"not TOML: {error}"))
    except OSError as error:
        problems.append(Problem(str(path), f"cannot be read: {error.strerror}"))
    return None


def _names_in_broken_study(path: Path) -> list[str]:
    # So that a broken study.toml and its broken instruments are reported together.
    content = _toml(path, [])
    named = (content or {}).get("instruments", {})
    return list(named) if isinstance(named, dict) else []


def _as_problem(path: Path, model: type[BaseModel], content: dict[str, Any], detail: ErrorDetails) -> Problem:
    where = f"{path}: {_key(detail['loc'], content)}"
    if detail["type"] == "extra_forbidden":
        key = str(detail["loc"][-1])
        known = _known_keys(model, detail["loc"][:-1])
        return Problem(where, f"unknown key {key!r}", f"one of {', '.join(known)}", nearest(key, known))
    if detail["type"] == "missing":
        return Problem(where, "this key is missing")
    given = detail["input"]
    shown = f" (found {given!r})" if isinstance(given, str | int | float | bool) else ""
    return Problem(where, detail["msg"].removeprefix("Value error, ") + shown)


def _key(location: tuple[int | str, ...], content: Any) -> str:
    """The place of an error as a reader of the file would name it: waves[year1].file rather than waves.1.file."""
    key = ""
    for part in location:
        content = content[part] if _has(content, part) else None
        if isinstance(part, int):
            name = content.get("id", content.get("scale")) if isinstance(content, dict) else None
            key += f"[{name or part + 1}]"
        elif part not in ("str", "int", "float", "dict[str,str]", "[key]"):
            key += f".{part}" if key else str(part)
    return key or "the file"


def _has(content: Any, part: int | str) -> bool:
    if isinstance(content, dict):
        return part in content
    return isinstance(content, list) and isinstance(part, int) and part < len(content)


def _known_keys(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """The keys of the model that stands at `location` inside `model`."""
    for part in location:
        field = model.model_fields.get(str(part))
        if field is not None and (inner := _model_in(field.annotation)) is not None:
            model = inner
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in typing.get_args(annotation) if (found := _model_in(inner))), None)


def _broken_references(path: Path, study: Study, instruments: dict[str, Instrument]) -> list[Problem]:
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

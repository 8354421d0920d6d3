"""Reads study.toml and the instruments it names, and lists everything that is wrong with them at once."""

from __future__ import annotations

import tomllib
import typing
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pipeline.definitions.base import Definition
from pipeline.definitions.instrument import Instrument, Scale
from pipeline.definitions.references import broken_references
from pipeline.definitions.study import ReadyScore, Study
from pipeline.errors import DefinitionError, InputError, Problem, nearest

T = TypeVar("T", bound=Definition)


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
        problems += broken_references(path, parsed, instruments)
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

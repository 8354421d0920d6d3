"""What a study file may say: waves, sites, people, which columns hold which items, outcomes, privacy, the programme."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from pipeline.definitions.base import Better, Definition, Identifier, Labels, Range
from pipeline.definitions.instrument import ReasonWord

Code = str | int | float


def _codes_as_numbers(value: object) -> object:
    # TOML keys are always text, so `"0" = 2` stands for the answer 0.
    return {plain_code(key): code for key, code in value.items()} if isinstance(value, dict) else value


def plain_code(code: Any) -> Any:
    """A raw code as it is compared: text that is a number is that number, other text is stripped of its blanks."""
    if not isinstance(code, str):
        return code
    text = code.strip()
    try:
        number = float(text)
    except ValueError:
        return text
    # "nan" and "inf" are words that somebody typed, not numbers
    return number if math.isfinite(number) and "_" not in text else text


def _stands_once(codes: Iterable[Code]) -> None:
    seen: set[Any] = set()
    for code in codes:
        if plain_code(code) in seen:
            raise ValueError(f"{code} stands twice")
        seen.add(plain_code(code))


CodeMap = Annotated[dict[float | str, int], BeforeValidator(_codes_as_numbers)]
Role = Literal["primary", "secondary", "exploratory"]


class StudyInfo(Definition):
    """What the study is. `synthetic` marks invented data: every page then says so.

    In a `one_group` study everybody took part in a programme; a `cohort` is only followed.
    """

    id: Identifier
    title: Labels
    design: Literal["one_group", "cohort"]
    languages: tuple[Literal["en"], ...] = ("en",)
    seed: int = Field(ge=0)
    synthetic: bool = False
    summary: Labels | None = None
    events: Labels | None = None
    source: str = ""


class Window(Definition):
    """The first and last day on which answers of a wave are expected."""

    first: dt.date
    last: dt.date

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError("the window's last day is before its first")
        return self


class Wave(Definition):
    """One round of questions: its file, which of the file's rows belong to it, its window, its missing codes.

    The label says when it was, as it stands inside a sentence: "at the start", "at one year".
    """

    id: Identifier
    label: Labels
    file: str
    window: Window | None = None
    date: str | None = None
    filter: dict[str, tuple[Code, ...]] = Field(default_factory=dict)
    missing: dict[ReasonWord, tuple[Code, ...]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _window_needs_date(self) -> Self:
        if (self.window is None) != (self.date is None):
            raise ValueError("window and date (the column that holds the day) go together")
        return self

    @model_validator(mode="after")
    def _one_reason_per_code(self) -> Self:
        _stands_once(code for codes in self.missing.values() for code in codes)
        return self


class Site(Definition):
    """One place, and the raw values that stand for it in the files."""

    id: Identifier
    label: Labels
    organisation: str = ""
    codes: tuple[Code, ...] = Field(min_length=1)


class Fact(Definition):
    """Something about a person that describes who took part: a column and the label of each of its values."""

    column: str
    title: Labels
    values: tuple[tuple[Code, Labels], ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_label_per_value(self) -> Self:
        _stands_once(code for code, _ in self.values)
        return self


class Person(Definition):
    """Which column names the person, which the site; `site_at` carries one wave's site forward to the others.

    `exclude` leaves whole people out, by values of columns in the first wave, and they are counted.
    """

    id: str
    site: str
    site_at: str | None = None
    exclude: dict[str, tuple[Code, ...]] = Field(default_factory=dict)
    facts: dict[Identifier, Fact] = Field(default_factory=dict)


class ItemRecode(Definition):
    """Raw answers of these items, and the instrument's code for each."""

    items: tuple[str, ...]
    map: CodeMap


class WaveBinding(Definition):
    """Which columns hold an instrument's items: a pattern, a map, or one of the instrument's own name sets.

    A pattern may hold {item} (the item id) and {number} (its digits). `not_asked` lists items without a column.
    """

    columns: str | dict[str, str] | None = None
    names: str | None = None
    recodes: tuple[ItemRecode, ...] = ()
    not_asked: tuple[str, ...] = ()


class Binding(WaveBinding):
    """An instrument's columns in every wave, with what differs per wave, and the waves in which it was asked."""

    waves: dict[str, WaveBinding] = Field(default_factory=dict)
    asked_at: tuple[str, ...] | None = None

    def at(self, wave: str) -> WaveBinding | None:
        """The binding in one wave, or None where the instrument was not asked."""
        if self.asked_at is not None and wave not in self.asked_at:
            return None
        changed = self.waves.get(wave)
        if changed is None:
            return self
        same = changed.columns is None and changed.names is None
        return WaveBinding(
            columns=self.columns if same else changed.columns,
            names=self.names if same else changed.names,
            recodes=changed.recodes or self.recodes,
            not_asked=changed.not_asked or self.not_asked,
        )


class ReadyScore(Definition):
    """A column that holds a score already: its possible range and which direction is better."""

    column: str
    title: Labels
    range: Range
    better: Better
    source: str
    meaning: Labels | None = None


class Outcome(Definition):
    """One thing whose change is estimated: a scale `<instrument>.<scale>` or a ready-made score's id."""

    scale: str
    role: Role
    family: str = ""
    mid: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    mid_source: Annotated[str, StringConstraints(strip_whitespace=True)] = ""

    @model_validator(mode="after")
    def _mid_has_source(self) -> Self:
        if (self.mid is None) != (not self.mid_source):
            raise ValueError("mid and mid_source go together: no minimal important difference without its source")
        return self


class Privacy(Definition):
    """The smallest number of people under a published number."""

    threshold: int = Field(default=5, ge=2)


class Objective(Definition):
    """What the programme set out to reach."""

    id: Identifier
    text: Labels


class Strategy(Definition):
    """One part of the programme: what it was, whom it reached at which level, and whether it was delivered.

    `sites` is absent where the sources report it for the whole project only.
    """

    component: str
    strategy: Labels
    levels: tuple[Literal["individual", "interpersonal", "organizational", "community", "societal"], ...]
    delivered: Literal["yes", "partly", "not_possible"]
    sites: tuple[str, ...] | None = None
    reason: Labels | None = None

    @model_validator(mode="after")
    def _shortfall_has_reason(self) -> Self:
        if self.delivered != "yes" and self.reason is None:
            raise ValueError("a strategy that was not fully delivered needs its reason")
        return self


class Study(Definition):
    """One study file, whole."""

    format: Literal[1]
    study: StudyInfo
    waves: tuple[Wave, ...] = Field(min_length=2)
    sites: tuple[Site, ...] = Field(min_length=1)
    person: Person
    instruments: dict[Identifier, Binding] = Field(default_factory=dict)
    scores: dict[Identifier, ReadyScore] = Field(default_factory=dict)
    outcomes: tuple[Outcome, ...] = Field(min_length=1)
    privacy: Privacy = Privacy()
    objectives: tuple[Objective, ...] = ()
    strategies: tuple[Strategy, ...] = ()

    @property
    def baseline(self) -> Wave:
        """The first wave: every change is follow-up minus this one."""
        return self.waves[0]

    @property
    def followup(self) -> Wave:
        """The last wave."""
        return self.waves[-1]

    @property
    def contrast(self) -> str:
        """The change that is estimated, as `<followup>-<baseline>`."""
        return f"{self.followup.id}-{self.baseline.id}"

"""What an instrument file may say: items with their codes, scales over items, sources, licence, worked examples.

An instrument says what items mean; a study says what columns are called. Both are data: no instrument has code.
"""

from __future__ import annotations

from functools import cached_property
from typing import Literal, Self

from pydantic import Field, model_validator

from pipeline.definitions.base import Better, Definition, Identifier, Labels, Language, Range, Text

ReasonWord = Literal["refused", "dont_know", "not_applicable", "not_asked", "skipped"]


class ItemGroup(Definition):
    """Items that share one answer format.

    `codes` lists the answers (or `range` their lowest and highest). `reserved` says which other codes stand for a
    missing reason, for these items and this width only: a code that is in neither is undeclared, hence critical.
    `asked_if` names the gate items and the answers to each after which these items are asked at all.
    """

    ids: tuple[Identifier, ...]
    codes: tuple[int, ...] = ()
    range: tuple[int, int] | None = None
    labels: dict[Language, tuple[str, ...]] = Field(default_factory=dict)
    reserved: dict[ReasonWord, tuple[int, ...]] = Field(default_factory=dict)
    asked_if: dict[str, tuple[int, ...]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _codes_stand_once(self) -> Self:
        if bool(self.codes) == (self.range is not None):
            raise ValueError("either codes or range is needed, not both")
        if not self.answers:
            raise ValueError("the range holds no answer")
        if list(self.answers) != sorted(set(self.answers)):
            raise ValueError("codes must ascend and stand once each")
        taken = [code for codes in self.reserved.values() for code in codes]
        if len(taken) != len(set(taken)) or set(taken) & set(self.answers):
            raise ValueError("a reserved code stands twice, or is also an answer")
        for language, labels in self.labels.items():
            if len(labels) != len(self.answers):
                raise ValueError(f"{len(self.answers)} codes but {len(labels)} labels in {language!r}")
        return self

    @property
    def answers(self) -> tuple[int, ...]:
        """The declared answer codes, ascending."""
        if self.range is None:
            return self.codes
        return tuple(range(self.range[0], self.range[1] + 1))


class Recode(Definition):
    """What each code of these items becomes; with `given`, only where the given item has one of these codes."""

    items: tuple[str, ...]
    map: dict[int, float]
    given: dict[str, tuple[int, ...]] = Field(default_factory=dict)


class Band(Definition):
    """A range of scores between two cut-points: `upto` belongs to the band, `below` to the next; the last has neither."""

    upto: float | None = None
    below: float | None = None
    code: int | None = None
    label: Labels

    @property
    def cut(self) -> float | None:
        """The cut-point above the band, whichever side it belongs to."""
        return self.below if self.upto is None else self.upto


class Mid(Definition):
    """A minimal important difference in scale points, with its source."""

    value: float = Field(gt=0)
    source: Text


class Term(Definition):
    """One scale in a scale of scales: weight * (scale - mean) / sd."""

    scale: str
    mean: float = 0.0
    sd: float = Field(default=1.0, gt=0)
    weight: float = 1.0


class CategoryRule(Definition):
    """One way into a category: every named item has one of the codes. The first rule that holds decides."""

    value: int
    when: dict[str, tuple[int, ...]]


class Scale(Definition):
    """One score. Which keys it needs follows from its kind.

    sum, mean: answers of `items`, those in `reverse` as low + high - x. recoded: the mean of `recode`d answers.
    weighted: `weights` per item and code. All four: constant + factor * result, a minimum of answered items
    (default: all), `prorate` for sums, and `routed_as`, the code that stands for an item which its gate routes past.
    combination: constant + factor * sum of `terms` over other scales, `round` to whole numbers if asked.
    category: the first of `rules` that holds; `better` is then absent, because categories are not amounts.
    """

    kind: Literal["sum", "mean", "recoded", "weighted", "combination", "category"]
    title: Labels
    better: Better | None = None
    items: tuple[str, ...] = ()
    reverse: tuple[str, ...] = ()
    recode: tuple[Recode, ...] = ()
    weights: dict[str, dict[int, float]] = Field(default_factory=dict)
    terms: tuple[Term, ...] = ()
    rules: tuple[CategoryRule, ...] = ()
    categories: dict[int, Labels] = Field(default_factory=dict)
    constant: float = 0.0
    factor: float = 1.0
    min_answered: int | None = Field(default=None, ge=1)
    prorate: bool = False
    routed_as: int | None = None
    round: Literal["half_up"] | None = None
    range: Range | None = None
    bands: tuple[Band, ...] = ()
    mid: Mid | None = None
    meaning: Labels | None = None
    notes: str = ""
    sources: tuple[str, ...] = Field(min_length=1)

    @property
    def is_primary(self) -> bool:
        """Whether the scale is computed from items by tables, rather than from other scales or by rules."""
        return self.kind not in ("combination", "category")

    @property
    def needed_items(self) -> tuple[str, ...]:
        """The items that the scale reads, in order, each once."""
        from_rules = (item for rule in self.rules for item in rule.when)
        return tuple(dict.fromkeys([*self.items, *self.weights, *from_rules]))

    @model_validator(mode="after")
    def _keys_fit_kind(self) -> Self:
        needs = {"weighted": "weights", "combination": "terms", "category": "rules", "recoded": "recode"}.get(
            self.kind, "items"
        )
        if not getattr(self, needs):
            raise ValueError(f"a scale of kind {self.kind!r} needs {needs}")
        if (self.better is None) != (self.kind == "category"):
            raise ValueError("better is needed for every kind but category, and there it is not allowed")
        if self.kind != "category" and self.range is None:
            raise ValueError("the range of possible scores is needed")
        if self.kind == "category" and {rule.value for rule in self.rules} != set(self.categories):
            raise ValueError("rules and categories must name the same values")
        if len(self.needed_items) != len([*self.items, *self.weights]) and self.kind != "category":
            raise ValueError("an item stands twice")
        for item in self.reverse:
            if item not in self.items:
                raise ValueError(f"reversed item {item!r} is not in items")
        if self.min_answered is not None and self.min_answered > len(self.needed_items):
            raise ValueError(f"min_answered is {self.min_answered}, but there are {len(self.needed_items)} items")
        cuts = [band.cut for band in self.bands]
        inner = [cut for cut in cuts if cut is not None]
        if self.bands and (cuts[-1] is not None or len(inner) != len(cuts) - 1 or inner != sorted(set(inner))):
            raise ValueError("bands must ascend, each with upto or below but the last, which has neither")
        return self


class Source(Definition):
    """Where a fact comes from."""

    id: Identifier
    text: Text
    doi: str = ""


class NameSet(Definition):
    """What the items' columns are called in one edition or survey cycle. Items not named were not asked in it."""

    id: str
    columns: dict[str, str]


class Example(Definition):
    """One filled form with its scores as an outside source gives them, to `decimals` places."""

    source: Text
    answers: dict[str, int]
    expect: dict[str, float] = Field(min_length=1)
    decimals: int = 9


class Instrument(Definition):
    """One questionnaire: everything that is needed to score it, to cite it and to check the file against itself."""

    format: Literal[1]
    id: Identifier
    title: Labels
    version: str
    language: str
    licence: Text
    terms: Text
    status: Literal["verified", "unverified"] = "verified"
    sources: tuple[Source, ...] = Field(min_length=1)
    items: tuple[ItemGroup, ...] = Field(min_length=1)
    scales: dict[Identifier, Scale]
    names: tuple[NameSet, ...] = ()
    examples: tuple[Example, ...] = Field(min_length=1)

    @cached_property
    def item_groups(self) -> dict[str, ItemGroup]:
        """The answer format of each item, in the order of the file."""
        return {item: group for group in self.items for item in group.ids}

    @cached_property
    def item_ids(self) -> tuple[str, ...]:
        """The items in the order of the file."""
        return tuple(self.item_groups)

    @model_validator(mode="after")
    def _references_exist(self) -> Self:
        listed = [item for group in self.items for item in group.ids]
        if len(listed) != len(set(listed)):
            raise ValueError("an item is listed twice")
        problems: list[str] = []
        for group in self.items:
            problems += self._no_answers("asked_if", group.asked_if)
        sources = {source.id for source in self.sources}
        earlier: set[str] = set()
        for name, scale in self.scales.items():
            problems += [f"{name}: {item!r} is not an item" for item in scale.needed_items if item not in listed]
            problems += [f"{name}: {term.scale!r} is not a scale above it" for term in scale.terms if term.scale not in earlier]
            problems += [f"{name}: {source!r} is not a source" for source in scale.sources if source not in sources]
            problems += self._uncovered_codes(name, scale) + self._unclear_routes(name, scale)
            for part in (*(recode.given for recode in scale.recode), *(rule.when for rule in scale.rules)):
                problems += self._no_answers(name, part)
            earlier.add(name)
        for names in self.names:
            problems += [f"names {names.id}: {item!r} is not an item" for item in names.columns if item not in listed]
        for example in self.examples:
            problems += [f"example: {item!r} is not an item" for item in example.answers if item not in listed]
            problems += [f"example: {scale!r} is not a scale" for scale in example.expect if scale not in self.scales]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _no_answers(self, where: str, named: dict[str, tuple[int, ...]]) -> list[str]:
        """What is wrong with a condition: items that do not exist, and codes that can never be an answer."""
        known = self.item_groups
        return [f"{where} names {item!r}, which is not an item" for item in named if item not in known] + [
            f"{where} names {code}, which is no answer of {item!r}"
            for item, codes in named.items()
            for code in codes
            if item in known and code not in known[item].answers
        ]

    def _unclear_routes(self, name: str, scale: Scale) -> list[str]:
        # What an item's answer, or its absence, stands for can be looked up by one gate's answer.
        groups = {item: self.item_groups[item] for item in scale.needed_items if item in self.item_groups}
        gates = {item: {gate for recode in scale.recode if item in recode.items for gate in recode.given} for item in groups}
        absent: list[str] = []
        if scale.routed_as is not None:
            gates = {item: known | set(groups[item].asked_if) for item, known in gates.items()}
            absent = [f"{name}: routed_as is no answer of {i!r}" for i, g in groups.items() if scale.routed_as not in g.answers]
        return absent + [f"{name}: {item!r} has several gates, its table needs one" for item in gates if len(gates[item]) > 1]

    def _uncovered_codes(self, name: str, scale: Scale) -> list[str]:
        # A code without its number in the table would score as nothing, which is often the best health: refuse it here.
        tables = [(item, set(table)) for item, table in scale.weights.items()]
        tables += [(item, set(recode.map)) for recode in scale.recode for item in recode.items]
        known, plain = self.item_groups, {item for recode in scale.recode if not recode.given for item in recode.items}
        missing_table = [item for item in scale.items if scale.kind == "recoded" and item not in plain]
        strange = dict.fromkeys(item for recode in scale.recode for item in recode.items if item not in scale.items)
        return (
            [f"{name}: item {item!r} has no recode" for item in missing_table]
            + [f"{name}: a recode names {item!r}, which is not among its items" for item in strange]
            + [
                f"{name}: item {item!r} has codes {list(known[item].answers)}, its table {sorted(codes)}"
                for item, codes in tables
                if item in known and codes != set(known[item].answers)
            ]
        )

"""What a truth file may say: who answers when, the traits behind the answers, and by how much each scale changes."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline.definitions.base import Definition, Identifier
from pipeline.definitions.instrument import ReasonWord
from pipeline.definitions.load import Definitions, parse
from pipeline.errors import DefinitionError, InputError, Problem

FILE = "truth.toml"
Share = Annotated[float, Field(ge=0, le=1)]
Shares = Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], Field(min_length=2)]
_ROUNDING = 1e-9


def _sum_to_one(shares: tuple[float, ...]) -> None:
    if abs(sum(shares) - 1) > _ROUNDING:
        raise ValueError(f"the shares sum to {sum(shares):.6g}, not to 1")


class Flow(Definition):
    """How many people of a site answer in every wave, in the first wave only, and in the last wave only."""

    both: int = Field(ge=0)
    lost: int = Field(ge=0)
    new: int = Field(ge=0)


class People(Definition):
    """Who answers when, by site. Who is lost is decided without a look at anybody's answers."""

    id_prefix: str = Field(pattern=r"^[A-Z]+-?$")
    loss: Literal["completely_at_random"]
    sites: dict[str, Flow]


class Variation(Definition):
    """How much items differ from what is planted for them all: standard deviations of their thresholds and log loadings."""

    thresholds: float = Field(ge=0)
    loadings: float = Field(ge=0)


class Stability(Definition):
    """Correlations between two waves: of the traits, and of what is each item's own."""

    traits: Share
    items: Share


class Trait(Definition):
    """One thing behind the answers, with variance 1 at the first wave.

    `scale` and `change`: the trait is shifted so that this scale changes by that many points. `wellbeing` is its
    correlation with the general factor that all traits share. `loading` and `shares` describe the scale's items, if
    [[items]] does not: the correlation of each with the trait, and the share of people who give each answer at the
    first wave, from the answer that counts least to the one that counts most.
    """

    scale: str | None = None
    change: float | None = None
    wellbeing: float = Field(default=0.0, gt=-1, lt=1)
    stability: Share | None = None
    loading: float | None = Field(default=None, gt=0, le=1)
    shares: Shares | None = None

    @model_validator(mode="after")
    def _keys_go_together(self) -> Self:
        if (self.loading is None) != (self.shares is None):
            raise ValueError("loading and shares go together")
        if self.change is not None and self.scale is None:
            raise ValueError("a change needs the scale that changes")
        if self.shares is not None:
            if self.scale is None:
                raise ValueError("shares need the scale whose items have them")
            _sum_to_one(self.shares)
        return self


class ItemAnswers(Definition):
    """Items whose answers depend on several traits, or that belong to no planted scale.

    `loadings` are weights of traits in an item's latent answer, positive where more of the trait gives a higher code.
    `shares` are those of the item's codes, ascending, at the first wave; `codes` where only some of them are given.
    """

    instrument: Identifier
    items: tuple[Identifier, ...] = Field(min_length=1)
    loadings: dict[Identifier, Annotated[float, Field(ge=-1, le=1)]] = Field(min_length=1)
    shares: Shares
    codes: tuple[int, ...] | None = None
    vary: bool = True

    @model_validator(mode="after")
    def _shares_fit(self) -> Self:
        _sum_to_one(self.shares)
        if not any(self.loadings.values()):
            raise ValueError("no loading: an item needs a trait behind it")
        if self.codes is not None and (len(self.codes) != len(self.shares) or list(self.codes) != sorted(set(self.codes))):
            raise ValueError("codes must ascend, one for each share")
        return self


class Nonresponse(Definition):
    """How often an answer is missing, item by item and for the whole instrument, and why. It depends on nothing else."""

    items: float = Field(ge=0, lt=1)
    whole: float = Field(default=0.0, ge=0, lt=1)
    reasons: dict[ReasonWord, Share] = Field(min_length=1)

    @model_validator(mode="after")
    def _reasons_sum(self) -> Self:
        _sum_to_one(tuple(self.reasons.values()))
        return self


class FileConvention(Definition):
    """The codes that an SPSS file of a wave declares missing, at most three, with the reasons as their labels."""

    user_missing: dict[ReasonWord, int] = Field(default_factory=dict, max_length=3)


class Truth(Definition):
    """One truth file, whole. `derived` states the change of the outcomes that follow from the planted ones."""

    format: Literal[1]
    people: People
    variation: Variation
    stability: Stability
    traits: dict[Identifier, Trait] = Field(min_length=1)
    items: tuple[ItemAnswers, ...] = ()
    derived: dict[str, float] = Field(default_factory=dict)
    nonresponse: dict[Identifier, Nonresponse] = Field(default_factory=dict)
    facts: dict[Identifier, Shares] = Field(default_factory=dict)
    files: dict[str, FileConvention] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _facts_sum(self) -> Self:
        for shares in self.facts.values():
            _sum_to_one(shares)
        return self

    @property
    def stated(self) -> dict[str, float]:
        """The true change of every scale that the file speaks of, in scale points."""
        planted = {trait.scale: trait.change for trait in self.traits.values() if trait.scale and trait.change is not None}
        return {**planted, **self.derived}


def load_truth(definitions: Definitions) -> Truth:
    """The truth file beside a study. Raises InputError where there is none, DefinitionError with every problem in it."""
    path = definitions.folder / FILE
    if not path.is_file():
        raise InputError(Problem(str(path), "no such file", "the planted truths of the study, beside its study.toml"))
    problems: list[Problem] = []
    truth = parse(path, Truth, problems)
    if truth is None:
        raise DefinitionError(problems)
    return truth

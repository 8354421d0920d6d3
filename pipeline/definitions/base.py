"""What every definition file has in common: frozen models that refuse unknown keys, and labels in several languages."""

from __future__ import annotations

from typing import Annotated, Literal
from unicodedata import category

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

# Control characters, and those that turn the direction of the text around them.
_UNSEEN = ("Cc", "Cf")

Language = Literal["en", "fr"]
Better = Literal["higher", "lower"]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Definition(BaseModel):
    """A part of a definition file: immutable, and a key that it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _has_english(labels: dict[Language, str]) -> dict[Language, str]:
    if "en" not in labels:
        raise ValueError("a label in English (en) is needed; other languages may follow")
    for language, text in labels.items():
        if not text.strip() or any(category(letter) in _UNSEEN for letter in text):
            raise ValueError(f"the label in {language!r} is empty, or holds control characters")
    return labels


def _ascends(ends: tuple[float, float]) -> tuple[float, float]:
    if not -1e12 < ends[0] < ends[1] < 1e12:
        raise ValueError(f"a range goes from low to high, not from {ends[0]:g} to {ends[1]:g}")
    return ends


Labels = Annotated[dict[Language, str], AfterValidator(_has_english)]
Range = Annotated[tuple[float, float], AfterValidator(_ascends)]


def label(labels: dict[Language, str], language: Language) -> str:
    """The label in `language`, or the English one where that is missing."""
    return labels.get(language, labels["en"])

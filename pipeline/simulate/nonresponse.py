"""Which answers are missing, and why? Nonresponse that depends on no answer, and questions that others route past."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.definitions.instrument import ItemGroup
from pipeline.simulate.seeds import stream
from pipeline.simulate.truth import Nonresponse
from pipeline.store import FloatArray, Reason, ReasonArray


@dataclass(frozen=True)
class Answers:
    """One item's codes (n, waves) as they would be given, and the reasons (n, waves) why some are not."""

    codes: FloatArray
    reasons: ReasonArray


def with_missing(drawn: Mapping[str, FloatArray], rates: Nonresponse | None, seed: int, instrument: str) -> dict[str, Answers]:
    """One instrument's answers with some of them missing: single items, and the whole instrument for a few people."""
    if rates is None:
        return {item: Answers(codes, np.zeros(codes.shape, dtype=np.uint8)) for item, codes in drawn.items()}
    words = np.array([Reason[word.upper()] for word in rates.reasons], dtype=np.uint8)
    bounds = np.cumsum(list(rates.reasons.values()))[:-1]

    def reasons(share: float, shape: tuple[int, ...], *names: str) -> ReasonArray:
        chance, kind = stream(seed, "missing", instrument, *names).random((2, *shape))
        return np.where(chance < share, words[np.searchsorted(bounds, kind)], Reason.ANSWERED).astype(np.uint8)

    result: dict[str, Answers] = {}
    whole: NDArray[np.uint8] | None = None
    for item, codes in drawn.items():
        whole = reasons(rates.whole, codes.shape) if whole is None else whole
        own = reasons(rates.items, codes.shape, item)
        result[item] = Answers(codes, np.where(whole == Reason.ANSWERED, own, whole))
    return result


def route(answers: Mapping[str, Answers], groups: Mapping[str, ItemGroup]) -> dict[str, Answers]:
    """Ask an item only where its gates say so. After a gate that nobody answered, nobody knows: the item is skipped."""
    routed: dict[str, Answers] = {}

    def settle(item: str) -> Answers:
        if item not in routed:
            own = answers[item]
            past, unknown = np.zeros(own.codes.shape, dtype=bool), np.zeros(own.codes.shape, dtype=bool)
            for gate, asked in groups[item].asked_if.items():
                before = settle(gate)
                answered = before.reasons == Reason.ANSWERED
                past |= (answered & ~np.isin(before.codes, asked)) | (before.reasons == Reason.NOT_APPLICABLE)
                unknown |= ~answered
            reasons = np.where(past, Reason.NOT_APPLICABLE, np.where(unknown, Reason.SKIPPED, own.reasons))
            routed[item] = Answers(own.codes, reasons.astype(np.uint8))
        return routed[item]

    return {item: settle(item) for item in answers}

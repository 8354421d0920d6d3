"""How many answers are missing, and why: per wave and instrument, never per person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.store import Reason, Store


@dataclass(frozen=True)
class MissingAnswers:
    """One instrument in one wave: how many answers were to be given, how many were, and the missing ones by reason."""

    wave: str
    instrument: str
    expected: int
    answered: int
    reasons: tuple[tuple[str, int], ...]


def missing_answers(stores: Sequence[Store]) -> tuple[MissingAnswers, ...]:
    """One row per wave and instrument that was asked in it; items that were never asked are not counted."""
    rows = []
    for store in stores:
        for instrument in dict.fromkeys(owner for owner, _ in store.columns):
            asked = [column.reasons for column in store.items(instrument).values() if column.source]
            if not asked:
                continue
            reasons = np.concatenate(asked)
            counted = [(reason.word, int((reasons == reason).sum())) for reason in Reason if reason != Reason.ANSWERED]
            answered = int((reasons == Reason.ANSWERED).sum())
            rows.append(MissingAnswers(store.wave, instrument, len(reasons), answered, tuple(r for r in counted if r[1])))
    return tuple(rows)

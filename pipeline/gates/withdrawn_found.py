"""Is everybody who took back consent in some wave, under the id that withdrawn.csv gives?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.definitions.load import Definitions
from pipeline.gates.finding import Finding
from pipeline.sources.locate import NOT_IN_ANY_WAVE, WITHDRAWN
from pipeline.store import Store


def compare(definitions: Definitions, stores: Sequence[Store]) -> Iterator[Finding]:
    """A warning where an id matches nobody: perhaps that person's rows are gone already, perhaps it is misspelt."""
    unknown = stores[0].excluded.get(NOT_IN_ANY_WAVE, 0)
    if unknown:
        yield Finding(
            gate="withdrawn_found",
            severity="warning",
            wave=stores[0].wave,
            column="person",
            count=unknown,
            of=unknown,
            what=f"ids in {WITHDRAWN} that stand in no wave",
            expected="each id written as in the waves",
            advice="Compare them with the waves' ids: a misspelt one leaves that person's answers in.",
        )

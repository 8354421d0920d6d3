"""Did anybody answer in the first wave and in the last?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.definitions.load import Definitions
from pipeline.gates.finding import Finding
from pipeline.store import Store


def compare(definitions: Definitions, stores: Sequence[Store]) -> Iterator[Finding]:
    """Critical where no id of the last wave stands in the first: then the ids were made anew, or a file is another study's."""
    first, last = ({p for p in store.persons if p is not None} for store in (stores[0], stores[-1]))
    if first and last and not first & last:
        yield Finding(
            gate="people_in_common",
            severity="critical",
            wave=stores[-1].wave,
            column=definitions.study.person.id,
            count=0,
            of=len(stores[-1]),
            what=f"nobody here has an id that stands in wave {stores[0].wave}; people in common",
            expected="the same person under the same id in every wave",
            advice="Check that both files use the same ids, written alike.",
        )

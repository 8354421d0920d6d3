"""Did people answer in the first wave and in the last, under the same id?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.definitions.load import Definitions
from pipeline.gates.finding import SHOWN_ROWS, Finding
from pipeline.store import Store


def compare(definitions: Definitions, stores: Sequence[Store]) -> Iterator[Finding]:
    """Critical where no id of the last wave stands in the first; a warning where ids differ only in how they are written."""
    first = {person for person in stores[0].persons if person is not None}
    last = {person: row for row, person in enumerate(stores[-1].persons) if person is not None}
    if not first or not last:
        return
    alike = {_plain(person): person for person in first - set(last)}
    pairs = [(person, alike[_plain(person)]) for person in last if person not in first and _plain(person) in alike]
    advice = "Check that both files use the same ids, written alike."
    if pairs:
        advice += " Leading zeros, case or a decimal point are the difference in some."
    common = len(first & set(last))
    if common and not pairs:
        return
    yield Finding(
        gate="people_in_common",
        severity="warning" if common else "critical",
        wave=stores[-1].wave,
        column=definitions.study.person.id,
        count=len(pairs) if common else 0,
        of=len(stores[-1]),
        what=(
            f"ids that differ from one in wave {stores[0].wave} only in how they are written"
            if common
            else f"nobody here has an id that stands in wave {stores[0].wave}; people in common"
        ),
        expected="the same person under the same id in every wave",
        advice=advice,
        rows=tuple(int(stores[-1].source_rows[last[person]]) for person, _ in pairs[:SHOWN_ROWS]),
    )


def _plain(person: str) -> str:
    """An id without what spreadsheets change: case, leading zeros, a trailing .0."""
    return person.casefold().removesuffix(".0").lstrip("0")

"""The one table of denominators: who answered, who was lost, who is new, and who has a score, per outcome and site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

import numpy as np

from pipeline.pairing.link import ALL, Linked

PEOPLE = "people"


@dataclass(frozen=True)
class Denominator:
    """People of one site (or `all`): in the first and last wave, in both, in one only; and how many have the score.

    The row with outcome `people` counts people; its scored columns count anyone who answered at all.
    """

    site: str
    outcome: str
    people_baseline: int
    people_followup: int
    people_both: int
    people_lost: int
    people_new: int
    scored_baseline: int
    scored_followup: int
    scored_both: int


COLUMNS = tuple(field.name for field in fields(Denominator))


def denominators(linked: Linked, outcomes: Sequence[str]) -> tuple[Denominator, ...]:
    """One row per site and outcome, the people first, all sites last."""
    rows = []
    for outcome in (PEOPLE, *outcomes):
        known = linked.present if outcome == PEOPLE else ~np.isnan(linked.scores[outcome])
        for site in (*linked.site_ids, ALL):
            here = linked.at(site)
            rows.append(Denominator(site, outcome, *_counts(linked.present[here]), *_counts(known[here])[:3]))
    return tuple(rows)


def _counts(known: np.ndarray) -> tuple[int, int, int, int, int]:
    first, last = known[:, 0], known[:, -1]
    return int(first.sum()), int(last.sum()), int((first & last).sum()), int((first & ~last).sum()), int((last & ~first).sum())


def as_rows(table: Sequence[Denominator]) -> list[tuple[object, ...]]:
    """The table's rows in the order of COLUMNS."""
    return [astuple(row) for row in table]

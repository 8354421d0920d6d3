"""Which counts of people may be shown: none below the threshold, and none that could be had back by subtraction."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.disclosure.public import PublicCount, PublicFlow, PublicTable


def table(name: str, counts: Mapping[str, int], threshold: int) -> PublicTable:
    """Counts that add up to a published total. A small count (1 to threshold - 1) is withheld.

    A single withheld count would be the total less the others, so the next smallest ones go with it until at least
    two are withheld, together they hold at least `threshold` people, and not each of them must be 1. Where that cannot
    be had, and where the total is below the threshold, everything is withheld.
    """
    total = sum(counts.values())
    hidden = {key for key, n in counts.items() if 0 < n < threshold}
    rest = sorted((key for key in counts if key not in hidden and counts[key] > 0), key=lambda key: (counts[key], key))

    def given_away() -> bool:
        people = sum(counts[key] for key in hidden)
        return len(hidden) < 2 or people < threshold or people == len(hidden)

    while hidden and rest and given_away():
        hidden.add(rest.pop(0))
    if hidden and given_away():
        return PublicTable(name, None, tuple(PublicCount(key, None) for key in counts))
    return PublicTable(name, total, tuple(PublicCount(key, None if key in hidden else n) for key, n in counts.items()))


def flow(baseline: int, followup: int, both: int, threshold: int) -> PublicFlow:
    """The flow over all sites. Any small number among both, lost and new hides all three: each gives the others away."""
    if min(baseline, followup) < threshold:
        return PublicFlow(None, None, None, None, None)
    lost, new = baseline - both, followup - both
    if any(0 < n < threshold for n in (both, lost, new)):
        return PublicFlow(baseline, followup, None, None, None)
    return PublicFlow(baseline, followup, both, lost, new)

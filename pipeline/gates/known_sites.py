"""Is every row's site one of the study's?"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.definitions.load import Definitions
from pipeline.definitions.study import Wave
from pipeline.gates.finding import Rule
from pipeline.sources.raw import as_text, normalise
from pipeline.store import Store


def rules(definitions: Definitions, wave: Wave, store: Store) -> Iterator[Rule]:
    """Site codes present and declared. Where sites are carried forward, people unknown at that wave are only warned of."""
    person = definitions.study.person
    carried = person.site_at is not None and person.site_at != wave.id
    codes = [normalise(code) for site in definitions.study.sites for code in site.codes]
    shown = ", ".join(as_text(code) for code in codes)
    yield Rule(
        gate="known_sites",
        severity="critical",
        columns=(person.site,),
        expectation="ExpectColumnValuesToBeInSet",
        arguments={"value_set": codes},
        what="a site that is not in the study",
        expected=f"one of the codes {shown}",
        advice="Correct the site, or add its code to [[sites]] in study.toml.",
        shows_values=True,
    )
    yield Rule(
        gate="known_sites",
        severity="warning" if carried else "critical",
        columns=(person.site,),
        expectation="ExpectColumnValuesToNotBeNull",
        arguments={},
        what="a row without a site",
        expected="a site for every person",
        advice="These people are in no site's results." if carried else "Add the site.",
    )

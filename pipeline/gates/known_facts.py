"""Are the facts about people among the values that the study file declares?"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.definitions.load import Definitions
from pipeline.definitions.study import Wave
from pipeline.gates.finding import Rule
from pipeline.store import Store


def rules(definitions: Definitions, wave: Wave, store: Store) -> Iterator[Rule]:
    """A rule per fact; only a warning, because no estimate rests on it."""
    for name, fact in definitions.study.person.facts.items():
        yield Rule(
            gate="known_facts",
            severity="warning",
            columns=(fact.column,),
            expectation="ExpectColumnValuesToBeInSet",
            arguments={"value_set": list(range(len(fact.values)))},
            what=f"an undeclared value of {name}",
            expected=f"one of {', '.join(str(code) for code, _ in fact.values)}",
            advice="Correct it, or add it to the fact's values in study.toml; until then these people count as not known.",
        )

"""What `rosewave instruments` prints: the list, one instrument's facts, or whether the worked examples hold."""

from __future__ import annotations

from pipeline.definitions.instrument import Instrument
from pipeline.definitions.load import instrument_files, load_instrument
from pipeline.errors import EXIT_DONE, DefinitionError, Problem, UsageError


def run(action: str, name: str | None) -> int:
    """Carry out one action; raises DefinitionError where an example of `check` does not hold."""
    if action == "show" and name is None:
        raise UsageError(Problem("instruments show", "no instrument named", f"one of {', '.join(instrument_files())}"))
    instruments = [load_instrument(each) for each in ([name] if name else instrument_files())]
    if action == "list":
        for instrument in instruments:
            counts = f"{len(instrument.item_ids)} items, {len(instrument.scales)} scales"
            print(f"{instrument.id:16} {instrument.title['en']} ({counts})")
    elif action == "show":
        _show(instruments[0])
    else:
        _check(instruments)
    return EXIT_DONE


def _show(instrument: Instrument) -> None:
    print(f"{instrument.id}: {instrument.title['en']}, version {instrument.version} ({instrument.status})")
    print(f"Licence: {instrument.licence}\nTerms:   {instrument.terms}\nItems:   {', '.join(instrument.item_ids)}\nScales:")
    for name, scale in instrument.scales.items():
        span = f"{scale.range[0]:g} to {scale.range[1]:g}, better is {scale.better}" if scale.range else "categories"
        rule = f", at least {scale.min_answered} of {len(scale.needed_items)} answered" if scale.min_answered else ""
        print(f"  {name}: {scale.kind} over {', '.join(scale.needed_items) or 'other scales'}; {span}{rule}")
    print("Name sets: " + (", ".join(names.id for names in instrument.names) or "none") + "\nSources:")
    for source in instrument.sources:
        print(f"  [{source.id}] {source.text}" + (f" doi:{source.doi}" if source.doi else ""))


def _check(instruments: list[Instrument]) -> None:
    from pipeline.run.examples import wrong_examples

    problems = [problem for instrument in instruments for problem in wrong_examples(instrument)]
    if problems:
        raise DefinitionError(problems)
    for instrument in instruments:
        print(f"{instrument.id}: {len(instrument.examples)} examples hold on both executors")

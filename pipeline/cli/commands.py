"""One function per command: calls the verb, prints what came out, returns the exit code."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import TYPE_CHECKING

from pipeline.errors import EXIT_DONE, GateError, UsageError

if TYPE_CHECKING:
    from pipeline.gates.finding import Gates


def version() -> None:
    """Print the version."""
    from pipeline.run.manifest import software_version

    print(f"rosewave {software_version()}")


def report(args: Namespace) -> int:
    """Make a study's report and say where it is."""
    from pipeline.run.report import report as make

    made = make(args.study, args.out, args.engine)
    print(f"Report:   {made.out / 'public' / 'funder.en.html'}")
    print(f"Details:  {made.out / 'internal' / 'evaluator.en.html'}")
    print(f"Release:  {made.release}")
    print(f"Headline: {made.headline}")
    return EXIT_DONE


def run(args: Namespace) -> int:
    """Make the report if something changed."""
    from pipeline.run.report import run as make

    made = make(args.study, args.out, args.engine)
    if not made.did:
        print(f"Nothing to do: {made.reason} (release {made.release} in {made.out}).")
        return EXIT_DONE
    print(f"Release {made.release} in {made.out}, because {made.reason}.")
    print(f"Headline: {made.headline}")
    return EXIT_DONE


def gate(args: Namespace) -> int:
    """Run the gates and list what they found."""
    from pipeline.definitions.load import load
    from pipeline.errors import Problem
    from pipeline.run.stages import gated

    definitions = load(args.study)
    waves = [wave.id for wave in definitions.study.waves]
    if args.wave is not None and args.wave not in waves:
        raise UsageError(Problem.unknown_name("--wave", "wave", args.wave, waves))
    _, gates = gated(definitions, args.wave)
    _print_gates(gates)
    return EXIT_DONE if gates.passed else GateError.exit_code


def _print_gates(gates: Gates) -> None:
    for finding in gates.findings:
        print(f"{finding.severity:8} {finding.where}: {finding.found}; expected {finding.expected}. {finding.advice}")
    verdict = "passed" if gates.passed else "BLOCKED"
    print(f"Gates {verdict}: {gates.ran} of {gates.rules} rules ran, critical findings: {len(gates.critical)}.")


def check(args: Namespace) -> int:
    """Check the definitions alone."""
    from pipeline.definitions.load import load

    study = load(args.study).study
    counted = {"wave": study.waves, "site": study.sites, "outcome": study.outcomes}
    counts = ", ".join(f"{len(things)} {name}{'s' * (len(things) != 1)}" for name, things in counted.items())
    print(f"{study.study.id}: {counts}. The definitions are sound.")
    return EXIT_DONE


def score(args: Namespace) -> int:
    """Score a file."""
    from pipeline.run.score_file import score_file

    for note in score_file(args.instrument, args.input, args.output, args.engine, args.names, args.columns):
        print(note, file=sys.stderr)
    print(f"Scores: {args.output}")
    return EXIT_DONE


def instruments(args: Namespace) -> int:
    """List, show or check the library."""
    from pipeline.cli import library

    return library.run(args.action, args.id)


def simulate(args: Namespace) -> int:
    """Make a synthetic study's waves."""
    from pipeline.simulate import simulate as make

    for path in make(args.study):
        print(path)
    return EXIT_DONE

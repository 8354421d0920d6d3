"""What the words of a command mean, and which exit code it leaves with."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

from pipeline.cli import commands
from pipeline.errors import EXIT_DONE, RosewaveError

_Argument = tuple[str, dict[str, Any]]
_ABOUT = "From the raw waves of a longitudinal survey to an outcome report that can be defended."
_EPILOG = """exit codes: 0 done or nothing to do; 2 usage; 10 definition; 11 input absent or unreadable; 12 gates blocked;
13 model; 14 output not writable; 75 another run holds the lock; 1 a bug of ours"""


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(prog="rosewave", description=_ABOUT, epilog=_EPILOG)
    top.add_argument("--version", action="store_true", help="print the version and leave")
    words = top.add_subparsers(dest="command", metavar="COMMAND", title="commands")

    def command(name: str, does: str, *arguments: _Argument) -> argparse.ArgumentParser:
        sub = words.add_parser(name, help=does, description=does)
        for flag, options in arguments:
            sub.add_argument(*flag.split(), **options)
        sub.set_defaults(run=getattr(commands, name))
        return sub

    study: _Argument = ("study", {"metavar": "STUDY", "help": "a study.toml, or the folder that holds it"})
    out: _Argument = ("--out", {"metavar": "DIR", "help": "where the report goes (default: reports/<study id>)"})
    engine: _Argument = (
        "--engine",
        {"choices": ("kernel", "expression"), "default": "kernel", "help": "how scores are computed"},
    )
    command("report", "make a study's report", study, out, engine)
    command("run", "for schedulers: make the report if something changed, else nothing", study, out, engine)
    command(
        "gate",
        "run the gates alone, as a wave arrives",
        study,
        ("--wave", {"metavar": "W", "help": "one wave (default: all)"}),
    )
    command("check", "check a study's definitions and bindings, before any data", study)
    command(
        "score",
        "score one instrument in any csv, parquet, sav, dta or xlsx file",
        ("instrument", {"metavar": "INSTRUMENT", "help": "an id from 'rosewave instruments list', or a file"}),
        ("input", {"metavar": "INPUT", "help": "the file with the answers"}),
        ("-o --output", {"metavar": "OUTPUT", "required": True, "help": "a .csv or .parquet file"}),
        engine,
        ("--names", {"metavar": "SET", "default": "auto", "help": "which of the instrument's name sets (default: auto)"}),
        ("--columns", {"metavar": "FILE", "help": "a TOML file that says which column holds which item"}),
    )
    command(
        "instruments",
        "the library: list, show ID, check [ID]",
        ("action", {"choices": ("list", "show", "check")}),
        ("id", {"nargs": "?", "metavar": "ID"}),
    )
    command("simulate", "make a synthetic study's waves from its planted truths", study)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command; returns the exit code. A user's mistake never shows a traceback."""
    top = parser()
    args = top.parse_args(arguments)
    try:
        if args.version:
            commands.version()
            return 0
        if args.command is None:
            top.print_help()
            return 0
        return int(args.run(args))
    except RosewaveError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        # Whoever read our output has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_DONE


def entry() -> None:
    """The `rosewave` command."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal or pipe that cannot show a letter gets its code instead of a traceback.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(main())

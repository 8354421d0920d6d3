"""Do an instrument's worked examples come out as their sources say, on both executors?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pipeline.definitions.instrument import Instrument
from pipeline.definitions.study import WaveBinding
from pipeline.errors import Problem
from pipeline.scoring.wave import ENGINES, score_columns
from pipeline.sources.binding import bind_instrument
from pipeline.sources.raw import RawTable


def wrong_examples(instrument: Instrument) -> Iterator[Problem]:
    """A problem per expected score that an executor does not reproduce to the example's decimals."""
    rows = len(instrument.examples)
    answers = {item: np.array([e.answers.get(item) for e in instrument.examples], dtype=object) for item in instrument.item_ids}
    table = RawTable("examples", answers, np.arange(1, rows + 1))
    bound = bind_instrument(instrument, WaveBinding(columns="{item}"), table, {})
    for engine in ENGINES:
        scored = score_columns(instrument, bound.columns, rows, engine)
        for row, example in enumerate(instrument.examples):
            for scale, expected in example.expect.items():
                found = scored[scale].values[row]
                if not abs(found - expected) <= 0.5 * 10**-example.decimals:
                    where = f"{instrument.id}: example {row + 1}, {scale} by {engine}"
                    yield Problem(where, f"{found!r}", f"{expected!r} ({example.source})")

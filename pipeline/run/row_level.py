"""The row-level scores, for the evaluator's own eyes: a private file in the study's build folder, never published."""

from __future__ import annotations

import io

import pandas as pd

from pipeline.run.stages import Study


def scores_table(study: Study) -> bytes:
    """A Parquet with a row per person and wave: every score, and the items answered under it."""
    waves = []
    for store, scored in zip(study.stores, study.scored, strict=True):
        columns: dict[str, object] = {"person": store.persons, "wave": store.wave, "site": store.sites}
        for name, scale in scored.items():
            columns |= {name: scale.values, f"{name}__answered": scale.answered}
        columns |= {name: column.codes for name, column in store.scores.items()}
        waves.append(pd.DataFrame(columns))
    buffer = io.BytesIO()
    pd.concat(waves, ignore_index=True).to_parquet(buffer, index=False)
    return buffer.getvalue()

"""Answers from planted truths, for any study: the truths stand in truth.toml beside study.toml, and come back exactly.

`simulate` writes the study's files; `draw` gives the same answers in memory; `true_changes` says what is true.
"""

from pipeline.simulate.draw import draw
from pipeline.simulate.expected import true_changes
from pipeline.simulate.truth import Truth, load_truth
from pipeline.simulate.write import simulate

__all__ = ["Truth", "draw", "load_truth", "simulate", "true_changes"]

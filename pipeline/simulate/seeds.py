"""Where does each random number come from? A stream of its own for every name, so that one more item moves no other."""

from __future__ import annotations

import hashlib

import numpy as np


def stream(seed: int, *names: str) -> np.random.Generator:
    """The generator that belongs to these names under a seed, whatever else was drawn before or beside it."""
    digest = hashlib.sha256("/".join(names).encode()).digest()
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *np.frombuffer(digest[:16], "<u4").tolist()])))

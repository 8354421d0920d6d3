"""One outcome model per file, each with `fit(pairs, outcome) -> Estimate`. Here row-level data ends."""

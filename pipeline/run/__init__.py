"""The order of the stages, and everything that makes a run repeatable and its publication whole."""

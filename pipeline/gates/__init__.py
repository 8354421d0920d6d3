"""One gate per file: what must hold of a wave before anything is scored. A rule that cannot run is a failure."""

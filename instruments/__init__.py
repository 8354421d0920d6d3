"""Data only: one TOML file per instrument. A package, so that a wheel carries the files."""

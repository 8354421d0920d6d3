"""Studies and instruments as data: frozen models of their TOML files, loaded and checked before any data is opened."""

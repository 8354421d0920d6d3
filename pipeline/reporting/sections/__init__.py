"""One section per pair of files: x.py says what it shows, x.html.j2 how. The order stands in outline.toml."""

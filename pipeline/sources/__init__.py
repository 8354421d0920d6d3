"""One reader per file format, all ending in the same store of codes beside missing reasons."""

"""Links waves by person, never by row order, and counts who answered when."""

"""Results to HTML: an outline, sections (a context and a template each), figures. Knows no statistics."""

"""The geometry of the figures; templates draw it as inline SVG with the page's own colours."""

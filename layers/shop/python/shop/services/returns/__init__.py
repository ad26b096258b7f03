"""Returns of delivered units."""

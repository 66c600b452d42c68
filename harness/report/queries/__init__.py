"""queries/LANGUAGE.html: one page per language that compares two entries query by query."""

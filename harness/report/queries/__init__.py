"""A page a language: where one entry beats another, query by query."""

"""A page an entry: what it is, and every one of its cells."""

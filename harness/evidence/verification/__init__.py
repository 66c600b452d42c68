"""`harness verify`: the request of a folder is rebuilt, its cells are rerun and graded against their records."""

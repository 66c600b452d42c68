"""Statistics over queries, seeds, judges and vectors, as pure functions of arrays."""

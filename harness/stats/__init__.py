"""Statistics over queries and seeds, as pure functions of arrays."""

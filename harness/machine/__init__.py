"""This machine: the store of stage outputs, files written atomically, bundled files, determinism, hardware, energy.

Knows nothing of suites, entries or records. Imports only `keys`, `errors`, `schema` and `types`.
"""

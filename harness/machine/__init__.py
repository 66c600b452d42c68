"""The machine that a cell runs on: store, atomic files, bundled files, determinism, hardware, energy.

Nothing here knows of suites, entries, cells or records; every room may use it. What a stage computes and what its key
contains belongs to `stages`. Imports no other room, only the loose modules keys, errors, schema and types.
"""

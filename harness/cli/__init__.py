"""The command line: one module per command, the options that they share, and main.py, which prints errors as one line.

A command reads its options, calls the rooms below and prints; what it computes or decides belongs below. Imports every
room; heavy libraries are imported inside the commands, so that `harness --help` starts fast (docs/traps.md, T16).
"""

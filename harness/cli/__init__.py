"""The command line: one module per command, the options that they share, and `main`, which turns errors into one line.

A command reads its options, calls the rooms below and prints; it decides nothing. Imports every room, heavy ones inside
the commands that need them, so that `--help` answers at once.
"""

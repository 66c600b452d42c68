"""The cached steps of a cell, one file each: prepare, base, mine, consult, train, encode, retrieve, score.

Each has a VERSION, raised when its meaning changes, and a `key_of` that names its output from declared inputs
alone, so that a plan knows what is cached without computing anything.
"""

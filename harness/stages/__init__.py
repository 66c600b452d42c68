"""The cached steps of a cell, one file each: prepare, base, augment, mine, write, consult, train,
encode, retrieve, score, tasks.

Each has a VERSION, raised when its meaning changes, and a `key_of` that names its output from declared inputs
alone, so that a plan knows what is cached without computing anything.
"""

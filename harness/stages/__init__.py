"""The cached steps of a cell, one file each, and what belongs to one step alone (its rows, its splits, its callbacks).

lineage.py names every step's output by its version, inputs and settings, in pipeline order; training_rows.py is the
one order in which training rows are made. What runs cells, and what is done with finished records, does not belong
here. Imports mteb, writers, vectors, data, request, stats, machine and the modules below them (types, schema, keys,
errors).
"""

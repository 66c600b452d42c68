"""The bridge to MTEB: its tasks by name, their pinned datasets, and a model's folder as a model of mteb.

Imports mteb inside functions or in modules that are imported only where a suite lists tasks. Imports data, vectors
and request.
"""

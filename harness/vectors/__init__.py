"""Texts to vectors, and exact search over them: every setting that changes a vector is explicit, ties have one rule.

Imports data (passages on disk), request and machine.
"""

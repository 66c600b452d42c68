"""What a run leaves on disk: records, per-query scores, run.json, checksums, signatures, and the folder as a whole.

Reads and writes; judges nothing. Imports data, request, machine and what is below.
"""

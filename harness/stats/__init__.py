"""Pure statistics over queries, seeds, judges and vectors: functions of arrays that read no file and know no record.

Intervals, tests, corrections, effects, ranks and agreement live here, and `rules`, the one module that says when a
difference counts as shown. What is compared with what, and how the result is worded, belongs to harness.evidence and
harness.report. Imports harness.errors only.
"""

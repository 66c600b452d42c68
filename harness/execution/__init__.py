"""From a request to finished records: the plan, checks before anything is computed, the output folder, executors.

Every module here is about running cells; what a cell computes is in stages/, and nothing here reads scores or writes
pages. Where cells run, on this machine or on a cluster, does not change a number. Imports pipeline, provenance, stages,
writers, results, data, request and machine.
"""

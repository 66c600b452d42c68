"""The bridge to MTEB: its tasks by name, their pinned datasets, and a model's folder as a model of mteb.

Whatever calls mteb to measure belongs here; the cached stage that asks for it does not (stages), nor does the export
of a results folder (export). Modules that import mteb at their top are imported inside functions, where a suite lists
tasks: `task_datasets`, which the data commands use, is not one of them. Imports vectors, data, request, types, keys
and errors.
"""

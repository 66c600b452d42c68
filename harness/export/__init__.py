"""`harness export`: the records of a result folder in the formats of other tools, one module per target.

What a target's format needs belongs here; what only reads records or renders report pages does not (results,
evidence, report). Imports everything below it: report (Markdown escapes of the model card), evidence, stages (names of
stored files), mteb (names and splits), results, machine, keys and errors.
"""

"""`harness export`: the records of an output folder as other tools read them; one file a target."""

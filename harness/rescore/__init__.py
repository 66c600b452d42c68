"""`harness rescore`: the stored rankings, scored again."""

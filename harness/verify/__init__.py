"""`harness verify`: is a result folder as it was written, and do its cells come out again?"""

"""Published numbers: what they say, whether a run measured the same thing, and the verdicts on them."""

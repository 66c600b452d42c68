"""The regression gate of `harness check`: what must agree between two folders, the decision, and new baselines."""

"""`harness compare`: two result folders side by side, what differs in how they were made and in what they scored."""

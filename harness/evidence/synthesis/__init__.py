"""Synthesis: one contrast over several result folders, pooled by random effects, and what a new dataset would show."""

"""Checks, comparisons and verifications as text, Markdown, HTML, LaTeX, JUnit XML and JSON."""

"""Results of `harness check`, `compare` and `verify` as text, Markdown, HTML, LaTeX, JUnit XML, CSV and JSON.

Nothing is decided here: evidence/ compares and judges, these modules put the result into words and formats.
"""

"""The results as people and programs read them: HTML pages, Markdown, LaTeX, CSV, JSON and the terminal's table.

Formatting belongs here: the tables that all formats share, the sections and figures of the leaderboard, the pages of
entries and queries, the documents for papers, the pages of the other commands. Training, scoring, statistics and
verdicts do not. Imports evidence, results, stats, machine, types, keys and errors, never execution, pipeline or stages.
"""

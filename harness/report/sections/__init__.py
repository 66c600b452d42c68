"""Sections of the leaderboard beside its scores, one module per section.

A section selects from the leaderboard and its records what the page, the Markdown and leaderboard.json show, and
writes the CSV file of the section where it has one. It has no markup: that is in report_templates/.
"""

"""What the records of a folder show: leaderboard, claims, contrasts, gate, comparison, verification, rescoring.

Contrasts are pooled over several folders. Rules that judge live here; the formulas behind them are in harness.stats,
their pages in harness.report. Imports the rooms below (execution, to rerun cells), never the report or the command
line.
"""

"""The leaderboard for papers and programs: LaTeX tables, JSON, and the report around the scores in Markdown."""

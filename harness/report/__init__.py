"""The leaderboard as a page, LaTeX, Markdown, CSV, JSON, and as a table in the terminal."""

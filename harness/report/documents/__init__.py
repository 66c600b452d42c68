"""The leaderboard as LaTeX, as JSON and as the results section of a paper."""

"""What the leaderboard shows beside its scores, a file a section."""

"""The leaderboard as HTML, CSV, Markdown and as a table in the terminal."""

from harness.report.pages import write_reports
from harness.report.terminal import terminal_table

__all__ = ["terminal_table", "write_reports"]

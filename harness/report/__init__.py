"""The leaderboard as a page, LaTeX, Markdown, CSV, JSON and as a table in the terminal.

What it offers is imported when it is asked for: every command imports this package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.report.pages import write_reports
    from harness.report.terminal import terminal_table

__all__ = ["terminal_table", "write_reports"]


def __getattr__(name: str) -> Any:
    if name == "write_reports":
        from harness.report.pages import write_reports

        return write_reports
    if name == "terminal_table":
        from harness.report.terminal import terminal_table

        return terminal_table
    raise AttributeError(f"module {__name__} has no attribute {name}")

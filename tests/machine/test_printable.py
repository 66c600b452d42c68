"""Text of others on a terminal, in a log and in annotations of CI."""

from __future__ import annotations

import io

import pytest

from harness.execution.progress import Display
from harness.machine.clean_console import CleanConsole
from harness.machine.printable import printable, printable_lines
from harness.report.summaries.check_files import annotation

HOSTILE = "a\n::error::x\r\x1b[2J\x9b31m\x00\u202eb\u2028c\udc80"


def test_nothing_is_left_that_moves_the_cursor_or_begins_a_line() -> None:
    assert printable(HOSTILE) == "a\\n::error::x\\r\\x1b[2J\\x9b31m\\x00\\u202eb\\u2028c\\udc80"


@pytest.mark.parametrize("text", ["::error::x", "  ::stop-commands::x", "##[error]x", "x ##[add-mask]y"])
def test_no_line_is_a_command_of_the_runner(text: str) -> None:
    shown = printable(text)
    assert not shown.lstrip().startswith("::")
    assert "##[" not in shown


def test_text_of_the_languages_is_kept() -> None:
    text = "می\u200cخواهم \u200fهست 한국어 हिन्दी a::b  c"
    assert printable(text) == text


def test_lines_of_the_harness_stay_lines() -> None:
    assert printable_lines("# a\n\n::error::b\x1b\n") == "# a\n\n\\x3a:error::b\\x1b\n"


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize("reason", ["[/INST]", "[/INST\n]", "\\[/a] [red]b[/red]", "[link=x]", ":warning:", HOSTILE])
def test_a_reason_is_printed_as_it_is_and_ends_no_run(reason: str, terminal: bool) -> None:
    stream = io.StringIO()
    console = CleanConsole(file=stream, force_terminal=terminal, color_system=None, width=200)
    display = Display(console, verbose=True)
    display.warn([reason])
    display.say([reason])
    console.print_line(reason, head=("failed", "red"))
    console.print(reason, soft_wrap=True)
    lines = stream.getvalue().splitlines()
    assert lines[:3] == [f"warning: {printable(reason)}", printable(reason), f"failed {printable(reason)}"]
    assert printable_lines(reason.replace("\r", "")).split("\n") == lines[3:]  # rich leaves out some by itself


def test_control_characters_in_a_table_are_escaped() -> None:
    from rich.table import Table

    table = Table(title="[/x]")
    table.add_column("[/b]\x1b[31m")
    table.add_row("\x1b]0;t\x07[/c]")
    stream = io.StringIO()
    CleanConsole(file=stream, width=80).print(table)
    assert "\x1b" not in stream.getvalue()
    assert "\\x1b]0;t" in stream.getvalue()
    assert "[/b]" in stream.getvalue()


def test_an_annotation_is_one_command() -> None:
    assert annotation("error", "a\n::b", HOSTILE).count("\n") == 0
    assert "\x1b" not in annotation("error", "a", HOSTILE)

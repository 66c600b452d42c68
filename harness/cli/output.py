"""What all commands have before their name (--version, --quiet, --verbose, --log-file), and how they print.

Commands print through `say`, `warn`, `say_all` and `console` alone: text of others is made printable there.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from harness.errors import RequestError
from harness.machine.printable import printable, printable_lines

if TYPE_CHECKING:
    from harness.machine.clean_console import CleanConsole

NARROWEST = 80  # columns, for which tables are made: in fewer they lose names and digits


class Lines(io.TextIOBase):
    """A stream whose lines also go into a log, each with the time. It is no terminal: no bar is drawn on it."""

    def __init__(self, stream: TextIO, log: TextIO) -> None:
        self.stream, self.log = stream, log
        self._line = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.stream.write(text)
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            self._note(line)
        return len(text)

    def flush(self) -> None:
        self.stream.flush()

    def finish(self) -> None:
        """Write the rest of an unfinished line into the log."""
        if self._line:
            self._note(self._line)
            self._line = ""

    def _note(self, line: str) -> None:
        self.log.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} {line}\n")
        self.log.flush()


class Nothing(io.TextIOBase):
    """A stream that is not shown."""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        return len(text)


class Output:
    """The choice of one command; `verbose` is read by what shows progress."""

    verbose = False

    def __init__(self) -> None:
        self._streams = contextlib.ExitStack()

    @contextlib.contextmanager
    def restored(self) -> Iterator[None]:
        """Undo at the end what `choose` does to the streams."""
        type(self).verbose = False
        with self._streams:
            yield

    def choose(self, *, quiet: bool, verbose: bool, log_file: Path | None) -> None:
        """Set the streams; raises RequestError for contradicting options and a log that cannot be written."""
        if quiet and verbose:
            raise RequestError("--quiet and --verbose exclude each other; give one")
        type(self).verbose = verbose
        if log_file:
            try:
                log = self._streams.enter_context(log_file.open("a", encoding="utf-8", errors="backslashreplace"))
            except OSError as error:
                raise RequestError(
                    f"--log-file {log_file} cannot be written: {error.strerror}; name another"
                ) from error
            for name in ("stdout", "stderr"):
                self._replace(name, Lines(getattr(sys, name), log))
        if quiet:
            self._replace("stderr", Nothing())

    def _replace(self, name: str, stream: io.TextIOBase) -> None:
        old = getattr(sys, name)
        setattr(sys, name, stream)
        self._streams.callback(setattr, sys, name, old)
        if isinstance(stream, Lines):
            self._streams.callback(stream.finish)


output = Output()


def say(text: object, *, stream: TextIO | None = None) -> None:
    """Print one line, whatever others put into it; on stdout by default."""
    print(printable(text), file=stream or sys.stdout)


def say_all(text: str, *, stream: TextIO | None = None) -> None:
    """Print a text of several lines, which has its last line break; on stdout by default."""
    (stream or sys.stdout).write(printable_lines(text))


def warn(text: object) -> None:
    """Print one line on stderr."""
    say(text, stream=sys.stderr)


def annotate(command: str) -> None:
    """Print a workflow command of GitHub (harness.report.summaries.check_files.annotation) as it is."""
    print(command)


def console(*, stderr: bool = False) -> CleanConsole:
    """Return the console for tables and progress.

    Results are at least NARROWEST columns wide: a narrower terminal breaks their lines, and no name or number is cut.
    """
    from harness.machine.clean_console import CleanConsole

    columns = os.environ.get("COLUMNS", "")
    unusable = columns.isdigit() and int(columns) == 0  # rich would print nothing
    made = CleanConsole(stderr=stderr, width=80 if unusable else None)
    if not stderr and made.width < NARROWEST:
        made.width = NARROWEST
    return made


def _show_version(asked: bool) -> None:
    if asked:
        say(f"harness {version('harness-embeddings')}")
        raise typer.Exit


def before_command(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and stop.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Only results and errors: no progress, no warnings.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Every stage of every cell.")] = False,
    log_file: Annotated[
        Path | None,
        typer.Option(help="Add everything that is printed to this file, each line with the time; no bar is drawn."),
    ] = None,
) -> None:
    """Train, score and compare fine-tuning methods for text embeddings, reproducibly."""
    output.choose(quiet=quiet, verbose=verbose, log_file=log_file)

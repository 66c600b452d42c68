"""The command line. Heavy libraries are imported inside the commands that need them (docs/traps.md, T16)."""

from __future__ import annotations

import errno
import functools
import signal
import sys
import traceback
from typing import Any

import typer

from harness.cli import cache, new, streams
from harness.cli.check import check
from harness.cli.compare import compare
from harness.cli.data import fetch, pin, status
from harness.cli.export import export
from harness.cli.list import list_
from harness.cli.merge import merge
from harness.cli.output import Nothing, before_command, output, say, say_all
from harness.cli.repeated_options import check_repeated
from harness.cli.report import report
from harness.cli.rescore import rescore
from harness.cli.run import run
from harness.cli.suite_init import init
from harness.cli.synthesize import synthesize
from harness.cli.usage_errors import check_folder, check_letters, usage_line
from harness.cli.verify import verify
from harness.errors import INTERNAL, HarnessError, RequestError
from harness.machine import ending
from harness.machine.limits import check_environment
from harness.machine.memory import check_address_space

app = typer.Typer(
    name="harness",
    no_args_is_help=True,
    context_settings={"help_option_names": ["--help", "-h"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
data_app = typer.Typer(help="Fetch, check and pin the data of a suite.", no_args_is_help=True, rich_markup_mode=None)
cache_app = typer.Typer(help="Show and prune the cache of stage outputs.", no_args_is_help=True, rich_markup_mode=None)
suite_app = typer.Typer(help="Make a suite of your own.", no_args_is_help=True, rich_markup_mode=None)
new_app = typer.Typer(help="Start a method or a suite of your own.", no_args_is_help=True, rich_markup_mode=None)
app.callback()(before_command)
app.add_typer(data_app, name="data")
app.add_typer(cache_app, name="cache")
app.add_typer(suite_app, name="suite")
app.add_typer(new_app, name="new")


app.command()(run)
app.command()(check)
app.command()(compare)
app.command()(export)
app.command("list")(list_)
app.command()(merge)
app.command()(report)
app.command()(rescore)
app.command()(synthesize)
app.command()(verify)


data_app.command("fetch")(fetch)
data_app.command("pin")(pin)
data_app.command("status")(status)
cache_app.command("status")(cache.status)
cache_app.command("prune")(cache.prune)
suite_app.command("init")(init)
new_app.command("method")(new.method)
new_app.command("suite")(new.suite)


INTERRUPTED = 130
RESUME = "then run the same command again"
OF_THE_MACHINE = {  # errors of the system that are no fault of the code, and what to do about them
    errno.ENOSPC: f"make room there, {RESUME}",
    errno.EDQUOT: f"make room there, {RESUME}",
    errno.EFBIG: f"raise the limit of a file's size (ulimit -f), {RESUME}",
    errno.EIO: f"see to the disk, or name another place, {RESUME}",
    errno.ESTALE: f"mount the file system again, {RESUME}",
    errno.EROFS: f"name a place that can be written, {RESUME}",
    errno.EACCES: f"permit it, or name another place, {RESUME}",
    errno.EPERM: f"permit it, or name another place, {RESUME}",
    errno.EMFILE: f"raise the limit of open files (ulimit -n), {RESUME}",
    errno.ENFILE: f"raise the system's limit of open files, {RESUME}",
    errno.ENAMETOOLONG: "use a shorter path",
}
_UsageError: Any = typer.BadParameter.__base__  # click's, or that of the copy of click that newer typers carry


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status; the errors of the harness become one line each."""
    given = sys.argv[1:] if arguments is None else arguments
    errors, several = sys.stderr, False  # errors are shown with --quiet too
    with output.restored():
        try:
            return _status(given, arguments)
        except HarnessError as error:
            line, status = f"harness: {error}", error.exit_status
        except OSError as error:
            if error.errno not in OF_THE_MACHINE:
                raise
            place = f"{error.filename}: " if error.filename else ""
            line, status = f"harness: {place}{error.strerror}; {OF_THE_MACHINE[error.errno]}", RequestError.exit_status
        except typer.Exit as error:
            return error.exit_code
        except SystemExit as error:
            if not streams.is_reader_gone(error.__context__):  # typer's answer to it has the status 1
                raise
            return streams.READER_GONE
        except _UsageError as error:
            message = error.format_message()
            several = "\n" in message and getattr(error, "param", None) is None  # the help of a command without one
            line = message if several else f"harness: {usage_line(error, _command(), given)}"
            status = int(error.exit_code)
        except (KeyboardInterrupt, typer.Abort) as error:
            if isinstance(error.__cause__, EOFError):  # typer takes it for an interrupt
                raise error.__cause__ from None
            line, status = _interrupted(ending.received())
        show = say_all if several else say
        show(f"{line}\n" if several else line, stream=errors if isinstance(sys.stderr, Nothing) else sys.stderr)
        return status


@functools.cache
def _command() -> Any:
    """Return the command line as click has it, which takes longer to make than many commands to run."""
    return typer.main.get_command(app)


def _status(given: list[str], arguments: list[str] | None) -> int:
    check_folder()
    check_letters(given)
    check_repeated(given)
    check_environment()
    check_address_space()
    outcome = _command()(args=arguments, prog_name="harness", standalone_mode=False)
    if outcome == INTERRUPTED:  # some versions of typer; others raise Abort
        raise KeyboardInterrupt
    return outcome if isinstance(outcome, int) else 0


def _interrupted(number: int | None) -> tuple[str, int]:
    """Return line and status after Ctrl-C (None), or after a signal to end: as in shells, 128 and its number."""
    how = "interrupted" if number is None else f"ended by {signal.Signals(number).name}"
    return f"harness: {how}; run the same command again to resume", INTERRUPTED if number is None else 128 + number


def entry_point() -> None:
    """The `harness` command."""
    ending.listen()
    streams.prepare()
    try:
        status = main()
    except KeyboardInterrupt:  # one that came while the last lines were printed
        line, status = _interrupted(ending.received())
        say(line, stream=sys.stderr)
    except Exception as error:
        if not streams.is_reader_gone(error):
            traceback.print_exc()
        status = streams.READER_GONE if streams.is_reader_gone(error) else INTERNAL
    ending.settle()
    sys.exit(streams.flushed(status))


if __name__ == "__main__":
    entry_point()

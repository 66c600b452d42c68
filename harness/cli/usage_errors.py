"""What a wrong command line is answered with: one line, with the help of the command that was meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from harness.errors import RequestError

PROGRAM = "harness"


def check_folder() -> None:
    """Raise RequestError where the working folder is gone, which processes that are started would need."""
    try:
        Path.cwd()
    except OSError as error:
        raise RequestError(f"the working folder: {error.strerror}; change to one that is there") from error


def check_letters(arguments: Sequence[str]) -> None:
    """Raise RequestError for an argument whose bytes are no letters in this locale: no file could hold its text."""
    for argument in arguments:
        if any("\ud800" <= letter <= "\udfff" for letter in argument):
            raise RequestError(
                f"'{argument}' cannot be read as text here; rename it, or export LC_ALL=C.UTF-8 where it is UTF-8"
            )


def usage_line(error: Any, root: Any, arguments: Sequence[str]) -> str:
    """Return the line for a usage error of click; `root` is the group of all commands, `arguments` what was given.

    An option that the command does not have is answered with its place where it is one of all commands, with the most
    similar one that the command has, or with the commands that have it.
    """
    message = " ".join(error.format_message().split())  # the choices of a missing parameter are on lines of their own
    message = message.replace("Value error, ", "")  # pydantic's prefix, which typer passes on
    command = _path(error.ctx) if error.ctx is not None else _given(root, arguments)
    option = getattr(error, "option_name", None)
    if error.ctx is not None and option is not None and hasattr(error, "possibilities"):
        message = f"No such option: {option}{_hint(option, error.ctx.command, root)}"
    end = "" if message.endswith((".", "?")) else "."
    return f"{message}{end} See `{command} --help`."


def _path(context: Any) -> str:
    """Return how the command of a context is called."""
    names: list[str] = []
    while context.parent is not None:
        names.append(context.info_name)
        context = context.parent
    return " ".join([PROGRAM, *reversed(names)])


def _given(root: Any, arguments: Sequence[str]) -> str:
    """Return the command that the arguments begin with, for an error that does not say where it was met."""
    path, command = PROGRAM, root
    for word in arguments:
        command = getattr(command, "commands", {}).get(word)
        if command is None:
            break
        path = f"{path} {word}"
    return path


def _hint(option: str, command: Any, root: Any) -> str:
    if any(option in each.opts for each in root.params):
        return f" (it goes before the command: `{PROGRAM} {option} …`)"
    similar = difflib.get_close_matches(option, sorted(_options(command)), n=1)
    owners = [name for name, other in _commands(root, PROGRAM) if option in _options(other)]
    if similar:
        return f"; did you mean {similar[0]}?"
    return f" (it is one of {' and '.join(f'`{name}`' for name in owners)})" if owners else ""


def _options(command: Any) -> set[str]:
    return {name for option in command.params for name in (*option.opts, *option.secondary_opts) if name[:2] == "--"}


def _commands(group: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield path and command of every command of a group."""
    for name, command in getattr(group, "commands", {}).items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command

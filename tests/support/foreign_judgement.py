"""What no command may do on a stranger's folder, and what it may take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.machine.printable import CONTROLS

MOST_MEMORY = 1 << 30  # bytes, with the libraries
MOST_SECONDS = 30.0  # of the processor
LONGEST = 4000  # letters of a line: a message names one thing
NOTES = {
    "merge",
    "export trec",
    "export card",
    "export mteb",
    "export tei",
    "export inside",
}  # name what was left out, line by line


def wrong(answer: Mapping[str, Any]) -> Iterator[str]:
    """Yield what was wrong with all commands on one folder."""
    name = answer["name"]
    if changed := sorted(set(answer["before"]) ^ set(answer["after"])):
        yield f"{name}: changed {', '.join(each[:80] for each in changed)}"
    if answer["acting"]:
        yield f"{name}: control characters in {', '.join(answer['acting'])}"
    for command, ended in answer["ended"].items():
        for fault in faults(command, ended):
            yield f"{name}, {command}: {fault}"


def faults(command: str, ended: Mapping[str, Any]) -> Iterator[str]:
    """Yield what was wrong with one command."""
    status, err = ended["status"], ended["err"]
    if status not in (0, 1, 2, 3):
        yield f"status {status}: {err[-300:]}"
    if "Traceback" in err:
        yield f"a traceback: {err[-300:]}"
    error = err.splitlines(keepends=True)[-1:] if command in NOTES else [err]  # notes are before it
    if status in (2, 3) and not ("".join(error).startswith("harness: ") and "".join(error).count("\n") == 1):
        yield f"an error that is not one line: {err[:300]}"
    if status in (0, 1) and command not in NOTES and err.count("\n") > 1:
        yield f"several lines: {err[:300]}"
    if max(map(len, err.splitlines()), default=0) > LONGEST:
        yield f"a line of {len(err)} letters: {err[:100]}"
    if any(CONTROLS.search(line) or line.lstrip().startswith("::") for line in (ended["out"] + err).split("\n")):
        yield "it prints what acts on a terminal or a log"
    if ended["elsewhere"]:
        yield f"outside: {', '.join(ended['elsewhere'][:3])}"
    if ended["memory"] > MOST_MEMORY:
        yield f"{ended['memory'] >> 20} MiB"
    if ended["seconds"] > MOST_SECONDS:
        yield f"{ended['seconds']:.0f} s"

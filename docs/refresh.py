"""Write what commands print into the documentation again: `make docs-refresh`.

A block of output is marked by the command that prints it:

    <!-- output: harness run --help -->
    ```text
    …
    ```

The commands run in one process, as in a terminal of 80 columns. A test holds that every block is up to date.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"(<!-- output: (?P<command>harness[^\n]*?) -->\n```text\n)(?P<output>.*?)(```\n)", re.S)
RUN_ALL = """
import contextlib, io, json, sys
from harness.cli.main import main
outputs = []
for command in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()) as output:
        main(command[1:])
    outputs.append(output.getvalue())
print(json.dumps(outputs))
"""


def pages() -> list[Path]:
    """Return the documents that may hold blocks of output."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def commands(text: str) -> list[str]:
    """Return the commands of the blocks of a document."""
    return [match["command"] for match in BLOCK.finditer(text)]


def outputs(wanted: Iterable[str]) -> dict[str, str]:
    """Return command → what it prints."""
    unique = list(dict.fromkeys(wanted))
    finished = subprocess.run(
        [sys.executable, "-c", RUN_ALL, json.dumps([shlex.split(command) for command in unique])],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "80", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(zip(unique, json.loads(finished.stdout), strict=True))


def refreshed(text: str, printed: Mapping[str, str]) -> str:
    """Return a document with the output of every block replaced."""
    return BLOCK.sub(lambda match: f"{match[1]}{printed[match['command']]}{match[4]}", text)


def main() -> None:
    """Refresh every document, and print the names of those that changed."""
    texts = {path: path.read_text(encoding="utf-8") for path in pages()}
    printed = outputs(command for text in texts.values() for command in commands(text))
    for path, text in texts.items():
        fresh = refreshed(text, printed)
        if fresh != text:
            path.write_text(fresh, encoding="utf-8")
            print(f"refreshed {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()

"""Every command that reads a folder, on a stranger's: each in a process of its own, forked after the imports.

python foreign_commands.py TOP KIND/NAME …
"""

from __future__ import annotations

import gc
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from support.commands import REPOSITORY
from support.foreign_bombs import BOMBS
from support.foreign_folders import LINKS, NAMES, PATHS, SUMS, Place, Plant, made
from support.foreign_places import OTHERS
from support.foreign_texts import TEXTS
from support.foreign_values import VALUES
from support.watched_process import Allowed, Ended, Watch, watched

from harness.machine.printable import CONTROLS

KINDS: dict[str, dict[str, Plant]] = {
    "names": {**NAMES},
    "links": {**LINKS},
    "sums": {**SUMS},
    "paths": {**PATHS},
    "others": {**OTHERS},
    "bombs": {**BOMBS},
    "values": {**VALUES},
    "texts": {**TEXTS},
}
LARGE = 1 << 26  # bytes
SHOWN = (".html", ".md", ".svg", ".tex", ".bib", ".xml")
TARGETS = ("mteb", "trec", "card", "tei")
PATIENCE = 120.0  # seconds without an end: a hang
WRITTEN = (
    *("in/foreign", "in/index.html", "cache", "aside"),
    *("out/all.csv", "out/baseline", "out/merged", "out/mteb", "out/trec", "out/card", "out/tei", "out/check"),
)


def commands(place: Place) -> dict[str, tuple[str | Path, ...]]:
    """Return the commands by name; those that change the folder are last."""
    foreign, honest, out = place.foreign, place.honest, place.top / "out"
    cache = ("--cache-dir", place.top / "cache")
    pages = ("--html", out / "check/a.html", "--markdown", out / "check/a.md", "--junit", out / "check/a.xml")
    return {
        "compare": ("compare", foreign, honest),
        "compare back": ("compare", honest, foreign, "--format", "html"),
        "synthesize": ("synthesize", foreign, honest, "--out", out / "all.csv"),
        "verify": ("verify", foreign, *cache),
        "tables": ("verify", foreign, "--tables-only", *cache),
        "hashes": ("verify", foreign, "--hashes-only"),
        "rescore": ("rescore", foreign, "--write", *cache),
        "check": ("check", foreign, "--baseline", honest, *pages),
        "against": ("check", honest, "--baseline", foreign),
        "update": ("check", foreign, "--baseline", out / "baseline", "--update"),
        "merge": ("merge", honest, foreign, "--out", out / "merged"),
        **{f"export {to}": ("export", foreign, "--to", to, "--out", out / to, *cache) for to in TARGETS},
        "export inside": ("export", foreign, "--to", "trec", *cache),
        "index": ("report", foreign.parent, "--index"),
        "report": ("report", foreign, *cache),
    }


def answers(names: Sequence[tuple[str, str]], top: Path) -> Iterator[dict[str, Any]]:
    """Yield how all commands ended on each folder, in the order of the names; one process makes and forks them all."""
    command = [sys.executable, "-W", "ignore", __file__, str(top), *(f"{kind}/{name}" for kind, name in names)]
    own = {"PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'tests'}", "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    environment = {**os.environ, **own, "TMPDIR": str(top / "tmp")}
    (top / "tmp").mkdir(parents=True)
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            for kind, name in names:
                if not select.select([process.stdout], [], [], 20 * PATIENCE)[0]:
                    raise AssertionError(f"no answer about {kind}/{name}")
                yield json.loads(process.stdout.readline() or '{"name": "", "ended": {}}')
        finally:
            process.kill()


def main(top: Path, names: Sequence[str]) -> None:
    """Make each folder, run all commands on it, and print how each ended, one line of JSON per folder."""
    pattern = made(top / "pattern")
    place = Place(top / "honest")
    shutil.copytree(pattern.top, place.top)
    _warm(place)
    for i, each in enumerate(names):
        kind, _, name = each.partition("/")
        place = Place(top / str(i))
        shutil.copytree(pattern.top, place.top)
        before = seen(place.top)
        KINDS[kind][name](place)
        ended = {command: asdict(one) for command, one in _all_ended(place).items()}
        after = {"after": seen(place.top), "acting": acting(place)}
        print(json.dumps({"name": each, "ended": ended, "before": before, **after}), flush=True)


def _all_ended(place: Place) -> dict[str, Ended]:
    watch = Watch()
    for folder in (place.outside, place.top / "aside"):
        if folder.exists():
            watch.add(folder)
    try:
        return {name: _ended(arguments, place, watch) for name, arguments in commands(place).items()}
    finally:
        watch.close()


def _ended(arguments: Sequence[str | Path], place: Place, watch: Watch) -> Ended:
    from harness.cli import main as command_line

    written = [f"{place.top}/{each}" for each in ("out", "in/.index.html.", *WRITTEN)]  # first temporary names
    written.append(tempfile.gettempdir())
    words = [str(argument) for argument in arguments]
    return watched(lambda: command_line.main(words), Allowed(written, str(place.foreign)), watch, PATIENCE)


def _warm(place: Place) -> None:
    """Run all commands on an honest folder: what they import, and the templates that they compile, is then here."""
    from support.commands import invoke

    for arguments in commands(place).values():
        invoke(*arguments)
    gc.collect()
    gc.freeze()


def seen(top: Path) -> list[str]:
    """Return the names and contents of all that is neither in the stranger's folder nor where commands write."""
    paths = {path.relative_to(top).as_posix(): path for path in sorted(top.rglob("*"))}
    return [
        f"{name} {path.read_bytes()!r}" if path.is_file() else name
        for name, path in paths.items()
        if not any(f"{name}/".startswith(f"{place}/") for place in WRITTEN)
    ]


def acting(place: Place) -> list[str]:
    """Return the pages and documents that commands wrote whose control characters act on what shows them."""
    paths = [path for folder in (place.foreign.parent, place.top / "out") for path in sorted(folder.rglob("*"))]
    plain = [path for path in paths if path.suffix in SHOWN and path.is_file() and not path.is_symlink()]
    shown = [path for path in plain if path.stat().st_size < LARGE]  # others are the stranger's
    texts = {str(path.relative_to(place.top)): path.read_text("utf-8", "replace") for path in shown}
    return [name for name, text in texts.items() if CONTROLS.search(text)]


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])

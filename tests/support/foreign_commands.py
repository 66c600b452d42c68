"""Every command that reads a folder, on a stranger's: a process of its own, so that a hang or a crash is a failed test.

python foreign_commands.py KIND TOP
"""

from __future__ import annotations

import json
import resource
import shutil
import sys
from pathlib import Path

from support.commands import invoke
from support.foreign_folders import LINKS, NAMES, PATHS, SUMS, Place, made

KINDS = {"names": NAMES, "links": LINKS, "sums": SUMS, "paths": PATHS}
TARGETS = ("mteb", "trec", "card")
MOST_MEMORY = 12 << 30  # bytes of addresses: a device is read without an end


def commands(place: Place) -> dict[str, tuple[str | Path, ...]]:
    """Return the commands by name; those that change the folder are last."""
    foreign, honest, out = place.foreign, place.honest, place.top / "out"
    cache = ("--cache-dir", place.top / "cache")
    return {
        "compare": ("compare", foreign, honest),
        "synthesize": ("synthesize", foreign, honest, "--out", out / "all.csv"),
        "verify": ("verify", foreign, *cache),
        "hashes": ("verify", foreign, "--hashes-only"),
        "rescore": ("rescore", foreign, "--write", *cache),
        "check": ("check", foreign, "--baseline", honest),
        "against": ("check", honest, "--baseline", foreign),
        "update": ("check", foreign, "--baseline", out / "baseline", "--update"),
        "merge": ("merge", honest, foreign, "--out", out / "merged"),
        **{
            f"export {to}": ("export", foreign, "--to", to, "--out", out / to, *cache)
            for to in ("mteb", "trec", "card")
        },
        "export inside": ("export", foreign, "--to", "trec", *cache),
        "index": ("report", foreign.parent, "--index"),
        "report": ("report", foreign, *cache),
    }


def main(kind: str, top: Path) -> None:
    """Make each folder of a kind, run all commands on it, and print how each ended, one line of JSON per folder."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    pattern = made(top / "pattern")
    for i, (name, plant) in enumerate(KINDS[kind].items()):
        place = Place(top / str(i))
        shutil.copytree(pattern.top, place.top)
        (place.top / "out").mkdir()
        before = seen(place.top)
        plant(place)
        ended = {command: ended_as(arguments) for command, arguments in commands(place).items()}
        print(json.dumps({"name": name, "ended": ended, "before": before, "after": seen(place.top)}), flush=True)


def ended_as(arguments: tuple[str | Path, ...]) -> tuple[int, str, str]:
    """Return status, output and error of a command; of a crash, its traceback in a line."""
    try:
        result = invoke(*arguments)
    except BaseException as error:
        return -1, "", f"Traceback: {type(error).__name__}: {error}"
    return result.status, result.out, result.err


WRITTEN = (
    *("in/foreign", "in/index.html", "cache", "aside"),
    *("out/all.csv", "out/baseline", "out/merged", "out/mteb", "out/trec", "out/card"),
)


def seen(top: Path) -> list[str]:
    """Return the names and contents of all that is neither in the stranger's folder nor where commands write."""
    paths = {path.relative_to(top).as_posix(): path for path in sorted(top.rglob("*"))}
    return [
        f"{name} {path.read_bytes()!r}" if path.is_file() else name
        for name, path in paths.items()
        if not any(f"{name}/".startswith(f"{place}/") for place in WRITTEN)
    ]


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

"""Result folders from a stranger with something else in the place of a file: hard links, loops, devices, folders.

Plants raise PermissionError where this user cannot make such a thing.
"""

from __future__ import annotations

import os
import shutil
import socket
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from support.foreign_folders import Place, Plant, code, edited, listed

from harness.machine.plain_files import DEEPEST

RECORD, SCORES, RANKING = (f"records/mnrl/ko/0.{suffix}" for suffix in ("json", "per_query.parquet", "run.gz"))
PAGE = "leaderboard.html"


def gone(path: Path) -> Path:
    """Remove what is at a path, and return it."""
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    return path


def put(name: str, make: Callable[[Path, Place], object]) -> Plant:
    """Return what makes something else in the place of a file or folder; the list has the plain files that are left."""

    def plant(place: Place) -> None:
        make(gone(place.foreign / name), place)
        listed(place.foreign)

    return plant


def hard(path: Path, place: Place) -> None:
    path.hardlink_to(place.outside / "private.txt")


def dangling(path: Path, place: Place) -> None:
    path.symlink_to(place.outside / "absent")


def itself(path: Path, _: Place) -> None:
    path.symlink_to(path.name)


def its_folder(path: Path, _: Place) -> None:
    path.symlink_to(path.parent)


def bound(path: Path, _: Place) -> None:
    """Make a socket of the system in the place of a file."""
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(here)


def device(minor: int) -> Callable[[Path, Place], None]:
    return lambda path, _: os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, minor))


def folder(path: Path, _: Place) -> None:
    (path / "in").mkdir(parents=True)
    (path / "in" / "a.json").write_text("{}", encoding="utf-8")


def nested(path: Path, _: Place) -> None:
    """Make more folders below each other than are listed, with a file in the last one."""
    path = path.joinpath(*["a"] * 2 * DEEPEST)
    path.mkdir(parents=True)
    file(path / "0.json", _)


def file(path: Path, _: Place) -> None:
    path.write_text("{}", encoding="utf-8")


def closed(name: str) -> Plant:
    """Return what takes all permissions of a file or folder away."""
    return lambda place: (place.foreign / name).chmod(0)


def no_list_but(name: str, make: Callable[[Path, Place], object]) -> Plant:
    """Return what makes something in the place of a file of a folder with no list of files."""

    def plant(place: Place) -> None:
        put(name, make)(place)
        gone(place.foreign / "SHA256SUMS")

    return plant


def same_but_case(place: Place) -> None:
    """Add records whose names differ from others by the case of letters, and by the form of a letter in Unicode."""
    for other in ("MNRL", "mn\u0072l\u0301", "mn\u0155l".encode().decode()):
        copied = place.foreign / "records" / other
        shutil.copytree(place.foreign / "records" / "mnrl", copied)
        for path in copied.rglob("*.json"):
            edited(path, ("entry", other), ("provenance/model/sha256", f"{len(other):064x}"))
    listed(place.foreign)


def look_alikes(place: Place) -> None:
    """Put what the harness has of its own, and modules of Python, into the folder, which is the working directory."""
    code(place)
    text = (place.foreign / "methods" / "own.py").read_text(encoding="utf-8")
    for name in ("sitecustomize", "conftest", "torch", "json", "harness/__init__", "methods/mnrl", "setup"):
        path = place.foreign / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for name in ("datasets_manifest/fake.toml", "report_templates/base.html.j2", "results/claims.toml"):
        path = place.foreign / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("{{ 1 / 0 }}", encoding="utf-8")
    listed(place.foreign)


OTHERS: Mapping[str, Plant] = {
    "a hard link": put("notes.txt", hard),
    "a hard link as page": put(PAGE, hard),
    "a hard link as list": lambda place: hard(gone(place.foreign / "SHA256SUMS"), place),
    "a hard link as record": put(RECORD, hard),
    "a page link to nothing": put(PAGE, dangling),
    "a run.json link to nothing": put("run.json", dangling),
    "a record link to nothing": put(RECORD, dangling),
    "a queries link to nothing": put("queries", dangling),
    "a list link to nothing": lambda place: dangling(gone(place.foreign / "SHA256SUMS"), place),
    "a link to itself": put("notes", itself),
    "pages linked to themselves": put("entries", itself),
    "a link to its folder": put("records/again", its_folder),
    "an export linked to its folder": put("export", its_folder),
    "a socket": put("notes", bound),
    "a record socket": put(RECORD, bound),
    "a page socket": put(PAGE, bound),
    "an endless device as record": put(RECORD, device(5)),
    "an endless device as run.json": put("run.json", device(5)),
    "an empty device as scores": put(SCORES, device(3)),
    "an endless device as page": put(PAGE, device(5)),
    **{
        f"a folder as {name.rpartition('/')[2]}": put(name, folder)
        for name in (RECORD, SCORES, RANKING, "run.json", "report.json", PAGE)
    },
    "a folder as SHA256SUMS": lambda place: folder(gone(place.foreign / "SHA256SUMS"), place),
    "deep folders": put("notes", nested),
    "deep folders of records": put("records/again", nested),
    **{f"a file as {name}": put(name, file) for name in ("records", "records/mnrl", "entries", "queries", "export")},
    "a record without permissions": closed(RECORD),
    "records without permissions": closed("records"),
    "no list": no_list_but("notes.txt", file),
    "names that differ by case": same_but_case,
    "look-alikes": look_alikes,
}

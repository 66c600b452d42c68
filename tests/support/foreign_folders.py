"""Result folders from a stranger that try to leave the folder: by names, links, sums, and by paths in run.json.

Each is made beside a tree that nothing may read, change or add to, `outside`, with a secret in it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.fake_records import draw
from support.result_folders import write

from harness.report.report_files import write_reports
from harness.results import record

PROVENANCE = {
    "evaluation": {"primary": "nDCG@10", "depth": 100},
    "text": {"query_max_length": 16, "passage_max_length": 16},
}
SECRET = "a private file"
PLUGIN = "from pathlib import Path\nPath({marker!r}).write_text('executed')\n"
ENTRY = '[own]\ntitle = "own"\nabout = "of a stranger"\nmethod = "own"\n'


@dataclass(frozen=True)
class Place:
    """Where things are: the stranger's folder, an honest one of the same request, and what lies outside of both."""

    top: Path

    @property
    def foreign(self) -> Path:
        return self.top / "in" / "foreign"

    @property
    def honest(self) -> Path:
        return self.top / "honest"

    @property
    def outside(self) -> Path:
        return self.top / "outside"

    @property
    def marker(self) -> Path:
        """The file that the stranger's code writes where it is executed."""
        return self.top / "executed"


def made(top: Path) -> Place:
    """Return a place with three honest folders, reported, one to become the stranger's, and the tree outside."""
    place = Place(top)
    for folder in (place.honest, place.foreign):
        folder.mkdir(parents=True)
        write_reports(write(folder, n=12, seeds=(0, 1), changes=PROVENANCE))
    shutil.copytree(place.honest, place.foreign.with_name("good"))
    (top / "out").mkdir()
    for name in ("private.txt", "pages/a.html", "records/base/ko/0.json"):
        (place.outside / name).parent.mkdir(parents=True, exist_ok=True)
        (place.outside / name).write_text(SECRET, encoding="utf-8")
    return place


def listed(folder: Path) -> None:
    """Write SHA256SUMS as a stranger writes it: of the plain files as they are now."""
    lines = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and path.name != "SHA256SUMS"
    }
    guarded(folder, "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(lines.items())))


def guarded(folder: Path, body: str) -> None:
    """Write these lines as SHA256SUMS, with the last line that fits them."""
    guard = f"# {hashlib.sha256(body.encode()).hexdigest()} of the lines above\n"
    (folder / "SHA256SUMS").write_text(body + guard, encoding="utf-8")


def edited(path: Path, *changes: tuple[str, Any]) -> None:
    """Set values of a JSON file by their dotted names."""
    content = json.loads(path.read_bytes())
    for dotted, value in changes:
        *names, last = dotted.split("/")
        table = content
        for name in names:
            table = table.setdefault(name, {})
        table[last] = value
    path.write_text(json.dumps(content), encoding="utf-8")


Plant = Callable[[Place], None]


def in_record(*changes: tuple[str, Any]) -> Plant:
    """Return what sets values of a record."""

    def plant(place: Place) -> None:
        path = place.foreign / "records/mnrl/ko/0.json"
        edited(path, *changes)
        cell = json.loads(path.read_bytes())
        named = place.foreign / "records" / str(cell["entry"]) / str(cell["language"])
        if "x" in (named.parts[-1], named.parts[-2]):  # where the names lead, the scores lie: all within the folder
            shutil.copytree(path.parent, named, dirs_exist_ok=True)
            (named / "0.json").unlink()
        listed(place.foreign)

    return plant


def in_run(*changes: tuple[str, Any]) -> Plant:
    """Return what sets values of run.json; "OUTSIDE" in a text is the path of the tree outside."""

    def plant(place: Place) -> None:
        known = [
            (name, value.replace("OUTSIDE", str(place.outside)) if isinstance(value, str) else value)
            for name, value in changes
        ]
        edited(place.foreign / "run.json", *known)
        listed(place.foreign)

    return plant


def measured_as(name: str) -> Plant:
    """Return what renames the measures in the scores of all records, which name none themselves."""

    def plant(place: Place) -> None:
        for path in (place.foreign / "records").rglob("*.json"):
            content = record.per_query_bytes(draw("any", "ko", 0, 12, [name]))
            record.beside(path, record.PER_QUERY).write_bytes(content)
            sha256 = hashlib.sha256(content).hexdigest()
            edited(path, ("measures", {}), (f"files/{record.PER_QUERY}", sha256))
        listed(place.foreign)

    return plant


def replaced(name: str, target: str) -> Plant:
    """Return what puts a link in the place of a file or folder; a target without a slash is below `outside`."""

    def plant(place: Place) -> None:
        path = place.foreign / name
        aside = place.top / "aside"
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            path.rename(aside)
        path.symlink_to(target if target.startswith("/") else place.outside / target)
        listed(place.foreign)

    return plant


def moved_away(name: str) -> Plant:
    """Return what moves a file or folder elsewhere and leaves a link to it."""

    def plant(place: Place) -> None:
        path = place.foreign / name
        path.rename(place.top / "aside")
        path.symlink_to(place.top / "aside")

    return plant


def fifo(name: str) -> Plant:
    """Return what puts a pipe, which blocks who opens it, in the place of a file."""

    def plant(place: Place) -> None:
        (place.foreign / name).unlink(missing_ok=True)
        os.mkfifo(place.foreign / name)

    return plant


def sums(change: Callable[[str, Place], str]) -> Plant:
    """Return what changes the lines of SHA256SUMS, with a last line that fits."""

    def plant(place: Place) -> None:
        lines = (place.foreign / "SHA256SUMS").read_text(encoding="utf-8").splitlines(keepends=True)[:-1]
        guarded(place.foreign, change("".join(lines), place))

    return plant


def code(place: Place) -> None:
    """Put a plugin into the folder, and let run.json name it."""
    own = place.foreign / "methods"
    own.mkdir()
    (own / "own.py").write_text(PLUGIN.format(marker=str(place.marker)), encoding="utf-8")
    (own / "own.toml").write_text(ENTRY, encoding="utf-8")
    request = {"suite": "mini", "methods": ["own"], "methods_path": str(own)}
    edited(place.foreign / "run.json", ("request", request), ("resolved/entries", {"own": {"method": "own"}}))
    listed(place.foreign)


def unreadable(text: str, place: Place) -> str:
    """Return the lines with no hash for a file that cannot be read."""
    target = place.foreign / "leaderboard.csv"
    target.unlink()
    os.mkfifo(target)
    kept = [line for line in text.splitlines(keepends=True) if not line.endswith("  leaderboard.csv\n")]
    return "".join([*kept, "  leaderboard.csv\n"])


NAMES: Mapping[str, Plant] = {
    "entry above": in_record(("entry", "../x")),
    "language above": in_record(("language", "../../x")),
    "suite above": in_record(("suite", "../x")),
    "seed of 4,000 digits": in_record(("seed", 10**4000)),
    "file above": in_record(("files/../../../../../outside/private.txt", "0" * 64)),
    "measure above": measured_as("../x"),
    "stage key above": in_record(("stages", [{"stage": "train", "key": "../../x", "seconds": 0, "cached": True}])),
    "weights above": in_record(("provenance/model/sha256", "../../../../x")),
    "task above": in_record(("tasks/..", {"value": 0.5})),
    "entry above in run.json": in_run(("resolved/entries", {"../../x": {}})),
    "language above in run.json": in_run(("resolved/languages", ["../../x"])),
    "model above in run.json": in_run(("resolved/models", {"../x": {}})),
    "suite above in run.json": in_run(("resolved/suite", "../../x")),
}

LINKS: Mapping[str, Plant] = {
    "records": moved_away("records"),
    "a record": moved_away("records/mnrl/ko/0.json"),
    "scores": moved_away("records/mnrl/ko/0.per_query.parquet"),
    "a ranking": moved_away("records/mnrl/ko/0.run.gz"),
    "run.json": moved_away("run.json"),
    "the list": moved_away("SHA256SUMS"),
    "pages of entries": replaced("entries", "pages"),
    "pages of queries": replaced("queries", "pages"),
    "the export": replaced("export", "pages"),
    "another file": replaced("notes.txt", "private.txt"),
    "a page": replaced("leaderboard.html", "private.txt"),
    "scores to a device": replaced("records/mnrl/ko/0.per_query.parquet", "/dev/zero"),
    "a record pipe": fifo("records/mnrl/ko/0.json"),
    "a run.json pipe": fifo("run.json"),
    "a report.json pipe": fifo("report.json"),
    "a list pipe": fifo("SHA256SUMS"),
    "another pipe": fifo("notes"),
}

SUMS: Mapping[str, Plant] = {
    "a file above": sums(lambda text, _: f"{'0' * 64}  ../../outside/private.txt\n{text}"),
    "an absolute file": sums(lambda text, place: f"{'0' * 64}  {place.outside}/private.txt\n{text}"),
    "no hash for an unreadable file": sums(unreadable),
    "a file twice": sums(lambda text, _: text + text.splitlines(keepends=True)[0]),
}

PATHS: Mapping[str, Plant] = {
    "code": code,
    "a base model": in_run(("request/base_model", "OUTSIDE"), ("request/suite", "mini")),
    "data": in_run(("request/data_dir", "OUTSIDE"), ("request/suite", "mini")),
    "a suite": in_run(("request/suite", "OUTSIDE/private.toml")),
    "training rows": in_run(("request/train_file", "OUTSIDE/private.txt"), ("request/suite", "mini")),
    "a prompt": in_run(("request/write_prompt", "OUTSIDE/private.txt"), ("request/suite", "mini")),
    "written queries": in_run(("request/negative_queries", "file:OUTSIDE/private.txt"), ("request/suite", "mini")),
    "an endpoint": in_run(("request/augment", "endpoint:any"), ("request/suite", "mini")),
    "a checkpoint": in_run(("request/set", ["checkpoint.ko=/dev"]), ("request/suite", "mini")),
}

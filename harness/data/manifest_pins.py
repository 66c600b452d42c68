"""`harness data pin`: hashes, sizes and counts of the files as they are, written into a manifest.

The text is edited line by line, so that comments and layout stay. The result is parsed and compared with what it must
hold before it is written.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.data import declared_files
from harness.data.found_hashes import with_found_hashes
from harness.data.load import counted
from harness.data.suite_files import lookup_of
from harness.errors import DataError, RequestError
from harness.machine import bounded
from harness.machine.atomic import write_atomically
from harness.machine.json_toml import parse_toml
from harness.request.data_sources import SOURCE_ROLES, Counts, File, Language
from harness.request.suite import Suite, load, split_variant

BASIC = ("passages", "train_queries", "dev_queries")  # counts that are written where the manifest has none
STRING = r"(?:\"[^\"\n]*\"|'[^'\n]*')"


@dataclass(frozen=True)
class Pins:
    """What is written: path → (sha256, bytes), and language → count → number."""

    files: Mapping[str, tuple[str, int]]
    counts: Mapping[str, Mapping[str, int]]


def pin(name: str, *, data_dir: Path | None, cache_dir: Path) -> list[str]:
    """Write the pins of a suite into its manifest; return one line per value that changed.

    Raises RequestError for a suite that is not named by its path, and DataError for a missing or invalid file, or a
    manifest whose layout cannot be edited.
    """
    base, variant = split_variant(name)
    if variant or not base.endswith(".toml"):
        raise RequestError(f"suite {name} is not the path of a manifest (.toml); name one: bundled suites are pinned")
    path, suite = Path(base).resolve(), load(base)  # of a link, the manifest that it leads to
    content = bounded.read(path, "TOML_BYTES")
    text = content.decode("utf-8-sig")
    newline = "\r\n" if "\r\n" in text else "\n"
    old = parse_toml(text)
    pins = pins_of(suite, old, data_dir=data_dir, cache_dir=cache_dir)
    new = with_pins(text.replace("\r\n", "\n"), pins, path)
    if parse_toml(new) != old:
        try:
            write_atomically(path, new.replace("\n", newline).encode())
        except OSError as error:
            raise RequestError(f"{path} cannot be written: {error.strerror}; check its permissions") from error
    return list(_changes(old, pins))


def pins_of(suite: Suite, table: Mapping[str, Any], *, data_dir: Path | None, cache_dir: Path) -> Pins:
    """Return hashes, sizes and counts of the files as they are; raises DataError for a missing or invalid file."""
    unpinned = {language: _unpinned(declared) for language, declared in suite.languages.items()}
    lookup = lookup_of(suite, data_dir, cache_dir)
    for declared in unpinned.values():
        for file in _local_files(declared):
            if declared_files.find(file, lookup) is None:
                declared_files.path_of(file, lookup)  # raises, with where to put it
    found = with_found_hashes(suite.model_copy(update={"languages": unpinned}), data_dir=data_dir, cache_dir=cache_dir)
    files: dict[str, tuple[str, int]] = {}
    counts: dict[str, dict[str, int]] = {}
    for language, declared in found.languages.items():
        files |= {file.path: (str(file.sha256), int(file.bytes or 0)) for file in _local_files(declared)}
        numbers, _ = counted(found, language, data_dir=data_dir, cache_dir=cache_dir)
        stated = table["languages"][language].get("counts", {})
        names = [*dict.fromkeys((*BASIC, *(["nli"] if declared.nli else []), *stated))]
        counts[language] = {name: numbers[name] for name in names}
    return Pins(files, counts)


def _unpinned(declared: Language) -> Language:
    """Return a language whose files on this machine are declared by their paths alone, without counts."""
    changes: dict[str, Any] = {"counts": Counts()}
    for role in SOURCE_ROLES:
        if (source := getattr(declared, role)) is not None:
            files = tuple(file if file.url else File(path=file.path) for file in source.files)
            changes[role] = source.model_copy(update={"files": files})
    return declared.model_copy(update=changes)


def _local_files(declared: Language) -> Iterator[File]:
    for source in (getattr(declared, role) for role in SOURCE_ROLES):
        yield from (file for file in (source.files if source is not None else ()) if file.url is None)


def with_pins(text: str, pins: Pins, path: Path) -> str:
    """Return the text of a manifest with the pins in it; raises DataError where its layout cannot be edited."""
    new = text
    for file, (sha256, size) in pins.files.items():
        new = _with_file(new, file, {"sha256": f'"{sha256}"', "bytes": str(size)})
    for language, counts in pins.counts.items():
        new = _with_counts(new, language, counts)
    try:
        edited = parse_toml(new)
    except ValueError:
        edited = {}
    if edited != _expected(parse_toml(text), pins):
        values = "; ".join(f'{file}: sha256 = "{sha}", bytes = {size}' for file, (sha, size) in pins.files.items())
        numbers = "; ".join(f"{language}: {dict(counts)}" for language, counts in pins.counts.items())
        raise DataError(f"manifest {path} is laid out so that it cannot be edited; write yourself {values}; {numbers}")
    return new


def _with_file(text: str, file: str, values: Mapping[str, str]) -> str:
    """Return the text with the values in every table of files that has this path."""
    named = re.compile(rf"(?<![\w.-])path[ \t]*=[ \t]*(?:\"{re.escape(file)}\"|'{re.escape(file)}')")
    for match in reversed(list(named.finditer(text))):
        line = text.rfind("\n", 0, match.start()) + 1
        opened = text.rfind("{", line, match.start())
        inline = opened > text.rfind("}", line, match.start())
        start, end = _inline(text, opened, match.end()) if inline else _block(text, match.start())
        table, at = text[start:end], match.end() - start
        for name, value in reversed(list(values.items())):
            table = _with_value(table, name, value, at, ", " if inline else "\n" + text[line : match.start()])
        text = text[:start] + table + text[end:]
    return text


def _inline(text: str, opened: int, after: int) -> tuple[int, int]:
    end = text.find("}", after)
    return opened, end if end >= 0 else len(text)


def _block(text: str, position: int) -> tuple[int, int]:
    """Return where the table around a position starts and ends: from its header to the next one."""
    start = max(text.rfind("\n[", 0, position), 0)
    end = text.find("\n[", position)
    return start, end if end >= 0 else len(text)


def _with_value(table: str, name: str, value: str, at: int, separator: str) -> str:
    """Return a table's text with a value replaced, or added at a position."""
    old = re.compile(rf"(?<![\w.-])({name}[ \t]*=[ \t]*)(?:{STRING}|[\d_]+)")
    if old.search(table):
        return old.sub(lambda match: match[1] + value, table, count=1)
    return f"{table[:at]}{separator}{name} = {value}{table[at:]}"


def _with_counts(text: str, language: str, counts: Mapping[str, int]) -> str:
    header = re.search(rf"(?m)^[ \t]*\[languages\.\"?{re.escape(language)}\"?\.counts\][^\n]*", text)
    if header is None:
        rows = "".join(f"{name} = {number}\n" for name, number in counts.items())
        return f"{text.rstrip()}\n\n[languages.{language}.counts]  # a difference is an error\n{rows}"
    _, end = _block(text, header.end())
    table, at = text[header.start() : end], header.end() - header.start()
    for name, number in reversed(list(counts.items())):
        table = _with_value(table, name, str(number), at, "\n")
    return text[: header.start()] + table + text[end:]


def _expected(table: Mapping[str, Any], pins: Pins) -> dict[str, Any]:
    """Return what the edited manifest must hold."""
    expected = copy.deepcopy(dict(table))
    for file in _tables_of_files(expected):
        if "url" not in file and file.get("path") in pins.files:
            file["sha256"], file["bytes"] = pins.files[file["path"]]
    for language, counts in pins.counts.items():
        expected["languages"][language].setdefault("counts", {}).update(counts)
    return expected


def _tables_of_files(value: Any) -> Iterator[dict[str, Any]]:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, dict) and isinstance(value.get("files"), list):
        yield from (file for file in value["files"] if isinstance(file, dict))
    for child in children:
        yield from _tables_of_files(child)


def _changes(old: Mapping[str, Any], pins: Pins) -> Iterator[str]:
    declared = {file.get("path"): (file.get("sha256"), file.get("bytes")) for file in _tables_of_files(old)}
    for file, pinned in pins.files.items():
        if (before := declared.get(file, (None, None))) != pinned:
            yield f"{'changed' if before[0] else 'pinned'}: {file} sha256 {pinned[0]} bytes {pinned[1]}"
    for language, counts in pins.counts.items():
        stated = old["languages"][language].get("counts", {})
        for name, number in counts.items():
            if stated.get(name) != number:
                yield f"{language} {name}: {number}" + (f" (was {stated[name]})" if name in stated else "")

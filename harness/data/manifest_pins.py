"""`harness data pin`: hashes, sizes and counts of the files as they are, written into a manifest or a copy of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.data import declared_files
from harness.data.found_hashes import with_found_hashes
from harness.data.load import counted
from harness.data.manifest_edits import Pins, tables_of_files, with_pins
from harness.data.suite_files import lookup_of
from harness.errors import RequestError, unknown
from harness.machine import bounded
from harness.machine.atomic import write_atomically
from harness.machine.bundled import manifests
from harness.machine.json_toml import parse_toml
from harness.request.data_sources import Counts, File, Language, Source
from harness.request.suite import Suite, is_name, load, split_variant

BASIC = ("passages", "train_queries", "dev_queries")  # counts that are written where the manifest has none


def pin(
    name: str, languages: Sequence[str] = (), out: Path | None = None, *, data_dir: Path | None, cache_dir: Path
) -> list[str]:
    """Write the pins of a suite's languages (all by default) into its manifest, or into a copy of it at `out`.

    Return one line per value that changed. Raises RequestError for a bundled suite without a copy, for an unknown
    language and for a copy that cannot be written, and DataError for a missing or invalid file, or a manifest whose
    layout cannot be edited.
    """
    base, variant = split_variant(name)
    suite = load(base)
    if variant:
        raise RequestError(f"suite {name}: a variant is pinned with its suite; name {base}")
    if is_name(base) and out is None:
        raise RequestError(
            f"suite {base} is bundled, and its manifest stays as it is; pin a copy of it: --out my-{base}.toml"
        )
    _check_copy(out)
    path = manifests() / f"{base}.toml" if is_name(base) else Path(base).resolve()  # of a link, where it leads to
    content = bounded.read(path, "TOML_BYTES")
    text = content.decode("utf-8-sig")
    newline = "\r\n" if "\r\n" in text else "\n"
    old = parse_toml(text)
    pins = pins_of(_of_languages(suite, languages), old, data_dir=data_dir, cache_dir=cache_dir)
    new = with_pins(text.replace("\r\n", "\n"), pins, path)
    if out is not None or parse_toml(new) != old:
        try:
            write_atomically(out or path, new.replace("\n", newline).encode())
        except OSError as error:
            raise RequestError(f"{out or path} cannot be written: {error.strerror}; check its permissions") from error
    return list(_changes(old, pins))


def _check_copy(out: Path | None) -> None:
    """Raise RequestError for a copy that no command line could name, and for one that would replace a file."""
    if out is not None and not out.name.endswith(".toml"):
        raise RequestError(f"--out {out} is not the name of a manifest, which ends in .toml; add it")
    if out is not None and out.exists():
        raise RequestError(f"--out {out} exists; choose another name, or pin that manifest: harness data pin {out}")


def _of_languages(suite: Suite, languages: Sequence[str]) -> Suite:
    """Return the suite with some of its languages, all if none is named; raises RequestError for an unknown one."""
    for language in languages:
        if language not in suite.languages:
            raise unknown("language", language, suite.languages, f"suite {suite.name}")
    chosen = {language: suite.languages[language] for language in languages or suite.languages}
    return suite.model_copy(update={"languages": chosen})


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
    """Return a language whose files on this machine have no hashes and sizes yet, without counts."""

    def change(source: Source) -> Source:
        nothing = {"sha256": None, "bytes": None}
        files = tuple(file if file.address else file.model_copy(update=nothing) for file in source.files)
        return source.model_copy(update={"files": files})

    return declared.with_sources(change).model_copy(update={"counts": Counts()})


def _local_files(declared: Language) -> Iterator[File]:
    for source in declared.sources:
        yield from (file for file in source.files if file.url is None)  # and those that are only `published`


def _changes(old: Mapping[str, Any], pins: Pins) -> Iterator[str]:
    declared = {file.get("path"): (file.get("sha256"), file.get("bytes")) for file in tables_of_files(old)}
    for file, pinned in pins.files.items():
        if (before := declared.get(file, (None, None))) != pinned:
            yield f"{'changed' if before[0] else 'pinned'}: {file} sha256 {pinned[0]} bytes {pinned[1]}"
    for language, counts in pins.counts.items():
        stated = old["languages"][language].get("counts", {})
        for name, number in counts.items():
            if stated.get(name) != number:
                yield f"{language} {name}: {number}" + (f" (was {stated[name]})" if name in stated else "")

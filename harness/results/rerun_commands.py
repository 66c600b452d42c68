"""The commands that make one cell of a result folder anew, or check it, as they are typed in a shell."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from harness.request import sweep
from harness.results.record import Record

GIVEN = ("base_model", "max_train", "train_file", "negative_queries", "augment", "write_prompt", "methods_path")
OF_SUITE = ("evaluate", "text")  # of --set: tables that hold for every entry


def again(run: Mapping[str, Any], record: Record, further: Sequence[str] = ()) -> str:
    """Return the command that runs a record's cell again, as far as run.json tells the request.

    A cell of a sweep comes with the others of its sweep. `further` are words to put behind it.
    """
    request = asked(run)
    entry = record.provenance.get("entry") or {}
    words = ["harness", "run", "--suite", str(request.get("suite") or record.suite)]
    words += ["--methods", str(entry.get("origin") or record.entry)]
    words += ["--langs", record.language, "--seeds", str(record.seed)]
    given = {**request, "base_model": _pinned(run)}
    for name in GIVEN:
        if given.get(name) is not None:
            words += [f"--{name.replace('_', '-')}", str(given[name])]
    if request.get("measures"):
        words += ["--measures", ",".join(map(str, request["measures"]))]
    for setting in request.get("set") or ():
        words += ["--set", str(setting)] if _concerns(str(setting), record) else []
    words += ["--unverified-data"] if request.get("unverified_data") else []
    return shlex.join([*words, "--device", str(request.get("device") or "cpu"), *further])


def check(folder: str, record: Record) -> str:
    """Return the command that runs a record's cell once more and grades how well its record comes out again."""
    cell = f"{record.entry}/{record.language}/{record.seed}"
    return shlex.join(["harness", "verify", folder, "--cells", cell])


def asked(run: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the request that run.json holds, {} where it holds none."""
    request = run.get("request")
    return request if isinstance(request, Mapping) else {}


def _pinned(run: Mapping[str, Any]) -> Any:
    """Return the base model that was asked for, one of the Hub at the revision that a branch meant then."""
    given, resolved = asked(run).get("base_model"), run.get("resolved")
    base = resolved.get("base_model") if isinstance(resolved, Mapping) else None
    if given is not None and isinstance(base, Mapping) and "revision" in base and "id" in base:
        return f"{base['id']}@{base['revision']}"
    return given


def _concerns(setting: str, record: Record) -> bool:
    """Return whether a setting is one that `harness run` takes for the record's entry alone."""
    target, _, values = setting.partition("=")
    name, _, field = target.partition(".")
    entry = record.provenance.get("entry") or {}
    if name == "train":
        return record.trained or len(sweep.split(values)) == 1
    if name == "entry":
        return record.trained and (field != "mining_rounds" or entry.get("negatives") == "ance")
    used = {entry.get("method"), *(entry.get("adapters") or ()), *(entry.get("joined") or ())}
    return name in used or name in OF_SUITE

"""A request for a folder that has one: what it adds, and the request of the folder with it.

A folder holds every entry of its request in every language under every seed. So what is added runs for all that is
there: a new entry in the folder's languages and under its seeds, a new seed for the folder's entries.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from harness.machine.device import resolve_device
from harness.request.base_models import base_models, text_of
from harness.request.request import DeviceName, Request
from harness.results.run_file import read_run_file, resolved_differences

LEFT_OUT = "left_out"  # entries of `all` that the suite lacks something for: it follows from PARTS
PARTS = ("entries", "languages", "seeds", "models")  # of what a request resolves to, that a folder may have more of


def widened(request: Request, folder: Path, given: Collection[str]) -> Request:
    """Return the request of a folder with the entries, languages, seeds and named models of another one.

    `given` are the fields of `request` that were asked for: all others are those of the folder. Without a request in
    the folder it is `request` itself. Raises DataError for a damaged run.json.
    """
    run = read_run_file(folder)
    stored = run.request
    if stored is None:
        return request
    kept = {field.name: getattr(stored, field.name) for field in fields(Request) if field.name not in given}
    if "data_dir" in kept and not (stored.data_dir and stored.data_dir.is_dir()):
        kept["data_dir"] = None  # of another machine
    asked = replace(request, **kept)
    return replace(
        asked,
        methods=_union(stored.methods, asked.methods),
        languages=_languages(stored.languages, run.resolved.languages, asked.languages),
        seeds=_union(stored.seeds, asked.seeds),
        base_model=_models(stored.base_model, asked.base_model),
    )


def kept(asked: Request, request: Request) -> list[str]:
    """Return the options in which the request of a folder differs from what the command line asked for, as typed.

    `asked` has the defaults of the command line, `request` is what `widened` makes of it. A device is one that this
    machine would not choose.
    """
    names = [field.name for field in fields(Request) if getattr(request, field.name) != getattr(asked, field.name)]
    if asked.device is DeviceName.auto and resolve_device("auto") == request.device:
        names = [name for name in names if name != "device"]
    return [request.typed(name) for name in names]


def united(request: Request, other: Request, languages: tuple[str, ...], other_languages: tuple[str, ...]) -> Request:
    """Return a request for what two ask for, which differ in nothing else; `languages`: those that each resolved to.

    Of a path that is another one on another machine, the first one's is kept.
    """
    same = languages == other_languages and request.languages == other.languages
    return replace(
        request,
        methods=_union(request.methods, other.methods),
        languages=request.languages if same else _union(languages, other_languages),
        seeds=_union(request.seeds, other.seeds),
        base_model=_models(request.base_model, other.base_model, replaces=False),
    )


def additions(stored: Mapping[str, Any], planned: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what a plan has more than a folder, by PARTS, from what both resolved to; parts without more left out."""
    more = {
        part: [str(name) for name in planned.get(part) or () if name not in (stored.get(part) or ())] for part in PARTS
    }
    return {part: names for part, names in more.items() if names}


def contradictions(stored: Mapping[str, Any], planned: Mapping[str, Any]) -> list[str]:
    """Return the names in which a plan resolves otherwise than the folder's request, additions left out."""
    names = [name for name in resolved_differences(stored, planned) if name not in (*PARTS, LEFT_OUT)]
    lost = [part for part in PARTS if not _holds(planned.get(part) or (), stored.get(part) or ())]
    return sorted([*names, *lost])


def _holds(planned: Any, stored: Any) -> bool:
    """Return whether everything stored is planned too, tables with equal values."""
    if isinstance(planned, Mapping) and isinstance(stored, Mapping):
        return not resolved_differences(stored, {name: planned[name] for name in stored if name in planned})
    return set(stored) <= set(planned)


def _union(stored: Sequence[Any], asked: Iterable[Any]) -> tuple[Any, ...]:
    return (*stored, *(value for value in asked if value not in stored))


def _languages(stored: tuple[str, ...], resolved: tuple[str, ...], asked: tuple[str, ...]) -> tuple[str, ...]:
    """Return the languages of both; none stands for all of the suite."""
    if not asked:
        return asked
    return stored if set(asked) <= set(resolved) else _union(resolved, asked)


def _models(stored: str | None, asked: str | None, *, replaces: bool = True) -> str | None:
    """Return the named models of both; of a name that both have, and of single models, one replaces the other."""
    before, models = base_models(stored), base_models(asked)
    if not (any(before) and any(models)):
        return asked if replaces else stored
    return text_of({**before, **{name: model for name, model in models.items() if replaces or name not in before}})

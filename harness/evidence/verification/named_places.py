"""What a folder's request names on the machine that made it: paths, code and endpoints, none of which is followed.

Whoever made a folder could name any file of the reader's machine in its run.json, a plugin beside it, or an endpoint
whose calls the reader pays for. So the reader says where such things are, on the command line; bundled suites, models
of the Hub at a pinned revision, and installed plugins need no word.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.errors import RequestError
from harness.request import entries, plugins
from harness.request import suite as suites
from harness.request.base_models import base_models, text_of
from harness.request.checkpoints import CHECKPOINT
from harness.request.request import Request, options
from harness.results.rerun_commands import pinned
from harness.results.run_file import RunFile
from harness.stages.base_override import COMMIT, HUB_ID

_PINNED = re.compile(f"{HUB_ID}@{COMMIT}")


def located(folder: Path, run: RunFile, given: Mapping[str, Any]) -> Request:
    """Return the request of a folder with what the reader says in place of its own: `given`, by field.

    Models of the Hub are those of the revision that was used. Raises RequestError, naming the options, for places that
    the reader does not say.
    """
    stored = run.request
    assert stored is not None
    models = _models(run, given.get("base_model"))
    request = replace(stored, **{"methods_path": None, **given, "base_model": text_of(models) or None})
    needed = {
        **({"base_model": stored.base_model} if _has_place(models, given.get("base_model")) else {}),
        **{name: getattr(stored, name) for name, is_place in PLACES.items() if name not in given},
    }
    named = {name: value for name, value in needed.items() if name == "base_model" or PLACES[name](value)}
    if named:
        flags = {options()[name].flag: str(value) for name, value in named.items()}
        made_with = " ".join(shlex.join(pair) for pair in flags.items())
        raise RequestError(
            f"{folder} was made with {made_with}; what run.json names is not opened: say where it is here with "
            f"{', '.join(flags)}"
        )
    for setting in request.settings:
        target, _, source = setting.partition("=")
        if target.startswith(f"{CHECKPOINT}.") and not _is_pinned(source):
            raise RequestError(f"{folder} was made with --set {setting}, a folder; run its request again to check it")
    return request


def check_plugins(folder: Path, run: RunFile, request: Request) -> None:
    """Raise RequestError, naming them, for plugins and entries of a folder that are neither installed nor given."""
    known = entries.declared(request.methods_path)
    requested = (name for name in request.methods if name not in ("all", "all@published", *entries.names(known)))
    used = (name for name in _plugins(run) if not plugins.exists(name, request.methods_path))
    if missing := sorted({*requested, *used}):
        raise RequestError(
            f"{folder} uses plugins or entries that are not installed here: {', '.join(missing)}; a folder's own code "
            "is not run: name a folder that you trust with --methods-path"
        )


def _plugins(run: RunFile) -> Iterator[str]:
    """Yield the names of the plugins that the entries of run.json are made of."""
    for entry in run.resolved.entries.values():
        table: Mapping[str, Any] = entry if isinstance(entry, Mapping) else {}
        for names in ([table.get("method")], table.get("adapters"), table.get("joined")):
            yield from (name for name in names or () if isinstance(name, str))


def _models(run: RunFile, given: str | None) -> dict[str, str]:
    """Return name → base model: those of the request, at the revision that was used, and in their place those given."""
    assert run.request is not None
    stored, models = base_models(run.request.base_model), base_models(given)
    models = {**stored, **models} if any(models) or not models else models  # of named ones, the others are as before
    return {
        name: (pinned(model, run.base_model_on(name)) or model) if model == stored.get(name) else model
        for name, model in models.items()
    }


def _has_place(models: Mapping[str, str], given: str | None) -> bool:
    """Return whether one of the models is a place, and the reader does not give it."""
    told = base_models(given)
    return any(not _is_pinned(model) for name, model in models.items() if told.get(name) != model)


def _is_path(value: Path | str | None) -> bool:
    return value is not None


def _is_manifest(suite: str) -> bool:
    return not suites.is_name(suites.split_variant(suite)[0])


def _is_writer_elsewhere(writer: str | None) -> bool:
    """Return whether a writer of queries is a file, a folder, or an endpoint, for which the reader pays."""
    kind, _, model = (writer or "data").partition(":")
    return kind != "data" and not (kind == "model" and _is_pinned(model))


def _is_pinned(model: str) -> bool:
    """Return whether a model is one of the Hub at a revision, and no folder of that name is here."""
    return _PINNED.fullmatch(model) is not None and not Path(model).is_dir()


PLACES: Mapping[str, Callable[[Any], bool]] = {
    "suite": _is_manifest,
    "data_dir": _is_path,
    "train_file": _is_path,
    "negative_queries": _is_writer_elsewhere,
    "augment": _is_writer_elsewhere,
    "write_prompt": _is_path,
}
"""Field of a request, base models and plugins excepted → whether its value is a place of the machine it ran on."""

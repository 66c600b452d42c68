"""`--base-model`: one model, or several with a name each, which compare methods on each model with its own base.

    path/to/model                one model: entries keep their names
    A=path/one,B=ID@REVISION     named models: entries are called mnrl@A, mnrl@B; each has its own baseline, base@A
    path/one,ORG/two             named after the folder (`one`), and after the last part of the hub id (`two`)
    A=path/one                   a single named model, such as one machine's part of a request (`harness merge`)

An entry's name ends in `@MODEL`, after `@published` and the values of a sweep: `clpl-moe@published@A`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from harness.errors import RequestError
from harness.request.entry import Entry

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")  # a part of a folder's name
RESERVED = ("published", "corrected", "all")  # what may follow "@" in an entry's name, or stand for several


def base_models(text: str | None) -> dict[str, str]:
    """Return name → model of `--base-model`; {} without one, and the name "" for a single model without a name.

    Raises RequestError for a name that is used twice, reserved, or cannot be part of a folder's name.
    """
    if text is None:
        return {}
    parts = [text] if Path(text).is_dir() else [part.strip() for part in text.split(",") if part.strip()]
    named = [_named(part) for part in parts]
    if not named:
        raise RequestError("--base-model names no model; give a folder or HUB_ID[@REVISION]")
    if len(named) == 1 and not named[0][0]:
        return {"": named[0][1]}
    models: dict[str, str] = {}
    for given, model in named:
        name = given or default_name(model)
        _check_name(name, given, model, models)
        models[name] = model
    return models


def text_of(models: Mapping[str, str]) -> str:
    """Return the `--base-model` of named models."""
    return ",".join(f"{name}={model}" if name else model for name, model in models.items())


def default_name(model: str) -> str:
    """Return the name of a model that was given none: its folder's, or the last part of its hub id.

    >>> default_name("intfloat/multilingual-e5-small@main"), default_name("models/first/")
    ('multilingual-e5-small', 'first')
    """
    if Path(model).is_dir():
        return Path(model).resolve().name
    return model.partition("@")[0].rstrip("/").rpartition("/")[2]


def on_model(entry: Entry, model: str) -> Entry:
    """Return the entry as the row of one named model; what decides its weights is unchanged."""
    return entry.model_copy(update={"name": on_model_name(entry.name, model), "model": model}) if model else entry


def on_model_name(entry: str, model: str) -> str:
    """Return the name of an entry's row on a named model; the entry's own name for the model "".

    >>> on_model_name("clpl-moe@published", "e5"), on_model_name("bm25", "")
    ('clpl-moe@published@e5', 'bm25')
    """
    return f"{entry}@{model}" if model else entry


def without_model(entry: str, model: str) -> str:
    """Return an entry's name without its model.

    >>> without_model("clpl-moe@published@e5", "e5"), without_model("mnrl", "")
    ('clpl-moe@published', 'mnrl')
    """
    return entry.removesuffix(f"@{model}") if model else entry


def _named(part: str) -> tuple[str, str]:
    """Return the name that a part of the option gives its model, "" where it gives none, and the model."""
    name, equals, model = part.partition("=")
    if not equals or Path(part).is_dir():
        return "", part
    if not (name and model):
        raise RequestError(f"--base-model {part}: expected NAME=MODEL, such as e5=intfloat/multilingual-e5-small")
    return name, model


def _check_name(name: str, given: str, model: str, others: Iterable[str]) -> None:
    remedy = f"choose one, as in --base-model NAME={model}"
    if not NAME.fullmatch(name):
        raise RequestError(
            f"--base-model {given or model}: '{name}' cannot name a model (at most 64 letters, digits, '.', '_', '-', "
            f"beginning with a letter or digit); {remedy}"
        )
    if name.casefold() in RESERVED:
        raise RequestError(f"--base-model {given or model}: '{name}' is a reserved name; {remedy}")
    if name.casefold() in {other.casefold() for other in others}:
        raise RequestError(f"--base-model: two models are named '{name}'; {remedy}")

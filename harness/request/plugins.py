"""Finding and loading plugins: the folder is the registry.

A plugin is a file `NAME.py` that binds `PLUGIN` to a frozen dataclass (a method, an adapter or a ranker; see
harness.types) and `VERSION` to an int that is raised when its meaning changes; its entries stand in a TOML
file beside it. They are looked for in the bundled `methods` package, in the packages of the entry-point group
`harness.methods`, and in the folder of `--methods-path`. Listing entries reads the TOML files alone.
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import inspect
import json
import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

from pydantic import PydanticSchemaGenerationError, TypeAdapter, ValidationError

from harness.errors import RequestError, unknown
from harness.keys import digest, file_sha256

GROUP = "harness.methods"
SIGNATURES = {
    "method": {"examples": ["data"], "loss": ["model"]},
    "adapter": {"apply": ["model"], "register": []},
    "ranker": {"search": ["passages", "queries", "depth"]},
}


def folders(methods_path: Path | None = None) -> list[Path]:
    """Return the folders that hold plugins, the bundled one first."""
    packages = ["methods", *(point.value for point in entry_points(group=GROUP))]
    found = []
    for package in packages:
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise RequestError(f"entry point of group {GROUP} names '{package}', which is no package; reinstall it")
        found.append(Path(spec.submodule_search_locations[0]))
    if methods_path is not None:
        if not methods_path.is_dir():
            raise RequestError(f"--methods-path {methods_path} is not a folder")
        found.append(methods_path)
    return found


def entry_files(methods_path: Path | None = None) -> list[Path]:
    """Return every TOML file of entries, in a fixed order."""
    return [path for folder in folders(methods_path) for path in sorted(folder.glob("*.toml"))]


@cache
def _files(methods_path: Path | None) -> dict[str, Path]:
    return {
        path.stem: path
        for folder in folders(methods_path)
        for path in sorted(folder.glob("*.py"))
        if not path.stem.startswith("_")
    }


@cache
def _module(name: str, methods_path: Path | None) -> ModuleType:
    files = _files(methods_path)
    if name not in files:
        raise unknown("plugin", name, files)
    path = files[name]
    if path.parent == folders()[0]:
        return importlib.import_module(f"methods.{name}")
    spec = importlib.util.spec_from_file_location(f"harness_plugin_{name}_{digest(str(path))[:8]}", path)
    if spec is None or spec.loader is None:
        raise RequestError(f"plugin {path} cannot be loaded as a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look up the module of a class that they annotate
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[spec.name]
        raise RequestError(f"plugin {path} fails when it is imported: {type(error).__name__}: {error}") from error
    return module


def version(name: str, methods_path: Path | None = None) -> int | str:
    """Return what stands for a plugin's meaning in keys: its VERSION, or the sha256 of an outside plugin's file."""
    path = _files(methods_path).get(name)
    bundled = path is None or path.parent == folders()[0]
    return int(_module(name, methods_path).VERSION) if bundled or path is None else file_sha256(path)


def load(name: str, settings: Mapping[str, Any], methods_path: Path | None = None) -> Any:
    """Return the plugin `name` with its settings; refuses unknown settings and wrong signatures."""
    module = _module(name, methods_path)
    plugin = getattr(module, "PLUGIN", None)
    if not (inspect.isclass(plugin) and dataclasses.is_dataclass(plugin)):
        raise RequestError(f"plugin {module.__file__}: PLUGIN is {plugin!r}; bind it to a frozen dataclass")
    _check_signature(plugin, str(module.__file__))
    known = [field.name for field in dataclasses.fields(plugin)]
    for setting in settings:
        if setting not in known:
            raise unknown("setting", setting, known, where=name)
    try:
        loaded = plugin(**settings)
    except (TypeError, ValueError) as error:
        if isinstance(error, TypeError):
            _check_types(name, plugin, settings)  # says it better
        raise RequestError(f"settings of {name} are refused: {error}") from error
    _check_types(name, plugin, settings)
    return loaded


def equation(name: str, methods_path: Path | None = None) -> str:
    """Return what a plugin computes as a formula, "" where it says none."""
    return str(getattr(_module(name, methods_path).PLUGIN, "equation", ""))


def is_method(name: str, methods_path: Path | None = None) -> bool:
    """Return whether a plugin is a training objective (and no ranker or adapter)."""
    plugin = getattr(_module(name, methods_path), "PLUGIN", None)
    return all(hasattr(plugin, function) for function in SIGNATURES["method"])


def _check_types(name: str, plugin: type, settings: Mapping[str, Any]) -> None:
    """Refuse a setting that is not of its field's type; a type that only a checker can read is left to the plugin."""
    try:
        hints = get_type_hints(plugin)
        readers = {setting: TypeAdapter(hints[setting]) for setting in settings}
    except (NameError, KeyError, PydanticSchemaGenerationError):
        return
    for setting, value in settings.items():
        try:  # as JSON, where a list may stand for a tuple and 1 for 1.0, but no text for a number
            readers[setting].validate_json(json.dumps(value), strict=True)
        except (ValidationError, TypeError) as error:
            what = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
            raise RequestError(f"settings of {name} are refused: {setting} = {value!r}: {what}") from error


def _check_signature(plugin: type, where: str) -> None:
    if not isinstance(said := getattr(plugin, "equation", ""), str):
        raise RequestError(f"plugin {where}: class variable 'equation' is {said!r}; write it as text")
    for kind, wanted in SIGNATURES.items():
        if not all(hasattr(plugin, function) for function in wanted):
            continue
        for function, parameters in wanted.items():
            found = [name for name in inspect.signature(getattr(plugin, function)).parameters if name != "self"]
            if found != parameters:
                raise RequestError(f"plugin {where}: {kind}.{function} takes {found}, want {parameters}")
        if kind == "method":
            missing = [name for name in ("needs", "family") if not hasattr(plugin, name)]
            if missing:
                raise RequestError(f"plugin {where}: class variable '{missing[0]}' is missing")
        return
    raise RequestError(f"plugin {where}: PLUGIN is no method, adapter or ranker (see harness.types)")

"""Finding and loading plugins: the folder is the registry.

A plugin is a file `NAME.py` that binds `PLUGIN` to a frozen dataclass (a method, an adapter or a ranker; see
harness.types). Its entries are in a TOML file beside it. Plugins are found in the bundled `methods` package, in the
packages of the entry-point group `harness.methods`, and in the folder of `--methods-path`. Listing entries reads the
TOML files only. In keys a plugin is the digest of its sources (harness.request.plugin_sources).
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import inspect
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from harness.errors import RequestError, unknown
from harness.request import bundled_methods, plugin_sources
from harness.request.plugin_checks import SIGNATURES, check_columns, check_signature, check_types
from harness.request.plugin_modules import load_from_folder
from harness.types import Need

GROUP = "harness.methods"
BUNDLED = bundled_methods.NAME

bundled_methods.make_importable()


def folders(methods_path: Path | None = None) -> list[Path]:
    """Return the folders that hold plugins, the bundled one first."""
    if methods_path is None:
        return [*_packages().values()]
    if not methods_path.is_dir():
        raise RequestError(f"--methods-path {methods_path} is not a folder")
    return [*_packages().values(), methods_path]


@cache
def _packages() -> dict[str, Path]:
    """Return package → folder, the bundled one first; what is installed does not change while a process runs."""
    paths = {}
    for package in [BUNDLED, *(point.value for point in entry_points(group=GROUP))]:
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise RequestError(f"entry point of group {GROUP} names '{package}', which is not a package; reinstall it")
        paths[package] = Path(spec.submodule_search_locations[0])
    return paths


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


def _file(name: str, methods_path: Path | None) -> Path:
    files = _files(methods_path)
    if name not in files:
        raise unknown("plugin", name, files)
    return files[name]


@cache
def exists(name: str, methods_path: Path | None = None) -> bool:
    """Return whether there is a plugin of that name; imports nothing."""
    return name in _files(methods_path)


def _module(name: str, methods_path: Path | None) -> ModuleType:
    path = _file(name, methods_path)
    package = _package_of(path)
    try:
        return importlib.import_module(f"{package}.{name}") if package else load_from_folder(path)
    except RequestError:
        raise
    except (Exception, SystemExit) as error:
        raise RequestError(f"plugin {path} fails when it is imported: {type(error).__name__}: {error}") from error


def _package_of(path: Path) -> str | None:
    """Return the installed package that a plugin's file is in; None for one of `--methods-path`."""
    return next((package for package, folder in _packages().items() if folder == path.parent), None)


def is_bundled(name: str, methods_path: Path | None = None) -> bool:
    """Return whether a plugin comes with this package."""
    return _package_of(_file(name, methods_path)) == BUNDLED


def sources_sha256(name: str, methods_path: Path | None = None) -> str:
    """Return what stands for a plugin's meaning in keys; raises RequestError for an unknown plugin."""
    path = _file(name, methods_path)
    return plugin_sources.sources_sha256(path, _packages(), path.parent if _package_of(path) is None else None)


def load(name: str, settings: Mapping[str, Any], methods_path: Path | None = None) -> Any:
    """Return the plugin `name` with its settings.

    Raises RequestError for an unknown plugin or setting, a wrong signature, and a value that the plugin rejects.
    """
    module = _module(name, methods_path)
    plugin = getattr(module, "PLUGIN", None)
    if not (inspect.isclass(plugin) and dataclasses.is_dataclass(plugin)):
        raise RequestError(f"plugin {module.__file__}: PLUGIN is {plugin!r}; bind it to a frozen dataclass")
    check_signature(plugin, str(module.__file__))
    fields = [field.name for field in dataclasses.fields(plugin)]
    for setting in settings:
        if setting not in fields:
            raise unknown("setting", setting, fields, where=name)
    try:
        loaded = plugin(**settings)
    except (TypeError, ValueError) as error:
        if isinstance(error, TypeError):
            check_types(name, plugin, settings)  # its message names the setting
        raise RequestError(f"invalid settings of {name}: {error}") from error
    check_types(name, plugin, settings)
    if is_method(name, methods_path):
        check_columns(loaded, str(module.__file__))
    return loaded


def about(name: str, variable: str, methods_path: Path | None = None) -> str:
    """Return what a plugin says of itself in a class variable, "" where it has none (see harness.types)."""
    return str(getattr(_module(name, methods_path).PLUGIN, variable, ""))


def needs(name: str, methods_path: Path | None = None) -> frozenset[Need]:
    """Return the needs of a method; raises RequestError for a plugin that is not one."""
    if not is_method(name, methods_path):
        raise RequestError(f"plugin '{name}' is an adapter or a ranker, not a method; name a method")
    declared: frozenset[Need] = _module(name, methods_path).PLUGIN.needs
    return declared


def is_method(name: str, methods_path: Path | None = None) -> bool:
    """Return whether a plugin is a training objective, not a ranker or an adapter."""
    plugin = getattr(_module(name, methods_path), "PLUGIN", None)
    return all(hasattr(plugin, function) for function in SIGNATURES["method"])

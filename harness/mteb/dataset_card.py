"""Which files of a dataset on the hub belong to a subset, as the header of its card declares them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

CARD = "README.md"


def patterns(folder: Path, subsets: Iterable[str]) -> tuple[str, ...]:
    """Return the file patterns of the subsets' configurations; () if the card does not declare them.

    A subset `ko` reads the configurations `ko` and `ko-…`, and `kor_Hang-kor_Hang` also `kor_Hang`.
    """
    names = list(subsets)
    selected = [
        files
        for configuration, files in _configurations(folder / CARD).items()
        if any(reads(subset, configuration) for subset in names)
    ]
    return tuple(dict.fromkeys(pattern for files in selected for pattern in files))


def reads(subset: str, configuration: str) -> bool:
    """Return whether a task's subset reads a configuration of its dataset."""
    return configuration == subset or configuration.startswith(f"{subset}-") or configuration in subset.split("-")


def _configurations(card: Path) -> dict[str, list[str]]:
    """Return configuration → file patterns; {} if there is no card or it declares none."""
    from huggingface_hub import metadata_load

    header = metadata_load(card) if card.is_file() else None
    declared = {str(row.get("config_name")): _data_files(row) for row in (header or {}).get("configs") or []}
    return {name: files for name, files in declared.items() if files}


def _data_files(configuration: Mapping[str, Any]) -> list[str]:
    """Return the patterns of one configuration: a folder, one pattern, a list, or a list of splits with their paths."""
    data_dir = [f"{configuration['data_dir']}/*"] if "data_dir" in configuration else []
    files = configuration.get("data_files") or data_dir
    rows = [files] if isinstance(files, str) else files
    paths = [row["path"] if isinstance(row, dict) else row for row in rows]
    return [pattern for path in paths for pattern in ([path] if isinstance(path, str) else path)]

"""Files that a command writes as a start, from the templates in report_templates/skeletons; nothing is replaced."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from string import Template

from harness.errors import RequestError
from harness.machine.atomic import write_together
from harness.machine.bundled import templates


def write_skeletons(files: Mapping[Path, str], values: Mapping[str, str]) -> None:
    """Write each file from its template, with `values` in the place of `$NAME`.

    Raises RequestError where one of them exists or cannot be written, or a file is in the place of its folder; then
    none is written.
    """
    for folder in (folder for path in files for folder in path.parents):
        if folder.exists() and not folder.is_dir():
            raise RequestError(f"{folder} is not a folder; name a new one with --out")
    for path in files:
        if path.exists():
            raise RequestError(f"{path} exists; choose another name, or another folder with --out")
    contents = {path: _filled(template, values) for path, template in files.items()}
    try:
        for path in contents:
            path.parent.mkdir(parents=True, exist_ok=True)
        write_together(contents)
    except OSError as error:
        raise RequestError(f"{error.filename} cannot be written: {error.strerror}; choose another --out") from error


def _filled(template: str, values: Mapping[str, str]) -> bytes:
    text = (templates() / "skeletons" / f"{template}.in").read_text(encoding="utf-8")
    return Template(text).substitute(values).encode()

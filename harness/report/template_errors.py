"""The one-line errors of templates that cannot be used and of folders that cannot be written."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

from harness.errors import RequestError, one_line
from harness.machine import bundled
from harness.machine.plain_files import remedy


def template_error(template: str, error: Exception) -> RequestError:
    """Return the error of a template that cannot be rendered: its file and line, and what is wrong."""
    from jinja2 import TemplateNotFound, TemplateSyntaxError

    folder = bundled.templates()
    frames = [(Path(frame.f_code.co_filename), line) for frame, line in traceback.walk_tb(error.__traceback__)]
    positions = [(file.name, line) for file, line in frames if file.parent == folder]
    if isinstance(error, TemplateSyntaxError):
        positions = [(error.name or template, error.lineno)]
    file, line = positions[-1] if positions else (template, 0)
    position = f"template {file} line {line}" if line else f"template {file}"
    problem = f"{type(error).__name__}: {error}"
    if isinstance(error, TemplateNotFound):
        problem = f"{error.name} does not exist"
    return RequestError(one_line(f"{position}: {problem}; fix it in {folder}"))


def write_error(folder: Path, error: OSError) -> RequestError:
    """Return the error of a folder that the report cannot be written into."""
    names = [Path(os.fsdecode(name)) for name in (error.filename2, error.filename) if name]
    place = next((f"{name.name}: " for name in names if name.parent == folder), "")
    what = remedy(error, "make it writable")
    return RequestError(f"cannot write the report into {folder}: {place}{error.strerror}; {what}")

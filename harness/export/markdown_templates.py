"""The templates of exported Markdown, with the filters that keep foreign text from being markup."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from harness.machine.bundled import templates
from harness.report.escaping import code, markdown

if TYPE_CHECKING:
    from jinja2 import Template


def template(name: str) -> Template:
    """Return a template with the filters `md`, `json` (a literal of Python and JSON), `quoted` and `code` (a line)."""
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(
        loader=FileSystemLoader(templates()), trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters |= {"md": markdown, "json": _json, "quoted": _quoted, "code": code}
    return environment.get_template(name)


def _json(value: str) -> str:
    """Return a text as Python and JSON write it, with every blank and line break that it has."""
    return json.dumps(value, ensure_ascii=False)


def _quoted(value: str) -> str:
    """Return a text in quotes as code of Markdown, in which nothing is markup."""
    fence = "`" * (max(map(len, re.findall("`+", value)), default=0) + 1)
    return f"{fence}{_json(value)}{fence}"

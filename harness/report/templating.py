"""Jinja templates, rendered with data that is escaped for HTML, Markdown or LaTeX."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError
from harness.machine import bundled
from harness.machine.printable import without_controls
from harness.report import page_links
from harness.report.documents import tex
from harness.report.escaping import ESCAPES, Raw, code
from harness.report.numbers import MINUS, hundred, memory, minutes, p_value, points, published, signed, three_decimals
from harness.report.sections.claim_words import comparability
from harness.report.sections.claims_section import source_url
from harness.report.template_errors import template_error

if TYPE_CHECKING:
    from jinja2 import Environment


def render(template: str, /, **context: Any) -> str:
    """Return a template filled with data, escaped for the template's format (the suffix before .j2).

    Raises RequestError, with file and line, if the template is missing or broken, uses an undefined name, or raises any
    other error.
    """
    kind = template.removesuffix(".j2").rpartition(".")[2]
    try:
        return _environment(kind, bundled.templates()).get_template(template).render(context)
    except (HarnessError, MemoryError):
        raise
    except Exception as error:
        raise template_error(template, error) from error


@cache
def _environment(kind: str, folder: Path) -> Environment:
    """Return the environment for templates of one format. LaTeX templates use <% %>, << >> and <# #>."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    delimiters = ("<%", "%>", "<<", ">>", "<#", "#>") if kind == "tex" else ("{%", "%}", "{{", "}}", "{#", "#}")
    environment = Environment(
        *delimiters,
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        autoescape=kind == "html",
        finalize=_finalize(ESCAPES[kind]) if kind in ESCAPES else _clean,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    plain = _with_hyphens if kind == "tex" else lambda number: number  # LaTeX makes the sign of a hyphen in $ $
    environment.filters |= {
        "hundred": plain(hundred),
        "signed": plain(signed),
        "three_decimals": plain(three_decimals),
        "p_value": p_value,
        "minutes": minutes,
        "memory": memory,
        "published": published,
        "source": page_links.source,
        "compared": page_links.pair_link,
        "entry_link": page_links.entry_link,
        "points": points,
        "source_url": source_url,
        "comparability": comparability,
        "raw": Raw,
        "code": code,
        "shortened": tex.shortened,
        "slug": tex.slug,
    }
    return environment


def _clean(value: Any) -> Any:
    """Return a value for a page: a text without control characters, which is escaped after, or what it is."""
    return without_controls(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _with_hyphens(number: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda value: number(value).replace(MINUS, "-")


def _finalize(escape: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda value: value if isinstance(value, Raw) else escape(value)

"""The templates: data escaped for HTML, Markdown or LaTeX, scripts admitted to a page by their hash alone."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError, RequestError, one_line
from harness.evidence.claims.published import published
from harness.machine import bundled
from harness.report import page_links, plain
from harness.report.documents import tex
from harness.report.numbers import chance, hundred, memory, minutes, signed, three
from harness.report.sections.claims_section import address

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


@dataclass(frozen=True)
class Script:
    """A page's script, and the source expression by which its Content-Security-Policy lets it (and no other) run."""

    text: Markup
    source: str


def render(template: str, /, **context: Any) -> str:
    """Return a template filled with data, escaped by the template's kind (the suffix before .j2).

    Raises RequestError, with file and line, for a template that is missing, broken, asks for what is not there, or
    raises any other error.
    """
    kind = template.removesuffix(".j2").rpartition(".")[2]
    try:
        return _environment(kind, bundled.templates()).get_template(template).render(context)
    except (HarnessError, MemoryError):
        raise
    except Exception as error:
        raise _unusable(template, error) from error


@cache
def _environment(kind: str, folder: Path) -> Environment:
    """Return the templates of one kind. Those of LaTeX are written with <% %>, << >> and <# #>."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    marks = ("<%", "%>", "<<", ">>", "<#", "#>") if kind == "tex" else ("{%", "%}", "{{", "}}", "{#", "#}")
    environment = Environment(
        *marks,
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        autoescape=kind == "html",
        finalize=_finalize(ESCAPES[kind]) if kind in ESCAPES else None,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"hundred": hundred, "signed": signed, "source": page_links.source}
    environment.filters |= {"three": three, "chance": chance, "published": published}
    environment.filters |= {"raw": Raw, "code": code, "shortened": tex.shortened, "slug": tex.slug}
    environment.filters |= {"minutes": minutes, "memory": memory, "compared": page_links.pair_link, "address": address}
    return environment


def _unusable(template: str, error: Exception) -> RequestError:
    """Return the one-line error of a template that cannot be filled: which one, which line, and what."""
    from jinja2 import TemplateNotFound, TemplateSyntaxError

    folder = bundled.templates()
    frames = [(Path(frame.f_code.co_filename), line) for frame, line in traceback.walk_tb(error.__traceback__)]
    places = [(file.name, line) for file, line in frames if file.parent == folder]
    if isinstance(error, TemplateSyntaxError):
        places = [(error.name or template, error.lineno)]
    file, line = places[-1] if places else (template, 0)
    where = f"template {file} line {line}" if line else f"template {file}"
    what = f"{type(error).__name__}: {error}"
    if isinstance(error, TemplateNotFound):
        what = f"{error.name} is not there"
    return RequestError(one_line(f"{where}: {what}; mend it in {folder}"))


def markdown(value: Any) -> str:
    """Return data as one line of Markdown in which none of it is markup, and no text turns the ones beside it around.

    >>> markdown("a|b *c*")
    'a\\\\|b \\\\*c\\\\*'
    """
    escaped = re.sub(r"([\\`*_\[\]<>|~&$#])", r"\\\1", plain.line(value))
    return re.sub(r"^(\d{1,9})([.)]) |^([-+=]) ", _block, escaped)


def _block(match: re.Match[str]) -> str:
    """Return the beginning of a line that would open a list or a rule, escaped."""
    number, mark, sign = match.groups()
    return f"{number}\\{mark} " if number else f"\\{sign} "


ESCAPES: Mapping[str, Callable[[Any], str]] = {"md": markdown, "tex": tex.escape}  # of HTML, Jinja's own


class Raw(str):
    """Markup of Markdown or LaTeX that is put in as it is."""

    __slots__ = ()


def code(text: str) -> Raw:
    """Return a text as one line of an indented code block of Markdown."""
    return Raw(plain.line(text))


def _finalize(escape: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda value: value if isinstance(value, Raw) else escape(value)


def script(names: Sequence[str]) -> Script:
    """Return files of the templates' folder as the one script of a page."""
    from markupsafe import Markup

    text = "".join(_read(name) for name in names)
    if "</script" in text.lower() or "<!--" in text:
        raise RequestError(f"a script among {', '.join(names)} would end its own element; write it otherwise")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Script(Markup(text), f"'sha256-{digest}'")


def _read(name: str) -> str:
    try:
        return (bundled.templates() / name).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise RequestError(f"template {name} is not there; mend it in {bundled.templates()}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(name, error) from error


def embedded(data: Any) -> Markup:
    """Return data as JSON for a <script type="application/json"> element, in which no text ends the element."""
    from markupsafe import Markup

    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def broken(folder: Path, error: OSError) -> RequestError:
    """Return the one-line error of a folder that the report cannot be written into."""
    return RequestError(f"cannot write the report into {folder}: {error.strerror}; make it writable")

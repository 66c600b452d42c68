"""The templates: data escaped for HTML, Markdown or LaTeX, scripts admitted to a page by their hash alone."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import resources
from harness.claims import published
from harness.collate import weights
from harness.errors import RequestError
from harness.report import view
from harness.report.numbers import chance, hundred, signed, three

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

    Raises RequestError, with file and line, for a template that is missing, broken or asks for what is not there.
    """
    from jinja2 import TemplateError, TemplateSyntaxError

    kind = template.removesuffix(".j2").rpartition(".")[2]
    try:
        return environment(html=kind == "html").get_template(template).render(context)
    except TemplateSyntaxError as error:
        raise RequestError(f"template {error.filename or template} line {error.lineno}: {error.message}") from error
    except TemplateError as error:
        raise RequestError(f"template {template}: {type(error).__name__}: {error.message or 'not found'}") from error


def environment(*, html: bool) -> Environment:
    """Return the templates, data escaped for HTML or for Markdown."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(resources.templates()),
        undefined=StrictUndefined,
        autoescape=html,
        finalize=None if html else markdown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"hundred": hundred, "signed": signed, "source": view.source, "weights": weights}
    environment.filters |= {"three": three, "chance": chance, "published": published}
    return environment


def markdown(value: Any) -> str:
    """Return data as one line of Markdown in which none of it is markup.

    >>> markdown("a|b *c*")
    'a\\\\|b \\\\*c\\\\*'
    """
    return re.sub(r"([\\`*_\[\]<>|~])", r"\\\1", " ".join(str(value).split()))


def script(names: Sequence[str]) -> Script:
    """Return files of the templates' folder as the one script of a page."""
    from markupsafe import Markup

    text = "".join((resources.templates() / name).read_text(encoding="utf-8") for name in names)
    if "</script" in text.lower() or "<!--" in text:
        raise RequestError(f"a script among {', '.join(names)} would end its own element; write it otherwise")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Script(Markup(text), f"'sha256-{digest}'")


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

"""Scripts and data embedded in a page; a page's Content-Security-Policy admits its own script by hash alone."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import RequestError
from harness.machine import bundled
from harness.machine.printable import without_controls
from harness.report.template_errors import template_error

if TYPE_CHECKING:
    from markupsafe import Markup
_SPECIAL = re.compile(r"\\(?:u00[01][0-9a-f]|.)|[\x7f-\x9f]")  # in JSON: an escape (of a backslash too), or a control


@dataclass(frozen=True)
class Script:
    """The script of a page, and the source expression that admits it in the page's Content-Security-Policy."""

    text: Markup
    source: str


def page_script(names: Sequence[str]) -> Script:
    """Return files of the templates folder as one script.

    Raises RequestError for a file that is missing or unreadable, or that would end the <script> element.
    """
    from markupsafe import Markup

    text = "".join(_read(name) for name in names)
    if "</script" in text.lower() or "<!--" in text:
        raise RequestError(f"a script among {', '.join(names)} contains </script or <!--; write it as an escape")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Script(Markup(text), f"'sha256-{digest}'")


def _read(name: str) -> str:
    try:
        return (bundled.templates() / name).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise RequestError(f"template {name} does not exist; restore it in {bundled.templates()}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise template_error(name, error) from error


def embed_json(data: Any) -> Markup:
    """Return data as JSON for a <script type="application/json"> element, in which no text ends the element.

    The texts are as the page shows them: without control characters.
    """
    from markupsafe import Markup

    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    text = _SPECIAL.sub(_visible, text)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _visible(character: re.Match[str]) -> str:
    """Return the JSON of a character as a page shows it."""
    return json.dumps(without_controls(json.loads(f'"{character[0]}"')), ensure_ascii=False)[1:-1]

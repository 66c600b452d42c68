"""Result folders from a stranger with texts that act on what shows them: pages, LaTeX, Markdown, terminals, CI."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from typing import Any

from support.fake_records import put_failed
from support.foreign_folders import Place, Plant, edited, listed
from support.foreign_places import RECORD
from support.hostile import NAMES, REASON

ACTS = "\x1b]0;own\x07\x1b[2J \u202eevil\u2066 [/INST] [link=file:///etc/passwd]a[/link] ::error::x ##[add-mask]y"
LINES = "a\n::stop-commands::b\r\n##[error]c\x85d\u2028e\x0c"
MARKUP = "</script><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 * 7 }}{% raw %}<%= 1 %>${9*9}"
TEX = r"\input{/etc/passwd}\immediate\write18{touch x}\end{document}$\\&#_^~%"
FORMULA = '=HYPERLINK("http://x"),+1,@SUM(1),\t=1'
ALL = " ".join((ACTS, LINES, MARKUP, TEX, FORMULA, "ݐ‮‍𝄞\udc80"))


def everywhere(value: Any, text: str) -> Any:
    """Return a value of JSON with a text in the place of each of its texts."""
    if isinstance(value, dict):
        return {name: everywhere(item, text) for name, item in value.items()}
    if isinstance(value, list):
        return [everywhere(item, text) for item in value]
    return text if isinstance(value, str) else value


def in_provenance(text: str) -> Plant:
    def plant(place: Place) -> None:
        for path in (place.foreign / "records").rglob("*.json"):
            provenance = json.loads(path.read_bytes())["provenance"]
            edited(path, ("provenance", everywhere(provenance, text)))
        listed(place.foreign)

    return plant


def in_run_file(text: str) -> Plant:
    def plant(place: Place) -> None:
        content = json.loads((place.foreign / "run.json").read_bytes())
        suite = everywhere({**content["suite"], "title": "", "description": "", "licence": ""}, text)
        edited(place.foreign / "run.json", ("command", ["harness", text, text]), ("suite", suite))
        listed(place.foreign)

    return plant


def failed(text: str) -> Plant:
    def plant(place: Place) -> None:
        put_failed(place.foreign, ("clpl", "ko", 0), "x")
        edited(place.foreign / "records/clpl/ko/0.json", ("reason", text))
        listed(place.foreign)

    return plant


def all_failed(text: str) -> Plant:
    def plant(place: Place) -> None:
        for path in (place.foreign / "records").rglob("*.json"):
            edited(path, ("status", "failed"), ("reason", text), ("files", {}), ("measures", {}))
        listed(place.foreign)

    return plant


def entry_named(name: str) -> Plant:
    """Return what gives an entry another name, in its records and where they lie."""

    def plant(place: Place) -> None:
        old = place.foreign / "records" / "mnrl"
        new = old.with_name(name.replace("/", ""))
        shutil.move(old, new)
        for path in new.rglob("*.json"):
            edited(path, ("entry", name))
        listed(place.foreign)

    return plant


def file_named(name: str) -> Plant:
    def plant(place: Place) -> None:
        (place.foreign / name).write_text("x", encoding="utf-8")

    return plant


def suite_named(name: str) -> Plant:
    def plant(place: Place) -> None:
        for path in (place.foreign / "records").rglob("*.json"):
            edited(path, ("suite", name))
        edited(place.foreign / "run.json", ("resolved/suite", name))
        listed(place.foreign)

    return plant


_MAKERS: Mapping[str, Callable[[str], Plant]] = {
    "a reason": failed,
    "all reasons": all_failed,
    "provenance": in_provenance,
    "run.json": in_run_file,
}
_NAMED = {"signs": "\x1b[31m\u202ea\n::error::b", "markup": "<img src=x onerror=alert(1)>[/INST]", "tex": NAMES[1]}


def _spread() -> Mapping[str, Plant]:
    texts = {"acts": ACTS, "lines": LINES, "markup": MARKUP, "tex": TEX, "formulas": FORMULA}
    texts |= {"all": ALL, "long": REASON}
    return {f"{text} in {place}": make(texts[text]) for place, make in _MAKERS.items() for text in texts}


TEXTS: Mapping[str, Plant] = {
    **_spread(),
    **{f"{kind} as an entry's name": entry_named(name) for kind, name in _NAMED.items()},
    **{f"{kind} as a suite's name": suite_named(name) for kind, name in _NAMED.items()},
    **{f"{kind} as a file's name": file_named(name.replace("/", "")) for kind, name in _NAMED.items()},
    "a record name of other bytes": lambda place: shutil.copy(
        place.foreign / RECORD, bytes(place.foreign / "records/mnrl/ko") + b"/\xff\x1b.json"
    ),
}

"""report.json of an output folder: how each format of the report was written, so that it can be written again.

    {"html": {"baseline": "base", "formats": ["html", "md", …], "texts": {"ko": ""}, "generator": {…}}, …}

`formats` are those that were written together (the page links to the others); `texts` is null for a report that read
no texts, otherwise language → "" or why its texts are not at hand. `joined` names the languages whose texts were at
hand with title and text joined alone. `show_texts` is false where pages show only what is computed from texts.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field, ValidationError

from harness.errors import DataError
from harness.machine import plain_files
from harness.machine.json_toml import parse_json
from harness.report.generator import generator
from harness.report.report_formats import Format
from harness.schema import Strict, explain
from harness.stats.entry_scores import BASE

if TYPE_CHECKING:
    from harness.evidence.texts import Texts

REPORT_FILE = "report.json"


class ReportSettings(Strict):
    """How one format was written. The defaults are those of a folder that does not say; its generator is unknown."""

    baseline: str = BASE
    formats: tuple[Format, ...] = tuple(Format)
    texts: Mapping[str, str] | None = Field(default_factory=dict)
    joined: tuple[str, ...] = ()
    show_texts: bool = True
    generator: Mapping[str, str] = Field(default_factory=dict)


def settings_of(
    baseline: str, formats: Collection[Format], texts: Texts | None, *, show_texts: bool = True
) -> ReportSettings:
    """Return the settings of a report that is written here and now."""
    read = texts if Format.html in formats else None
    return ReportSettings(
        baseline=baseline,
        formats=tuple(formats),
        texts=None if read is None else reasons_of(read),
        joined=() if read is None else joined_of(read),
        show_texts=show_texts,
        generator=generator(),
    )


def reasons_of(texts: Texts) -> dict[str, str]:
    """Return language → why its texts are not at hand, "" where they are."""
    return {language: value if isinstance(value, str) else "" for language, value in texts.items()}


def joined_of(texts: Texts) -> tuple[str, ...]:
    """Return the languages whose titles cannot be read apart from texts."""
    return tuple(language for language, value in texts.items() if not isinstance(value, str) and value.titled is None)


def read_report_settings(folder: Path) -> dict[Format, ReportSettings]:
    """Return format → how it was written, {} for a folder without report.json; raises DataError for a damaged one."""
    path = folder / REPORT_FILE
    try:
        content = parse_json(plain_files.read(folder, REPORT_FILE, "TABLE_BYTES"))
        return {Format(name): ReportSettings.model_validate_json(json.dumps(table)) for name, table in content.items()}
    except FileNotFoundError:
        return {}
    except OSError as error:
        what = plain_files.remedy(error, "write the report again")
        raise DataError(f"{path} cannot be read: {error.strerror}; {what}") from error
    except ValidationError as error:
        raise DataError(f"{path}: {explain(error)}; write the report again") from error
    except (AttributeError, ValueError) as error:
        raise DataError(f"{path} is damaged: {error}; write the report again") from error


def settings_text(folder: Path, settings: ReportSettings) -> str:
    """Return report.json with the formats of `settings` as written now, and all others as they were."""
    try:
        known = read_report_settings(folder)
    except DataError:
        known = {}
    known |= dict.fromkeys(settings.formats, settings)
    content = {str(form): known[form].model_dump(mode="json") for form in Format if form in known}
    return json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n"

"""The texts and judgments behind a folder's records, if this machine has them; nothing is fetched or computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness.data import suite_files
from harness.data.titled_passages import TitledPassages, titled_passages
from harness.errors import DataChanged, RequestError
from harness.machine.store import Store
from harness.request.cell import Place
from harness.request.manifest import LocalBase
from harness.request.suite import Suite
from harness.results.folder import ResultFolder
from harness.results.run_file import RunFile
from harness.stages import prepare
from harness.stages.lineage import prepare_key
from harness.types import EVALUATION_DIGESTS, Data


@dataclass(frozen=True)
class LanguageTexts:
    """The data of one language; `titled` reads titles apart from texts, None where their files are not at hand."""

    data: Data
    titled: TitledPassages | None = None


Texts = Mapping[str, LanguageTexts | str]
"""Language → its data, or why there are none, in words that follow "Texts are not shown: "."""

LARGE = 100_000  # passages: reading more takes longer than a report may
ABSENT = "the data of this language are not on the machine that wrote this page."
OTHER = "the data at hand are not those of the records"
UNKNOWN = "run.json does not say what data the records are of."


def texts_of(
    results: ResultFolder,
    cache: Path,
    data_dir: Path | None = None,
    *,
    manifest: str | None = None,
    large: bool = False,
) -> Texts:
    """Return the data of every language of a folder, compared with the digests in its records.

    Data files are looked up as in a run, in `data_dir` and beside `manifest`, the path of the suite: both are the
    user's to say, and no path in run.json is followed. Prepared data are taken from the cache, unless a file at hand
    has changed; a corpus of more than LARGE passages is read only with `large`, be it to prepare it or for its titles.
    """
    suite = _suite(results.run)
    if isinstance(suite, str):
        return dict.fromkeys(results.languages, suite)
    suite.locate(manifest or "")
    place = Place(cache, data_dir)
    return {language: _data(results, suite, language, place, large=large) for language in results.languages}


def _suite(run: RunFile) -> Suite | str:
    """Return the suite of run.json, as far as it determines the texts, or why there is none."""
    if run.request is None or not run.suite_content:
        return UNKNOWN
    files = run.suite_content.get("train_files")
    if run.request.train_file is not None and not files:
        return ABSENT
    table: dict[str, Any] = {**run.suite_content, "train_files": _train_files(files)}
    if run.suite and run.suite.base_model.sha256:  # a folder: run.json has no path of it, and texts do not depend on it
        table["base_model"] = LocalBase(path=Path(), sha256=run.suite.base_model.sha256)
    try:
        return Suite.model_validate(table)
    except ValidationError:
        return UNKNOWN


def _train_files(files: Any) -> dict[str, Any]:
    """Return the user's training rows without a path: where they were prepared, their sha256 finds the data."""
    tables = files.items() if isinstance(files, Mapping) else ()
    return {language: {**file, "path": Path()} for language, file in tables if isinstance(file, Mapping)}


def _data(results: ResultFolder, suite: Suite, language: str, place: Place, *, large: bool) -> LanguageTexts | str:
    if language not in suite.languages:
        return ABSENT
    try:
        store = Store(place.cache)
        passages = suite.languages[language].counts.passages or 0
        is_read = large or passages <= LARGE
        if not is_read and not store.has("prepare", prepare_key(suite, language)):
            return (
                f"reading its {passages:,} passages takes minutes, and no run prepared them in this cache; "
                "`harness report --texts` reads them."
            )
        suite_files.check_declared(suite, language, data_dir=place.data_dir, cache_dir=place.cache)
        data = prepare.prepare(suite, language, place, store)
    except DataChanged as error:
        return f"{OTHER}: {error}."
    except (RequestError, OSError):
        return ABSENT
    if mismatch := _mismatch(results, language, data):
        return mismatch
    if not is_read:
        return LanguageTexts(data)
    return LanguageTexts(data, titled_passages(suite, language, data_dir=place.data_dir, cache_dir=place.cache))


def _mismatch(results: ResultFolder, language: str, data: Data) -> str:
    """Return why these are not the data of a language's records, "" if they are."""
    recorded = [record.data_digests for record in results.records if record.language == language]
    if any(name not in digests for digests in recorded for name in EVALUATION_DIGESTS):
        return "the records do not say what data they are of."
    current = data.digests
    differing = [name for name in EVALUATION_DIGESTS if any(digests[name] != current[name] for digests in recorded)]
    return f"{OTHER}; other are: {', '.join(differing)}." if differing else ""

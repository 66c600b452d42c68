"""The texts and judgments behind a folder's records, where this machine has them; nothing is fetched or computed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness.data import train_file
from harness.errors import RequestError
from harness.evidence.leaderboard import Leaderboard
from harness.machine.store import Store
from harness.request.cell import Place
from harness.request.manifest import LocalBase
from harness.request.suite import Suite
from harness.stages import prepare
from harness.types import EVALUATION_DIGESTS, Data

Texts = Mapping[str, Data | str]
"""Language → its data, or why there are none, in words that follow "Texts are not shown: "."""

LARGE = 100_000  # passages: reading more takes longer than a report may
ABSENT = "the data of this language are not on the machine that wrote this page."
UNKNOWN = "run.json does not say what data the records are of."


def of_board(board: Leaderboard, cache: Path, data_dir: Path | None = None, *, large: bool = False) -> Texts:
    """Return the data of every language of a board, held against the digests in its records.

    Data files are looked for as a run looks for them; `data_dir` stands in for the folder that the request named.
    What a run has prepared is taken from the cache; a corpus of more than LARGE passages that is not there is read
    only where `large` asks for it.
    """
    suite = _suite(board.run)
    if isinstance(suite, str):
        return dict.fromkeys(board.languages, suite)
    place = Place(cache, data_dir or _data_dir(board.run))
    return {language: _found(board, suite, language, place, large=large) for language in board.languages}


def _suite(run: Mapping[str, Any]) -> Suite | str:
    """Return the suite of run.json, as far as it says how texts are read, or why there is none."""
    try:
        table = {**run["suite"], "train_files": {}}
        if "sha256" in table["base_model"]:  # a folder, of which run.json holds no path; texts do not depend on it
            table["base_model"] = LocalBase(path=Path(), **table["base_model"])
        suite = Suite.model_validate(table)
        given, languages = run["request"]["train_file"], run["request"]["languages"]
    except (KeyError, TypeError, ValidationError):
        return UNKNOWN
    if given is None:
        return suite
    try:
        files = train_file.declare(given, languages or list(suite.languages), suite.languages)
    except (OSError, RequestError):
        return ABSENT
    return suite.model_copy(update={"train_files": files})


def _data_dir(run: Mapping[str, Any]) -> Path | None:
    """Return the data folder of the request where there is one of that name here."""
    request = run.get("request")
    named = request.get("data_dir") if isinstance(request, Mapping) else None
    return Path(named) if isinstance(named, str) and Path(named).is_dir() else None


def _found(board: Leaderboard, suite: Suite, language: str, place: Place, *, large: bool) -> Data | str:
    if language not in suite.languages:
        return ABSENT
    try:
        store = Store(place.cache)
        passages = suite.languages[language].counts.passages
        if passages > LARGE and not large and not store.has("prepare", prepare.key_of(suite, language)):
            return (
                f"reading its {passages:,} passages takes minutes, and no run prepared them in this cache; "
                "`harness report --texts` reads them."
            )
        data = prepare.prepare(suite, language, place, store)
    except (RequestError, OSError):
        return ABSENT
    return _refused(board, language, data) or data


def _refused(board: Leaderboard, language: str, data: Data) -> str:
    """Return why these are not the data of a language's records, "" where they are."""
    recorded = [_digests(record.provenance) for record in board.records if record.language == language]
    if any(name not in digests for digests in recorded for name in EVALUATION_DIGESTS):
        return "the records do not say what data they are of."
    here = data.digests
    differ = [name for name in EVALUATION_DIGESTS if any(digests[name] != here[name] for digests in recorded)]
    return f"the data at hand are not those of the records; other are: {', '.join(differ)}." if differ else ""


def _digests(provenance: Mapping[str, Any]) -> Mapping[str, Any]:
    data = provenance.get("data")
    digests = data.get("digests") if isinstance(data, Mapping) else None
    return digests if isinstance(digests, Mapping) else {}

"""Passages with title and text apart, as a suite's files hold them: prepared data hold both joined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.data import suite_files
from harness.data.assembly import join_title
from harness.data.load import searched_passages
from harness.data.passage_streams import select
from harness.data.raw_data import Passage
from harness.errors import RequestError
from harness.request.suite import Suite


@dataclass(frozen=True)
class TitledPassages:
    """The searched passages of one language of a suite whose files are at hand."""

    suite: Suite
    language: str
    data_dir: Path | None
    cache_dir: Path

    def read(self, joined: Mapping[str, str]) -> dict[str, Passage]:
        """Return id → title and text, stripped, of those that have a title; `joined` holds ids and prepared texts.

        The whole corpus is read, unless the suite drops titles. A passage whose prepared text is not what the files
        give, joined, is left out.
        """
        if not self.suite.text.title or not joined:
            return {}
        passages = searched_passages(self.suite, self.language, data_dir=self.data_dir, cache_dir=self.cache_dir)
        return {
            doc: Passage(passage.title.strip(), passage.text.strip())
            for doc, passage in select(passages.items(), joined.keys())
            if passage.title.strip() and join_title(passage, self.suite.text) == joined[doc]
        }


def titled_passages(suite: Suite, language: str, *, data_dir: Path | None, cache_dir: Path) -> TitledPassages | None:
    """Return the passages of a language, None where a file of them is missing or is not the declared one."""
    try:
        lookup = suite_files.lookup_of(suite, data_dir, cache_dir, language)
        suite_files.paths(suite.languages[language].retrieval, language, lookup)
    except (RequestError, OSError):
        return None
    return TitledPassages(suite, language, data_dir, cache_dir)

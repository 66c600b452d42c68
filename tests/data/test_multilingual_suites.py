"""The suites xquad, mkqa and xor-tydi: their manifests, and stand-ins of files that are not part of this repository."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from harness.data import ir_datasets_files, suite_files
from harness.data.found_hashes import with_found_hashes
from harness.data.load import load_reported
from harness.data.readers.squad import is_dev
from harness.errors import DataError
from harness.request import plugins, suite
from harness.request.data_sources import Source
from harness.request.suite import Suite

CHINESE = {"茶": ("茶树生长在云南的山上。", "茶树长在哪里?"), "米": ("稻米种在水田里面。", "稻米种在哪里?")}
THAI = {
    "ชา": ("ต้นชาเติบโตบนภูเขาทางใต้", "ต้นชาเติบโตที่ไหน"),
    "ข้าว": ("ชาวนาปลูกข้าวในนาที่มีน้ำ", "ชาวนาปลูกข้าวที่ไหน"),
}


def xquad(folder: Path, language: str, texts: dict[str, tuple[str, str]]) -> Path:
    """Write a file in XQuAD's format, of one article of dev and one of train."""
    titles = (title for title in (f"Article_{i}" for i in count()))
    kinds = [next(title for title in titles if is_dev(title) is dev) for dev in (True, False)]
    articles: list[Any] = []
    for title, (name, (context, question)) in zip(kinds, texts.items(), strict=True):
        answers = [{"text": context[:2], "answer_start": 0}]
        qas = [{"id": f"{language}-{name}", "question": question, "answers": answers}]
        articles.append({"title": title, "paragraphs": [{"context": context, "qas": qas}]})
    path = folder / "qa" / f"xquad.{language}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"version": "1.1", "data": articles}, ensure_ascii=False), encoding="utf-8")
    return path


def without(loaded: Suite, language: str, *fields: str) -> Suite:
    """Return the suite without some of what a language declares."""
    declared = loaded.languages[language]
    defaults = {name: type(declared).model_fields[name].default for name in fields}
    changed = declared.model_copy(update=defaults)
    return loaded.model_copy(update={"languages": {**loaded.languages, language: changed}})


def test_xquad_has_twelve_languages_and_the_hindi_file_of_wikiqa() -> None:
    loaded = suite.load("xquad")
    assert sorted(loaded.languages) == ["ar", "de", "el", "en", "es", "hi", "ro", "ru", "th", "tr", "vi", "zh"]
    wikiqa = suite.load("wikiqa").languages["hi"].retrieval
    assert loaded.languages["hi"].retrieval == wikiqa
    commit = str(wikiqa.files[0].url).rpartition("/")[0]
    for language, declared in loaded.languages.items():
        (file,) = declared.retrieval.files
        assert (file.url or file.published) == f"{commit}/xquad.{language}.json"
        assert (file.sha256 is None) is (language != "hi")


@pytest.mark.parametrize(("language", "texts"), [("zh", CHINESE), ("th", THAI)])
def test_bm25_finds_the_paragraph_in_a_language_without_spaces(
    tmp_path: Path, language: str, texts: dict[str, tuple[str, str]]
) -> None:
    xquad(tmp_path, language, texts)
    loaded = without(suite.load("xquad"), language, "counts")
    found = with_found_hashes(loaded, data_dir=tmp_path, cache_dir=tmp_path)
    assert found.found == {language: (f"qa/xquad.{language}.json",)}
    data, _ = load_reported(found, language, data_dir=tmp_path, cache_dir=tmp_path)
    queries = {query: data.queries[query] for query in (*data.train, *data.dev)}
    ranking = plugins.load("bm25", {}).search(data.passages, queries, 2)
    for query, results in ranking.items():
        first, score = results[0]
        assert first in (data.dev.get(query) or data.train[query])
        assert score > 0
    assert (len(data.train), len(data.dev)) == (1, 1)


def test_a_file_whose_hash_is_not_known_is_asked_for_by_its_address_and_not_fetched(tmp_path: Path) -> None:
    loaded = suite.load("xquad")
    (row,) = suite_files.status(loaded, ["th"], cache_dir=tmp_path)
    assert (row.state, row.location) == ("missing", loaded.languages["th"].retrieval.files[0].published)
    with pytest.raises(
        DataError, match=r"nothing fetches it: download https://.*/xquad\.th\.json, and put the file at"
    ):
        suite_files.fetch(loaded, ["th"], cache_dir=tmp_path)


def test_a_published_file_lies_below_its_folder_or_by_its_name_alone(tmp_path: Path) -> None:
    path = xquad(tmp_path, "th", THAI)
    path.rename(tmp_path / path.name)
    (row,) = suite_files.status(suite.load("xquad"), ["th"], data_dir=tmp_path, cache_dir=tmp_path)
    assert (row.state, row.location) == ("present", str(tmp_path / path.name))


def test_xor_tydi_reads_each_languages_questions_of_one_file(tmp_path: Path) -> None:
    folder = tmp_path / "xor-tydi"
    folder.mkdir()
    rows = [
        {"id": f"{language}-1", "question": f"question in {language}", "lang": language, "answers": ["the hills"]}
        for language in suite.load("xor-tydi").languages
    ]
    (folder / "xor_dev_retrieve_eng_span_v1_1.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (folder / "enwiki_20190201_w100.tsv").write_text("id\ttext\ttitle\n7\tTea of the hills\tTea\n", encoding="utf-8")
    for language in ("ko", "te"):
        loaded = with_found_hashes(
            without(suite.load("xor-tydi"), language, "training"), data_dir=tmp_path, cache_dir=tmp_path
        )
        data, _ = load_reported(loaded, language, data_dir=tmp_path, cache_dir=tmp_path)
        assert data.dev == {f"{language}-1": {"7": 1}}
        assert dict(data.passages.items())["7"] == "Tea Tea of the hills"


@pytest.mark.parametrize("name", ["mkqa", "xor-tydi"])
def test_the_languages_are_those_that_miracl_has_a_train_split_of(name: str) -> None:
    for language, declared in suite.load(name).languages.items():
        assert declared.training is not None
        assert declared.training.ir_datasets == f"miracl/{language}"
        assert ir_datasets_files.files(f"miracl/{language}", "miracl-train")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"reader": "xor-retrieve"}, "subset names a language's part"),
        ({"subset": "ko"}, "subset names a language's part"),
        ({"split": "train"}, "split = \"train\" is for reader 'mteb'"),
        (
            {"files": [{"path": "a", "url": "u", "published": "u", "sha256": "0" * 64, "bytes": 1}]},
            "leave the latter out",
        ),
    ],
)
def test_keys_that_have_no_effect_are_refused(change: dict[str, Any], reason: str) -> None:
    source = {"reader": "squad", "files": [{"path": "a"}], "licence": "x", "citation": "y", **change}
    with pytest.raises(ValueError, match=reason):
        Source.model_validate(source)

"""Manifests: what is refused, and what the bundled suite holds."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support.commands import tiny_suite

from harness.data.validation import normalized
from harness.errors import DataError, RequestError
from harness.machine.bundled import manifests
from harness.request import suite
from harness.types import Need

MINI = manifests() / "mini.toml"
LANGUAGES = ("ko", "hi", "fa")


def changed(folder: Path, old: str, new: str) -> Path:
    """Write mini's manifest with the first `old` replaced by `new`."""
    text = MINI.read_text(encoding="utf-8")
    assert old in text, f"mini.toml holds no {old!r} to change"
    path = folder / "changed.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def refusal(path: Path) -> str:
    with pytest.raises(DataError) as error:
        suite.parse(path)
    message = str(error.value)
    assert "\n" not in message
    assert str(path) in message
    return message


@pytest.mark.parametrize(
    ("table", "where"),
    [
        ("name =", "bogus"),
        ("[text]\n", "text.bogus"),
        ("[base_model]\n", "bogus"),
        ("[evaluation]\n", "evaluation.bogus"),
        ("[mining]\n", "mining.bogus"),
        ("[[experts]]\n", "experts.0.bogus"),
        ("[training.ranking]\n", "training.ranking.bogus"),
        ("[languages.ko.retrieval]\n", "languages.ko.retrieval.bogus"),
        ("[languages.ko.nli]\n", "languages.ko.nli.bogus"),
        ("[languages.ko.counts]\n", "languages.ko.counts.bogus"),
        ("    { ", "languages.ko.retrieval.files.0.bogus"),
    ],
)
def test_an_unknown_key_is_rejected_at_every_level(tmp_path: Path, table: str, where: str) -> None:
    new = {"name =": "bogus = 1\nname =", "    { ": "    { bogus = 1, "}.get(table, f"{table}bogus = 1\n")
    message = refusal(changed(tmp_path, table, new))
    assert f"{where}: unknown key" in message


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("mini/ko/corpus.jsonl", "../corpus.jsonl", "path '../corpus.jsonl' leaves its folder"),
        ("mini/ko/corpus.jsonl", "mini/../../corpus.jsonl", "path 'mini/../../corpus.jsonl' leaves its folder"),
        ("mini/ko/corpus.jsonl", "/etc/passwd", "path '/etc/passwd' leaves its folder"),
        ("mini/ko/corpus.jsonl", "mini\\\\corpus.jsonl", "leaves its folder"),
        ('sha256 = "', 'sha256 = "X', "languages.ko.retrieval.files.0.sha256"),
        ("bytes = ", "bytes = -", "languages.ko.retrieval.files.0.bytes"),
        ('"nDCG@5"', '"nDGC@5"', "measure 'nDGC@5' is not one that ir_measures knows"),
        ('"nDCG@5"', '"nDCG@0"', "measure 'nDCG@0' has a cut-off below 1"),
        ('"nDCG@5"', '"RBP"', "measure 'RBP' cannot be computed here"),
        ('"nDCG@5"', '"ERR@10"', "measure 'ERR@10' cannot be computed here"),
        ('"nDCG@5"', '"alpha_nDCG@10"', "measure 'alpha_nDCG@10' cannot be computed here"),
        ('primary = "nDCG@10"', 'primary = "nDCG@20"', "primary measure 'nDCG@20' is not among the measures"),
        ("depth = 100", "depth = 0", "evaluation.depth"),
        ("encode_batch_size = 64", 'encode_batch_size = "many"', "evaluation.encode_batch_size"),
        (
            "encode_batch_size = 64",
            "encode_batch_size = 64\nencode_tokens = 20",
            "encode_tokens = 20 holds no text of 128",
        ),
        ("warmup = 0.1", "warmup = 1.5", "training.ranking.warmup"),
        ('ranker = "bm25"', 'ranker = "bm25"\nencoder = "base"', "expert 'bm25' needs either a ranker or an encoder"),
        ("[training.ranking]", "[training.rnaking]", "training.rnaking"),
        ('name = "mini"', 'name = "../mini"', "name"),
        ('name = "mini"', "", "name: missing"),
    ],
)
def test_a_wrong_value_is_rejected_with_its_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert message in refusal(changed(tmp_path, old, new))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("nli_degraded = { share = true }", "nli_degraded.share: must be a number, not true"),
        ("nli_degraded = { share = 1.5 }", "nli_degraded.share: must be less than or equal to 1, not 1.5"),
        ("nli_degraded = { share = 0.5, seed = 'a' }", "nli_degraded.seed: must be a whole number, not 'a'"),
        ("nli_degraded = 0.5", "nli_degraded: must be a table, not 0.5"),
        ("pair_tasks = { name = 'a', type = 'STS' }", "pair_tasks: must be a list, not a table"),
        ("pair_tasks = [{ type = 'STS' }]", "pair_tasks.0.name: missing"),
        ("pair_tasks = [{ name = 'a b', type = 'STS' }]", "pair_tasks.0.name: must match pattern '"),
        (
            "pair_tasks = [{ name = 'a', type = 'sts' }]",
            "pair_tasks.0.type: must be 'PairClassification' or 'STS', not 'sts'",
        ),
    ],
)
def test_a_wrong_setting_of_a_study_is_rejected_in_our_words(tmp_path: Path, table: str, message: str) -> None:
    assert f"languages.ko.{message}" in refusal(
        changed(
            tmp_path,
            "[languages.ko.retrieval]",
            f"""\
[languages.ko]
{table}
[languages.ko.retrieval]""",
        )
    )


@pytest.mark.parametrize(
    ("end", "message"), [("[base_mo", "is not valid TOML"), ("[base_model]\n", "languages: missing")]
)
def test_a_truncated_manifest_is_rejected(tmp_path: Path, end: str, message: str) -> None:
    path = tmp_path / "cut.toml"
    content = MINI.read_text(encoding="utf-8")
    path.write_text(content[: content.index(end) + len(end)], encoding="utf-8")
    assert message in refusal(path)


def test_a_manifest_that_is_not_utf_8_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes('title = "Français"'.encode("latin-1"))
    assert "is not valid TOML" in refusal(path)


def test_the_error_for_an_unknown_suite_has_the_nearest_name_and_the_list() -> None:
    with pytest.raises(RequestError, match=r"^unknown suite 'mimi'; did you mean 'mini'\? Available: .*mini.*wikiqa"):
        suite.load("mimi")


def test_a_measure_has_one_spelling() -> None:
    evaluation = suite.load("mini").evaluation
    assert suite.measuring(evaluation, ["NDCG@10", "nDCG@10", "MRR@10"]).measures == ("nDCG@10", "RR@10")


def test_the_first_requested_measure_is_primary_where_the_suites_primary_is_not_requested() -> None:
    evaluation = suite.load("mini").evaluation
    assert suite.measuring(evaluation, ["R@100", "nDCG@10"]).primary == "nDCG@10"
    assert suite.measuring(evaluation, ["R@100", "AP"]).primary == "R@100"


@pytest.mark.parametrize("name", suite.names())
def test_every_bundled_manifest_is_valid_and_named_as_its_file(name: str) -> None:
    loaded = suite.load(name)
    assert loaded.name == name
    assert loaded.evaluation.primary in loaded.evaluation.measures


def test_the_digest_changes_with_any_setting(tmp_path: Path) -> None:
    assert suite.parse(changed(tmp_path, "depth = 100", "depth = 101")).digest != suite.load("mini").digest


def test_mini_offers_what_every_method_needs() -> None:
    mini = suite.load("mini")
    assert set(mini.languages) == set(LANGUAGES)
    assert all(mini.offers(language) == frozenset(Need) for language in LANGUAGES)


# ---------------------------------------------------------------------------------------------- the text of mini


def rows(language: str, name: str) -> list[dict[str, Any]]:
    lines = (manifests() / "mini" / language / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def judged(language: str, split: str) -> dict[str, set[str]]:
    """Return query id → relevant passage ids."""
    lines = (manifests() / f"mini/{language}/qrels/{split}.tsv").read_text(encoding="utf-8").splitlines()
    relevant: dict[str, set[str]] = {}
    for line in lines[1:]:
        query, doc, grade = line.split("\t")
        assert grade == "1"
        relevant.setdefault(query, set()).add(doc)
    return relevant


def of(relevant: dict[str, set[str]]) -> set[str]:
    return {doc for docs in relevant.values() for doc in docs}


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_mini_has_at_least_180_titled_passages_of_30_to_80_words(language: str) -> None:
    corpus = rows(language, "corpus.jsonl")
    assert len(corpus) >= 180
    assert all(passage["title"].strip() for passage in corpus)
    lengths = [len(passage["text"].split()) for passage in corpus]
    assert min(lengths) >= 30
    assert max(lengths) <= 80


def test_mini_has_at_least_30_groups_of_related_passages(language: str) -> None:
    groups = Counter(passage["_id"].rsplit("-", 1)[0] for passage in rows(language, "corpus.jsonl"))
    assert len(groups) >= 30
    assert min(groups.values()) >= 2


def test_mini_has_at_least_360_training_and_150_dev_queries(language: str) -> None:
    train, dev = judged(language, "train"), judged(language, "dev")
    assert len(train) >= 360
    assert len(dev) >= 150
    assert not set(train) & set(dev)


def test_half_of_the_passages_that_dev_queries_of_mini_ask_for_have_no_training_query(language: str) -> None:
    searched, trained = of(judged(language, "dev")), of(judged(language, "train"))
    assert 0.45 <= len(searched - trained) / len(searched) <= 0.55


def test_every_passage_of_mini_has_a_query_that_may_be_trained_on(language: str) -> None:
    passages = {passage["_id"] for passage in rows(language, "corpus.jsonl")}
    assert of(judged(language, "train")) | of(judged(language, "extra")) == passages


def test_mini_has_at_least_80_whole_nli_triples(language: str) -> None:
    triples = rows(language, "nli.jsonl")
    assert len(triples) >= 80
    names = ("premise", "entailment", "contradiction")
    assert all(len({normalized(triple[name]) for name in names}) == 3 for triple in triples)


def test_no_text_of_mini_occurs_twice(language: str) -> None:
    texts = [row["text"] for name in ("corpus.jsonl", "queries.jsonl") for row in rows(language, name)]
    texts += [text for triple in rows(language, "nli.jsonl") for text in triple.values()]
    twice = [text for text, times in Counter(map(normalized, texts)).items() if times > 1]
    assert twice == []


def test_no_two_passages_of_mini_share_a_title(language: str) -> None:
    titles = Counter(normalized(passage["title"]) for passage in rows(language, "corpus.jsonl"))
    assert [title for title, times in titles.items() if times > 1] == []


def script_of(letter: str) -> str:
    return unicodedata.name(letter, "NONE").split()[0]


@pytest.mark.parametrize(("language", "script"), [("ko", "HANGUL"), ("hi", "DEVANAGARI"), ("fa", "ARABIC")])
def test_mini_is_written_in_the_script_of_its_language(language: str, script: str) -> None:
    names = ("corpus.jsonl", "queries.jsonl", "nli.jsonl")
    texts = [
        str(text) for name in names for row in rows(language, name) for field, text in row.items() if field != "_id"
    ]
    shares = []
    for text in texts:
        scripts = Counter(script_of(letter) for letter in text if letter.isalpha())
        shares.append(scripts[script] / scripts.total())
    assert sum(shares) / len(shares) > 0.97
    assert min(shares) > 0.5


@pytest.mark.parametrize(("letter", "name"), [("\u064a", "ARABIC LETTER YEH"), ("\u0643", "ARABIC LETTER KAF")])
def test_the_persian_of_mini_has_no_arabic_yeh_or_kaf(letter: str, name: str) -> None:
    assert unicodedata.name(letter) == name
    files = (path for path in (manifests() / "mini/fa").rglob("*") if path.is_file())
    assert [path.name for path in files if letter in path.read_text(encoding="utf-8")] == []


def test_mini_is_smaller_than_3_mb() -> None:
    files = [MINI, *(path for path in (manifests() / "mini").rglob("*") if path.is_file())]
    assert sum(path.stat().st_size for path in files) < 3_000_000


def test_the_hashes_and_counts_in_the_manifest_of_mini_are_those_of_its_files(language: str) -> None:
    declared = suite.load("mini").languages[language]
    assert declared.nli is not None
    files = (*declared.retrieval.files, *declared.nli.files)
    for file in files:
        content = (manifests() / file.path).read_bytes()
        assert (file.sha256, file.bytes) == (hashlib.sha256(content).hexdigest(), len(content)), file.path
    present = {path.relative_to(manifests()).as_posix() for path in (manifests() / f"mini/{language}").rglob("*.*")}
    assert {file.path for file in files} == present
    assert declared.counts.passages == len(rows(language, "corpus.jsonl"))
    assert declared.counts.train_queries == len(judged(language, "train"))
    assert declared.counts.dev_queries == len(judged(language, "dev"))
    assert declared.counts.nli == len(rows(language, "nli.jsonl"))


def refused(tmp_path: Path, old: str, new: str) -> str:
    manifest = tiny_suite(tmp_path)
    text = manifest.read_text(encoding="utf-8")
    assert old in text
    manifest.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        suite.load(str(manifest))
    return str(caught.value)


@pytest.mark.parametrize("name", ['"en/us"', '".."', '"en us"', '"-"', '""', "average", '"en-"'])
def test_a_language_is_a_tag(tmp_path: Path, name: str) -> None:
    assert "is not a language tag" in refused(tmp_path, "[languages.en.", f"[languages.{name}.")


@pytest.mark.parametrize("name", ["en", "pt-BR", "zh_Hans", "x1"])
def test_letters_digits_and_their_joints_make_a_tag(tmp_path: Path, name: str) -> None:
    manifest = tiny_suite(tmp_path)
    text = manifest.read_text(encoding="utf-8").replace("[languages.en.", f"[languages.{name}.")
    manifest.write_text(text, encoding="utf-8")
    assert list(suite.load(str(manifest)).languages) == [name]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("passages = 3", "passages = 0"),
        ("train_queries = 2", "train_queries = -1"),
        ("dev_queries = 1", "dev_queries = 0"),
        ("vocab_size = 64", "vocab_size = 0"),
        ("hidden_size = 16", "hidden_size = -16"),
        ("layers = 1", "layers = 0"),
        ("attention_heads = 2", "attention_heads = 3"),
        ("initialisation_seed = 0", "initialisation_seed = -1"),
        ("bytes = ", "bytes = -"),
        ("depth = 10", "depth = 10\ndimensions = [8, 0]"),
    ],
)
def test_sizes_that_cannot_be_are_refused(tmp_path: Path, old: str, new: str) -> None:
    assert refused(tmp_path, old, new)


def test_a_download_needs_its_hash(tmp_path: Path) -> None:
    message = refused(tmp_path, 'path = "corpus.jsonl", sha256', 'path = "corpus.jsonl", url = "https://x", sha')
    assert message
    manifest = tiny_suite(tmp_path)
    text = re.sub(r'"corpus.jsonl", .*', '"corpus.jsonl", url = "https://x" },', manifest.read_text(encoding="utf-8"))
    manifest.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="has a url and needs its sha256 and bytes"):
        suite.load(str(manifest))


def test_a_byte_order_mark_before_a_manifest_is_left_out(tmp_path: Path) -> None:
    manifest = tiny_suite(tmp_path)
    manifest.write_bytes(b"\xef\xbb\xbf" + manifest.read_bytes())
    assert suite.load(str(manifest)).name == "tiny"


def test_a_path_may_hold_an_at_sign_and_a_variant_follows_the_file(tmp_path: Path) -> None:
    manifest = tiny_suite(tmp_path / "me@home")
    assert suite.load(str(manifest)).name == "tiny"
    with manifest.open("a", encoding="utf-8") as file:
        file.write('[variants.other]\ntitle = "another"\n')
    assert suite.load(f"{manifest}@other").title == "another"


def test_a_split_is_for_the_files_that_have_two(tmp_path: Path) -> None:
    assert "split names one of" in refused(tmp_path, 'reader = "beir"', 'reader = "squad"\nsplit = "test"')

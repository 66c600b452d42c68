"""Whether a run measured what a claim is about: what differs is named, what is unknown is listed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.fake_records import draw, provenance, put

from harness.evidence.claims.claim import Claim
from harness.evidence.claims.claim_comparison import Comparison, compare, incomparable
from harness.evidence.claims.claims_file import load
from harness.results.folder import ResultFolder, read_result_folder

BGE = {"id": "BAAI/bge-m3", "revision": "5617a9f61b028005a4858fdac845db406aefb181"}
BASE, TUNED, ENTRIES = "base", "clpl@published", ("base", "clpl@published")
TEXT = {
    "title": False,
    "title_join": " ",
    "query_prompt": "",
    "passage_prompt": "",
    "query_max_length": 128,
    "passage_max_length": 8192,
}
EVALUATION = {"depth": 100, "precision": "float16", "query_precision": "float32"}
SUITE = {"tier": "full", "text": TEXT, "base_model": BGE, "evaluation": EVALUATION}
ROWS = {"data": {"training_rows": "authors' rows", "negative_queries": "of the training rows"}}
AS_PUBLISHED = {TUNED: {**ROWS, "entry": {"negatives": "ance"}}}  # what the records of an entry say


def claim_of(row: str, language: str = "ko", measure: str = "") -> Claim:
    return next(c for c in load() if c.row.startswith(row) and c.language == language and c.measure.startswith(measure))


CLPL = claim_of("ANCE-CLP")
BASELINE = claim_of("baseline")


def run(folder: Path, *, name: str = "miracl", suite: Mapping[str, Any] | None = None, **options: Any) -> ResultFolder:
    """Return a run of MIRACL as the CLP paper evaluates; `suite` replaces fields of the suite's tables in run.json.

    `options`: entries, languages, set (of --set), records (entry → tables of the provenance).
    """
    languages, records = options.get("languages", ("ko", "hi", "fa")), options.get("records", AS_PUBLISHED)
    table: dict[str, Any] = {**SUITE, "name": name}
    for key, value in (suite or {}).items():
        old = table.get(key)
        table[key] = {**old, **value} if isinstance(old, dict) and key != "base_model" else value
    for entry in options.get("entries", ENTRIES):
        for language in languages:
            told = {**provenance(entry, language, None), **records.get(entry, {})}
            put(folder, (entry, language, 0), draw(entry, language, 0, 5), suite=name, provenance=told)
    content = {"suite": table, "resolved": {"languages": list(languages), "primary": "nDCG@10"}}
    (folder / "run.json").write_text(json.dumps({**content, "request": {"set": options.get("set", [])}}))
    return read_result_folder(folder)


def test_a_run_as_published_differs_in_nothing_and_lists_what_is_unknown_and_assumed(tmp_path: Path) -> None:
    results = run(tmp_path)
    expected = Comparison(
        unknown=("query length", "dataset revision"), assumed=("model revision", "query prompt", "passage prompt")
    )
    assert compare(BASELINE, results) == expected
    assert compare(claim_of("baseline", "average"), results) == expected
    assert compare(CLPL, results) == expected


PLANTED = [
    (
        {"base_model": {"id": "intfloat/multilingual-e5-large"}},
        "base model (here intfloat/multilingual-e5-large, there ",
    ),
    ({"base_model": {"layers": 2}}, "base model (here built by the run, there BAAI/bge-m3)"),
    ({"base_model": {"sha256": "0" * 64}}, "base model (here a folder of the user, there BAAI/bge-m3)"),
    (
        {"base_model": {**BGE, "revision": "0" * 40}},
        "model revision (here 000000000000, there 5617a9f61b02, assumed)",
    ),
    ({"text": {"query_prompt": "query: "}}, 'query prompt (here "query: ", there "", assumed)'),
    ({"text": {"passage_prompt": "passage: "}}, 'passage prompt (here "passage: ", there "", assumed)'),
    ({"text": {"passage_max_length": 512}}, "passage length (here 512, there 8192)"),
    ({"text": {"title": True}}, "title (here joined, there dropped)"),
    ({"evaluation": {"precision": "float32"}}, "precision (here float32, there float16)"),
    ({"evaluation": {"query_precision": "float16"}}, "query precision (here float16, there float32)"),
    ({"evaluation": {"depth": 3}}, "depth (here 3, nDCG@5 reads 5)"),
    ({"evaluation": {"holdout": 0.25}}, "held-out training queries in place of dev"),
    ({"unverified": {"ko": "0" * 64}}, "data differ from the manifest's (unverified)"),
    ({"train_files": {"ko": {"sha256": "0" * 64}}}, "training rows of --train-file"),
    ({"augmentation": {"kind": "endpoint"}}, "queries written for training (--augment endpoint)"),
    ({"negative_queries": {"kind": "file"}}, "queries written for training (--negative-queries file)"),
]


@pytest.mark.parametrize(("suite", "difference"), PLANTED)
@pytest.mark.parametrize("claim", [BASELINE, CLPL], ids=ENTRIES)
def test_a_planted_difference_is_the_reason_for_untrained_and_trained_entries_alike(
    tmp_path: Path, claim: Claim, suite: Mapping[str, Any], difference: str
) -> None:
    (reason,) = incomparable(claim, run(tmp_path, suite=suite))
    assert reason.startswith(difference)


@pytest.mark.parametrize(
    ("records", "difference"),
    [
        ({"data": {"training_rows": "train split"}}, "training rows (here train split, there authors' rows)"),
        ({"data": {"negative_queries": "written"}}, "negative queries (here written, there of the training rows)"),
        ({"entry": {"negatives": "random"}}, "negatives (here random, there ance)"),
        ({"entry": {"negatives": None}}, "negatives (here none, there ance)"),
        ({"computation": {"encode_dtype": "bfloat16"}}, "precision (here bfloat16, there float16)"),
    ],
)
def test_what_a_record_says_comes_before_what_was_asked(
    tmp_path: Path, records: Mapping[str, Any], difference: str
) -> None:
    assert incomparable(CLPL, run(tmp_path, records={TUNED: {**AS_PUBLISHED[TUNED], **records}})) == [difference]


def test_an_average_is_compared_in_every_language_of_it(tmp_path: Path) -> None:
    average = claim_of("baseline", "average")
    languages = {"ko": {}, "hi": {}, "fa": {"retrieval": {"ir_datasets": "miracl/fa"}}}
    changed = run(tmp_path, suite={"train_files": {"fa": {"sha256": "0" * 64}}, "languages": languages})
    assert incomparable(average, changed) == ["training rows of --train-file"]
    assert incomparable(BASELINE, changed) == []
    two = run(tmp_path / "two", languages=("ko", "fa"))
    assert incomparable(average, two) == ["average of ko, fa, hi, this run has ko, fa"]


def data(revision: str) -> dict[str, Any]:
    source = {"hub": {"id": "mteb/MIRACLRetrievalHardNegatives", "revision": revision}}
    return {"ko": {"retrieval": source}}


def test_another_revision_of_the_data_is_named_and_the_first_digits_are_enough(tmp_path: Path) -> None:
    claim = claim_of("BGE-M3, untuned, hard", measure="R@100")
    text = {"title": True, "query_max_length": 8192}
    suite = {"tier": "hard-negatives", "text": text, "languages": data("d7d94fa4b946cec4a27c84653aa0cf6b33f74a3c")}
    other = run(tmp_path / "a", name="miracl-hn", suite=suite, languages=("ko",))
    assert incomparable(claim, other) == [
        "dataset revision (here d7d94fa4b946cec4a27c84653aa0cf6b33f74a3c, there 95c8db7d)"
    ]
    suite["languages"] = data("95c8db7d" + "0" * 32)
    same = run(tmp_path / "b", name="miracl-hn", suite=suite, languages=("ko",))
    assert compare(claim, same).differences == ()
    assert compare(claim, same).unknown == ("precision", "query precision")


def test_a_title_joined_otherwise_is_named(tmp_path: Path) -> None:
    claim = claim_of("BGE-M3 dense", measure="R@100")
    results = run(tmp_path, suite={"text": {"title": True, "title_join": " "}})
    assert incomparable(claim, results) == ['title join (here " ", there "\\n")']


def bm25(folder: Path, analyzers: Mapping[str, str] | None, **options: Any) -> Comparison:
    told = {} if analyzers is None else {"bm25": {"entry": {"analyzers": analyzers}}}
    languages = {"ko": {"retrieval": {"ir_datasets": "miracl/ko"}}}
    suite = {"text": {"title": True, "title_join": "\n"}, "base_model": {"layers": 2}, "languages": languages}
    results = run(folder, entries=("bm25",), suite=suite, records=told, **options)
    return compare(claim_of("BM25 (Lucene", measure="nDCG@10"), results)


def test_a_lexical_ranking_is_compared_by_its_analyzer_and_has_no_base_model(tmp_path: Path) -> None:
    lucene = "Lucene's analyzer of the language"
    other = bm25(tmp_path / "other", {"bm25": "letters"})
    assert other.differences == (f"analyzer (here letters, there {lucene})",)
    assert bm25(tmp_path / "same", {"bm25": lucene}) == Comparison(assumed=("dataset revision",))
    assert bm25(tmp_path / "old", None).unknown == ("analyzer of this run",)


@pytest.mark.parametrize(
    ("setting", "claim", "counts"),
    [
        ("text.query_max_length=64", BASELINE, True),  # what the source does not say is then the suite's
        ("evaluate.precision=float16", BASELINE, False),  # compared by its value
        ("evaluate.depth=20", BASELINE, False),
        ("evaluate.encode_batch_size=8", CLPL, False),
        ("text.train_passage_max_length=64", BASELINE, False),
        ("text.train_passage_max_length=64", CLPL, True),
        ("train.epochs=1", BASELINE, False),
        ("train.epochs=1", CLPL, True),
        ("clpl.penalty_weight=0.5", BASELINE, False),
        ("clpl.penalty_weight=0.5", CLPL, True),
        ("infonce.temperature=0.5", CLPL, False),
    ],
)
def test_a_setting_counts_for_the_entries_that_it_reaches(
    tmp_path: Path, setting: str, claim: Claim, *, counts: bool
) -> None:
    expected = [f"settings changed ({setting})"] if counts else []
    assert incomparable(claim, run(tmp_path, set=[setting])) == expected


def test_a_setting_of_a_ranker_counts_for_it_and_one_of_encoders_does_not(tmp_path: Path) -> None:
    lucene = {"bm25": "Lucene's analyzer of the language"}
    settings = ["bm25.k1=1.2", "evaluate.precision=bfloat16", "text.query_prompt=query: "]
    assert bm25(tmp_path, lucene, set=settings).differences == ("settings changed (bm25.k1=1.2)",)


def test_the_precision_of_an_untrained_entry_set_where_the_source_is_silent_is_a_difference(tmp_path: Path) -> None:
    claim = claim_of("BGE-M3, untuned, full", "fa")
    results = run(tmp_path, suite={"text": {"title": True}}, set=["evaluate.precision=bfloat16"])
    assert incomparable(claim, results) == ["settings changed (evaluate.precision=bfloat16)"]


def test_fewer_training_queries_count_for_what_is_trained(tmp_path: Path) -> None:
    results = run(tmp_path, suite={"max_train": 600})
    assert incomparable(BASELINE, results) == []
    assert incomparable(CLPL, results) == ["at most 600 training queries"]


@pytest.mark.parametrize(
    ("name", "tier", "claim", "difference"),
    [
        ("wikiqa", "full", BASELINE, "other suite (wikiqa, not miracl)"),
        ("miracl", "full", claim_of("BGE-M3, untuned, hard"), "hard-negatives tier"),
        ("miracl-hn", "hard-negatives", BASELINE, "full corpus, this run has the hard-negatives tier"),
    ],
)
def test_another_suite_or_tier_is_the_only_reason(
    tmp_path: Path, name: str, tier: str, claim: Claim, difference: str
) -> None:
    results = run(tmp_path, name=name, suite={"tier": tier, "text": {"title": True}})
    assert compare(claim, results) == Comparison((difference,))


def test_a_variant_of_a_suite_is_that_suite(tmp_path: Path) -> None:
    assert incomparable(BASELINE, run(tmp_path, name="miracl@untitled")) == []


def test_several_differences_are_all_named(tmp_path: Path) -> None:
    suite = {"text": {"title": True, "passage_max_length": 512}, "base_model": {"layers": 2}}
    assert incomparable(BASELINE, run(tmp_path, suite=suite)) == [
        "base model (here built by the run, there BAAI/bge-m3)",
        "passage length (here 512, there 8192)",
        "title (here joined, there dropped)",
    ]


def test_a_measure_that_was_not_taken_is_the_reason(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), {"AP": {"a": 0.5}}, suite="miracl")
    (tmp_path / "run.json").write_text(json.dumps({"suite": {**SUITE, "name": "miracl"}}))
    assert incomparable(BASELINE, read_result_folder(tmp_path)) == ["measure not among the run's"]


def test_private_data_and_what_is_no_entry_here_are_comparable_with_nothing(tmp_path: Path) -> None:
    results = run(tmp_path)
    assert incomparable(claim_of("HerBERT, NLI", "pl"), results) == ["private data"]
    assert incomparable(claim_of("BM25 + mDPR"), results) == ["no entry here fuses two rankings"]
    (reason,) = incomparable(claim_of("Soft-1", "und"), results)
    assert "could not be read" in reason


def test_what_an_old_folder_lacks_is_unknown_and_listed(tmp_path: Path) -> None:
    put(tmp_path, (TUNED, "ko", 0), draw(TUNED, "ko", 0, 5), suite="miracl")
    (tmp_path / "run.json").write_text(json.dumps({"suite": {"name": "miracl", "tier": "full", "base_model": BGE}}))
    comparison = compare(CLPL, read_result_folder(tmp_path))
    assert comparison.differences == ()
    assert comparison.unknown == (
        "query prompt of this run",
        "passage prompt of this run",
        "query length",
        "passage length of this run",
        "precision of this run",
        "query precision of this run",
        "title of this run",
        "dataset revision",
        "training rows of this run",
        "negatives of this run",
        "negative queries of this run",
    )


def test_a_folder_that_does_not_name_its_model_is_not_compared(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), draw("base", "ko", 0, 5), suite="miracl")
    reasons = incomparable(BASELINE, read_result_folder(tmp_path))
    assert reasons == ["neither records nor run.json say which model encoded"]

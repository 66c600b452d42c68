"""Published numbers: what the file says, what it may not say, and what a run is held against."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.commands import REPOSITORY, invoke, spawn
from support.fake_records import draw, put

from harness.errors import DataError
from harness.evidence.claims.published import Claim, incomparable, load, published
from harness.request import suite as suites
from harness.results.folder import ResultFolder, read_result_folder

CLP = "arXiv 2412.17364"
BGE = {"id": "BAAI/bge-m3", "revision": "5617a9f61b028005a4858fdac845db406aefb181"}


def find(row: str, language: str, measure: str = "nDCG@5") -> Claim:
    (found,) = [c for c in load() if c.row.startswith(row) and c.language == language and c.measure == measure]
    return found


def run(folder: Path, *, entries: tuple[str, ...] = ("base", "clpl@published"), **changes: Any) -> ResultFolder:
    """Return a run of MIRACL without titles; `changes` are of the suite in run.json, of `languages` and `set`."""
    languages, settings = changes.pop("languages", ("ko", "hi", "fa")), changes.pop("set", [])
    table = {"name": "miracl", "tier": "full", "text": {"title": False}, "base_model": BGE, "evaluation": {}, **changes}
    for entry in entries:
        for language in languages:
            put(folder, (entry, language, 0), draw(entry, language, 0, 5), suite=table["name"])
    request = {"set": settings}
    resolved = {"languages": list(languages), "primary": "nDCG@10"}
    (folder / "run.json").write_text(json.dumps({"suite": table, "resolved": resolved, "request": request}))
    return read_result_folder(folder)


def test_the_bundled_file_holds_72_numbers_as_shares() -> None:
    claims = load()
    assert len(claims) == 72
    assert all(0 < claim.value < 1 for claim in claims)
    assert find("ANCE-CLP-moe", "ko").value == 0.6774
    assert find("BGE-M3, untuned, full corpus", "fa").value == 0.5663
    assert find("BM25", "hi", "R@100").value == 0.8679
    assert find("Soft-2", "und", "AP@10").value == 0.3504
    assert find("HerBERT, NLI", "pl", "R@100").value == 0.248


def test_every_published_average_is_the_mean_of_its_languages_but_for_rounding() -> None:
    claims = load()
    averages = [claim for claim in claims if claim.language == "average"]
    assert [claim.entry for claim in averages] == [
        "base",
        *(f"{name}@published" for name in ("infonce-random", "infonce-ance")),
        *(f"{name}@published" for name in ("clpl", "clpl-intermediate", "clpl-moe")),
    ]
    for average in averages:
        parts = [c.value for c in claims if (c.paper, c.row) == (CLP, average.row) and c.language in average.of]
        assert average.value == pytest.approx(sum(parts) / 3, abs=0.5e-4 + 1e-12)


def test_the_gain_of_clpl_over_its_own_control_is_as_published() -> None:
    gains = {}
    for language in ("ko", "hi", "fa"):
        claim = next(c for c in load() if c.row == "ANCE-CLP" and c.language == language)
        (control,) = [c for c in load() if c.entry == claim.control and c.paper == CLP and c.language == language]
        gains[language] = round(100 * (claim.value - control.value), 2)
    assert gains == {"ko": 0.16, "hi": 0.22, "fa": 1.51}


@pytest.mark.parametrize("name", ["miracl", "miracl-hn"])
def test_what_the_file_says_of_a_suite_is_what_its_manifest_says(name: str) -> None:
    if name not in suites.names():
        pytest.skip(f"suite {name} is not bundled")
    found = suites.load(name)
    claims = [claim for claim in load() if claim.suite == name]
    assert {claim.tier for claim in claims} == {found.tier}
    assert {claim.language for claim in claims} - {"average"} <= set(found.languages)


GOOD = """
[suites]
miracl = { tier = "full", languages = ["ko"] }
[[papers]]
paper = "a paper"
source = "a table"
suite = "miracl"
base_model = "BAAI/bge-m3"
title = true
[[papers.rows]]
row = "a row"
entry = "clpl"
values = { "nDCG@10" = { ko = 0.5 } }
"""


def test_a_claim_holds_what_its_paper_says_and_its_row(tmp_path: Path) -> None:
    (tmp_path / "claims.toml").write_text(GOOD, encoding="utf-8")
    (claim,) = load(tmp_path / "claims.toml")
    assert (claim.paper, claim.row, claim.entry, claim.tier) == ("a paper", "a row", "clpl", "full")
    assert (claim.language, claim.measure, claim.value, claim.title) == ("ko", "nDCG@10", 0.5, True)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'entry = "clpl"',
            'entry = "cplp"',
            r"unknown entry 'cplp' in claim 'a paper, a row' in .*; did you mean 'clpl'",
        ),
        ('entry = "clpl"', 'entry = "mnrl@published"', r"unknown entry 'mnrl@published' in claim 'a paper, a row'"),
        ('row = "a row"', 'row = "a row"\ncontrol = "bas"', r"unknown entry 'bas' in claim .* did you mean 'base'"),
        ('"nDCG@10"', '"nGCD@10"', r"claim 'a paper, a row' in .*measure 'nGCD@10' is not one that ir_measures knows"),
        ('suite = "miracl"', 'suite = "mircal"', r"unknown suite 'mircal' in claim 'a paper, a row'.* mean 'miracl'"),
        ("{ ko = 0.5 }", "{ kp = 0.5 }", r"unknown language 'kp' in claim 'a paper, a row'.* mean 'ko'"),
        ("ko = 0.5", "ko = 50.5", r"claim 'a paper, a row' in .*nDCG@10 ko is 50.5; values are between 0 and 1"),
        ("title = true", 'title = "yes"', r"claim 'a paper, a row' in .*: title"),
        ("title = true", "titel = true", r"claim 'a paper, a row' in .*title: Field required"),
        ('suite = "miracl"', "", r"claim 'a paper, a row' in .*either a suite or the reason why it is private"),
        (
            "title = true",
            'title = true\nrevision = "main"',
            r"claim 'a paper, a row' in .*'main' is not a 40-digit",
        ),
        ("[[papers.rows]]", "[[papers.row]]", r"claims file .*rows: Field required"),
        ("[suites]", "[suites", r"claims file .* cannot be read"),
    ],
)
def test_a_claim_that_is_wrong_is_one_line_that_names_it(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    (tmp_path / "claims.toml").write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(DataError, match=message) as caught:
        load(tmp_path / "claims.toml")
    assert "\n" not in str(caught.value)


def test_a_claims_file_that_is_missing_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"claims file .*claims.toml cannot be read"):
        load(tmp_path / "claims.toml")


def test_a_claim_is_comparable_where_suite_tier_measure_text_and_base_model_agree(tmp_path: Path) -> None:
    results = run(tmp_path)
    assert incomparable(find("baseline", "ko"), results) == []
    assert incomparable(find("baseline", "average"), results) == []
    trained = next(c for c in load() if c.row == "ANCE-CLP" and c.language == "fa")
    assert incomparable(trained, results) == []


def test_a_variant_of_a_suite_is_that_suite(tmp_path: Path) -> None:
    assert incomparable(find("baseline", "ko"), run(tmp_path, name="miracl@untitled")) == []


@pytest.mark.parametrize(
    ("changes", "row", "language", "reason"),
    [
        ({"name": "wikiqa"}, "baseline", "ko", "other suite (wikiqa, not miracl)"),
        ({}, "BGE-M3, untuned, hard", "ko", "hard-negatives tier"),
        (
            {"name": "miracl-hn", "tier": "hard-negatives"},
            "baseline",
            "ko",
            "full corpus, this run has the hard-negatives tier",
        ),
        ({"text": {"title": True}}, "baseline", "ko", "title joined, the paper drops it"),
        ({}, "BGE-M3, untuned, full", "fa", "title dropped, the paper joins it"),
        (
            {"base_model": {"id": "intfloat/multilingual-e5-large", "revision": "0" * 40}},
            "baseline",
            "ko",
            "other base model (intfloat/multilingual-e5-large, not BAAI/bge-m3)",
        ),
        ({"base_model": {"layers": 2}}, "baseline", "ko", "other base model (of this run alone, not BAAI/bge-m3)"),
        (
            {"base_model": {**BGE, "revision": "0" * 40}},
            "baseline",
            "ko",
            "other revision of the base model (the paper's is 5617a9f61b02)",
        ),
        ({"unverified": {"ko": "0" * 64}}, "baseline", "ko", "data differ from the manifest's (unverified)"),
        ({"unverified": {"ko": "0" * 64}}, "baseline", "average", "data differ from the manifest's (unverified)"),
        ({"evaluation": {"holdout": 0.25}}, "baseline", "ko", "held-out training queries in place of dev"),
        ({"max_train": 600}, "ANCE-CLP", "ko", "at most 600 training queries"),
        ({"set": ["clpl.penalty_weight=0.5"]}, "ANCE-CLP", "ko", "settings changed (clpl.penalty_weight=0.5)"),
        ({"languages": ("ko", "fa")}, "baseline", "average", "average of ko, fa, hi, this run has ko, fa"),
    ],
)
def test_what_differs_is_the_reason(
    tmp_path: Path, changes: Mapping[str, Any], row: str, language: str, reason: str
) -> None:
    claim = next(c for c in load() if c.row.startswith(row) and c.language == language)
    assert incomparable(claim, run(tmp_path, **changes)) == [reason]


def test_fewer_training_queries_and_other_settings_do_not_touch_what_is_not_trained(tmp_path: Path) -> None:
    results = run(tmp_path, max_train=600, set=["clpl.penalty_weight=0.5"])
    assert incomparable(find("baseline", "ko"), results) == []


def test_another_batch_of_encoding_changes_no_claim(tmp_path: Path) -> None:
    results = run(tmp_path, set=["evaluate.encode_batch_size=8"])
    assert incomparable(next(c for c in load() if c.row == "ANCE-CLP"), results) == []


def test_a_measure_that_was_not_taken_is_the_reason(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), {"AP": {"a": 0.5}}, suite="miracl")
    table = {"name": "miracl", "tier": "full", "text": {"title": False}, "base_model": BGE}
    (tmp_path / "run.json").write_text(json.dumps({"suite": table}))
    assert incomparable(find("baseline", "ko"), read_result_folder(tmp_path)) == ["measure not among the run's"]


def test_several_differences_are_all_named(tmp_path: Path) -> None:
    results = run(tmp_path, text={"title": True}, base_model={"layers": 2})
    assert incomparable(find("baseline", "ko"), results) == [
        "other base model (of this run alone, not BAAI/bge-m3)",
        "title joined, the paper drops it",
    ]


def test_private_data_and_an_unknown_set_of_tasks_are_comparable_with_nothing(tmp_path: Path) -> None:
    results = run(tmp_path)
    assert incomparable(find("HerBERT, NLI", "pl", "R@100"), results) == ["private data"]
    (reason,) = incomparable(find("Soft-1", "und", "nDCG@10"), results)
    assert "could not be read" in reason


def test_a_ranker_has_no_base_model_to_agree(tmp_path: Path) -> None:
    results = run(tmp_path, entries=("bm25",), text={"title": True}, base_model={"layers": 2})
    assert incomparable(find("BM25", "ko", "nDCG@10"), results) == []


def test_a_folder_without_run_json_is_not_compared(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), draw("base", "ko", 0, 5), suite="miracl")
    reasons = incomparable(find("baseline", "ko"), read_result_folder(tmp_path))
    assert reasons == ["run.json does not say what was encoded by which model"]


def test_published_numbers_keep_their_digits() -> None:
    assert [published(value) for value in (0.39675, 0.3504, 0.665, 0.023)] == ["39.675", "35.04", "66.50", "2.30"]


def test_the_claims_are_listed_with_their_sources() -> None:
    result = invoke("list", "claims")
    assert (result.status, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[0].split()[:7] == ["paper", "row", "entry", "suite", "language", "measure", "published"]
    assert len([line for line in lines if line.startswith(CLP)]) == 24 + 1  # and its source
    assert any("39.675" in line for line in lines)
    assert lines[-1] == "MTEB results: embeddings-benchmark/results at f4cc6c8b3: dev"


def test_the_claims_of_one_suite_are_listed() -> None:
    lines = invoke("list", "claims", "--suite", "miracl-hn").out.splitlines()
    assert {line.split()[0] for line in lines[1:-2]} == {"MTEB"}
    assert len(lines) == 1 + 9 + 2
    assert invoke("list", "claims", "--suite", "mini").out == "no published claim is about suite mini\n"
    wrong = invoke("list", "claims", "--suite", "mirac")
    assert (wrong.status, wrong.out) == (2, "")
    assert wrong.line.startswith("harness: unknown suite 'mirac'; did you mean 'miracl'?")


def test_listing_claims_imports_no_heavy_library() -> None:
    heavy = ["beir", "datasets", "ir_datasets", "mteb", "pandas", "ray", "scipy", "sentence_transformers", "torch"]
    script = (
        "import sys\nfrom harness.cli.main import main\nstatus = main(['list', 'claims'])\n"
        f"print('found', [name for name in {heavy!r} if name in sys.modules])\nsys.exit(status)"
    )
    result = spawn("-c", script, cwd=REPOSITORY)
    assert (result.status, result.err) == (0, "")
    assert result.out.splitlines()[-1] == "found []"

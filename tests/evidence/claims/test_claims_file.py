"""The file of published numbers: what it says, and what it may not say."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.commands import REPOSITORY, invoke, spawn

from harness.errors import DataError
from harness.evidence.claims.claim import Claim
from harness.evidence.claims.claims_file import load
from harness.report.numbers import published
from harness.request import suite as suites

CLP = "arXiv 2412.17364"


def find(row: str, language: str, measure: str = "nDCG@5") -> Claim:
    (claim,) = [c for c in load() if c.row.startswith(row) and c.language == language and c.measure == measure]
    return claim


def test_the_bundled_file_holds_137_numbers_as_shares() -> None:
    claims = load()
    assert len(claims) == 137
    assert all(0 < claim.value < 1 for claim in claims)
    assert [c.value for c in claims if c.row.startswith("ANCE-CLP-moe") and c.language == "ko"] == [0.6774, 0.6774]
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
        "clpl-moe-checkpoint",
    ]
    for average in averages:
        row = (CLP, average.row, average.entry)
        parts = [c.value for c in claims if (c.paper, c.row, c.entry) == row and c.language in average.of]
        assert average.value == pytest.approx(sum(parts) / 3, abs=0.5e-4 + 1e-12)


def test_the_gain_of_clpl_over_its_own_control_is_as_published() -> None:
    gains = {}
    for language in ("ko", "hi", "fa"):
        claim = next(c for c in load() if c.row == "ANCE-CLP" and c.language == language)
        (control,) = [c for c in load() if c.entry == claim.control and c.paper == CLP and c.language == language]
        gains[language] = round(100 * (claim.value - control.value), 2)
    assert gains == {"ko": 0.16, "hi": 0.22, "fa": 1.51}


def test_three_of_four_published_tunings_lost() -> None:
    claims = {(c.paper, c.row, c.language, c.measure): c for c in load()}
    gains = {}
    for claim in claims.values():
        if claim.tuned_from and claim.paper == "MTEB results" and claim.suite == "miracl":
            start = claims[claim.tuned_from.paper, claim.tuned_from.row, claim.language, claim.measure]
            gains[claim.base_model] = round(100 * (claim.value - start.value), 2)
    assert gains == {
        "nlpai-lab/KURE-v1": -1.74,
        "dragonkue/BGE-m3-ko": -1.57,
        "nlpai-lab/KoE5": -4.15,
        "dragonkue/snowflake-arctic-embed-l-v2.0-ko": 0.77,
    }


@pytest.mark.parametrize("name", ["miracl", "miracl-hn"])
def test_what_the_file_says_of_a_suite_is_what_its_manifest_says(name: str) -> None:
    if name not in suites.names():
        pytest.skip(f"suite {name} is not bundled")
    suite = suites.load(name)
    claims = [claim for claim in load() if claim.suite == name]
    assert {claim.tier for claim in claims} == {suite.tier}
    assert {claim.language for claim in claims} - {"average"} <= set(suite.languages)


GOOD = """
[suites]
miracl = { tier = "full", languages = ["ko"] }
[[papers]]
paper = "a paper"
source = "a table"
suite = "miracl"
[papers.conditions]
base_model = { stated = "BAAI/bge-m3", source = "a table" }
title = { assumed = true, why = "usual" }
[[papers.rows]]
row = "a row"
entry = "clpl"
values = { "nDCG@10" = { ko = 0.5 } }
"""


def test_a_claim_holds_what_its_paper_says_and_its_row(tmp_path: Path) -> None:
    (tmp_path / "claims.toml").write_text(GOOD, encoding="utf-8")
    (claim,) = load(tmp_path / "claims.toml")
    assert (claim.paper, claim.row, claim.entry, claim.tier) == ("a paper", "a row", "clpl", "full")
    assert (claim.language, claim.measure, claim.value) == ("ko", "nDCG@10", 0.5)
    assert {name: known.basis for name, known in claim.conditions.known().items()} == {
        "base_model": "stated: a table",
        "title": "assumed: usual",
    }


def test_a_row_replaces_the_conditions_of_its_paper_one_by_one(tmp_path: Path) -> None:
    own = 'conditions = { title = "unknown", depth = { stated = 20, source = "its code" } }\nvalues'
    (tmp_path / "claims.toml").write_text(GOOD.replace("values", own), encoding="utf-8")
    (claim,) = load(tmp_path / "claims.toml")
    assert {name: known.value for name, known in claim.conditions.known().items()} == {
        "base_model": "BAAI/bge-m3",
        "depth": 20,
    }


def test_a_claim_on_a_ranker_has_no_conditions_of_an_encoder(tmp_path: Path) -> None:
    (tmp_path / "claims.toml").write_text(GOOD.replace('"clpl"', '"bm25"'), encoding="utf-8")
    (claim,) = load(tmp_path / "claims.toml")
    assert (claim.kind, claim.plugins, list(claim.conditions.known())) == ("ranker", ("bm25",), ["title"])


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
        (
            "assumed = true",
            'assumed = "yes"',
            r"claim 'a paper, a row' in .*: conditions.title.assumed: must be true or false",
        ),
        ("title =", "titel =", r"unknown condition 'titel' in claim 'a paper, a row' in .* did you mean 'title'"),
        (', why = "usual"', "", r"claim 'a paper, a row' in .*conditions.title: write { stated = VALUE, source"),
        ('assumed = true, why = "usual"', "stated = true", r"conditions.title: write { stated = VALUE, source"),
        ('{ assumed = true, why = "usual" }', "true", r"claim 'a paper, a row' in .*conditions.title: "),
        ('base_model = { stated = "BAAI/bge-m3", source = "a table" }', "", r"needs its base_model, or the reason"),
        ('suite = "miracl"', "", r"claim 'a paper, a row' in .*needs a suite, or the reason why it is private"),
        (
            'entry = "clpl"',
            'entry = ""',
            r"claim 'a paper, a row' in .*needs an entry, or the reason why it is private",
        ),
        (
            "values =",
            'conditions.analyzer = { stated = "words", source = "it" }\nvalues =',
            r"claim 'a paper, a row' in .*: analyzer changes no number of a trained entry; leave it out",
        ),
        (
            "values =",
            'tuned_from = { paper = "a paper", row = "a rwo" }\nvalues =',
            r"unknown row of a paper 'a rwo' in claim 'a paper, a row' .* did you mean 'a row'",
        ),
        (
            "title =",
            'model_revision = { stated = "main", source = "it" }\ntitle =',
            r"claim 'a paper, a row' in .*'main' is not a 40-digit",
        ),
        ("[[papers.rows]]", "[[papers.row]]", r"claims file .*rows: missing"),
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


def test_published_numbers_keep_their_digits() -> None:
    assert [published(value) for value in (0.39675, 0.3504, 0.665, 0.023)] == ["39.675", "35.04", "66.50", "2.30"]


def test_the_claims_are_listed_with_their_sources() -> None:
    result = invoke("list", "claims")
    assert (result.status, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[0].split()[:7] == ["paper", "row", "entry", "suite", "language", "measure", "published"]
    assert len([line for line in lines if line.startswith(CLP)]) == 28 + 1 + 6  # numbers, source, conditions of rows
    assert any("39.675" in line for line in lines)
    assert "MTEB results: embeddings-benchmark/results at f4cc6c8b3: dev" in lines
    (conditions,) = [line for line in lines if line.startswith(f"{CLP}, ANCE-CLP: ")]
    assert "passage length 8192 (stated: the authors' evaluation code at 9904714)" in conditions
    assert conditions.endswith("unknown: query length, title join, dataset revision")


def test_the_claims_of_one_suite_are_listed() -> None:
    lines = invoke("list", "claims", "--suite", "miracl-hn").out.splitlines()
    assert {line.split()[0] for line in lines[1:25]} == {"MTEB"}
    assert len(lines) == 1 + 24 + 1 + 1 + 2 + 6  # head, numbers, source, conditions of rows, blank lines
    assert invoke("list", "claims", "--suite", "mini").out == "no published claim is about suite mini\n"
    wrong = invoke("list", "claims", "--suite", "mirac")
    assert (wrong.status, wrong.out) == (2, "")
    assert wrong.line.startswith("harness: unknown suite 'mirac'; did you mean 'miracl'?")


def test_listing_claims_imports_no_heavy_library() -> None:
    heavy = ["beir", "datasets", "ir_datasets", "mteb", "pandas", "ray", "scipy", "sentence_transformers", "torch"]
    script = (
        "import sys\nfrom harness.cli.main import main\nstatus = main(['list', 'claims'])\n"
        f"print('imported', [name for name in {heavy!r} if name in sys.modules])\nsys.exit(status)"
    )
    result = spawn("-c", script, cwd=REPOSITORY)
    assert (result.status, result.err) == (0, "")
    assert result.out.splitlines()[-1] == "imported []"

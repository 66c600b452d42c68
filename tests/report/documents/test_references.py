"""references.bib: what a folder cites, read by bibtex, and the keys that leaderboard.tex names."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support.commands import REPOSITORY, read_json
from support.fake_records import provenance, put
from support.hostile import TEX
from support.pdflatex import citations_of

from harness.evidence.leaderboard import collate
from harness.report.documents.cited_works import works
from harness.report.report_files import report_content, write_reports
from harness.report.report_formats import Format
from harness.results.checksums import lists

CITED = "Park et al.: KLUE. 2021, arXiv 2105.09680 (NLI); Zhang et al.: MIRACL. 2023, DOI 10.1162/tacl_a_00595"


def folder_of(folder: Path, papers: dict[str, str], citation: str = "", suite: str = "fake") -> Path:
    """Write a run whose entries declare papers, on data with a citation."""
    for entry, paper in papers.items():
        known: dict[str, Any] = provenance(entry, "ko", 0)
        put(folder, (entry, "ko", 0), {"AP": {"q": 0.5}}, suite=suite, provenance={**known, "entry": {"paper": paper}})
    content = {"name": suite, "languages": {"ko": {"retrieval": {"citation": citation}}}}
    (folder / "run.json").write_text(json.dumps({"suite": content}), encoding="utf-8")
    return folder


def written(folder: Path) -> str:
    write_reports(folder, formats=[Format.tex])
    return (folder / "references.bib").read_text(encoding="utf-8")


def fields(text: str, key: str) -> dict[str, str]:
    """Return the fields of an entry that is written one field per line."""
    (entry,) = re.findall(rf"^@misc\{{{re.escape(key)},\n(.*?)^\}}$", text, re.M | re.S)
    return dict(re.findall(r"^  (\w+) = \{(.*)\},$", entry, re.M))


def test_each_paper_is_one_entry_with_its_identifiers(tmp_path: Path) -> None:
    text = written(folder_of(tmp_path, {"a": "arXiv 1705.00652, arXiv 2412.17364", "b": "arXiv 1705.00652"}))
    assert re.findall(r"@misc\{(.*),", text) == ["arxiv-1705.00652", "arxiv-2412.17364", "harness-embeddings"]
    assert fields(text, "arxiv-1705.00652") == {
        "key": "arxiv-1705.00652",
        "note": "arXiv 1705.00652",
        "eprint": "1705.00652",
        "archivePrefix": "arXiv",
        "url": "https://arxiv.org/abs/1705.00652",
    }


def test_the_data_are_cited_as_the_manifest_writes_it_one_entry_per_work(tmp_path: Path) -> None:
    text = written(folder_of(tmp_path, {"a": "arXiv 2105.09680"}, CITED))
    assert fields(text, "arxiv-2105.09680")["note"] == "Park et al.: KLUE. 2021, arXiv 2105.09680 (NLI)"
    miracl = fields(text, "doi-10.1162-tacl-a-00595")
    assert miracl["note"] == r"Zhang et al.: MIRACL. 2023, DOI 10.1162/tacl\_a\_00595"
    assert miracl["doi"] == "10.1162/tacl_a_00595"


def test_a_work_without_identifier_has_a_key_of_its_text_and_no_field_that_nobody_stated(tmp_path: Path) -> None:
    text = written(folder_of(tmp_path, {"a": "Doe 2019: A thesis"}))
    (key,) = (key for key in re.findall(r"@misc\{(.*),", text) if key.startswith("doe-2019-a-thesis-"))
    assert fields(text, key) == {"key": key, "note": "Doe 2019: A thesis"}


def test_a_published_number_without_identifier_is_cited_with_its_source() -> None:
    (work,) = works("MTEB results", "embeddings-benchmark/results at f4cc6c8b3: dev")
    assert work.text == "MTEB results: embeddings-benchmark/results at f4cc6c8b3: dev"
    assert work.url == "https://github.com/embeddings-benchmark/results/tree/f4cc6c8b3"


def test_claims_on_the_suite_are_cited(tmp_path: Path) -> None:
    text = written(folder_of(tmp_path, {"a": ""}, suite="miracl"))
    assert "arxiv-2412.17364" in re.findall(r"@misc\{(.*),", text)
    assert "published claims: \\cite{arxiv-2412.17364," in (tmp_path / "leaderboard.tex").read_text(encoding="ascii")


def test_the_software_is_cited_as_its_citation_file_says(tmp_path: Path) -> None:
    software = fields(written(folder_of(tmp_path, {"a": ""})), "harness-embeddings")
    citation = (REPOSITORY / "CITATION.cff").read_text(encoding="utf-8")
    assert software["title"].strip("{}") in citation
    assert software["author"] == "{The harness-embeddings developers}"
    assert software["note"].startswith("Version 0.1.0; Apache-2.0")


def test_the_tables_name_the_keys_of_each_entry(tmp_path: Path) -> None:
    written(folder_of(tmp_path, {"a": "arXiv 1705.00652, arXiv 2412.17364", "b%\n": "arXiv 1705.00652"}, CITED))
    comments = [
        line for line in (tmp_path / "leaderboard.tex").read_text(encoding="ascii").splitlines() if "\\cite" in line
    ]
    assert sorted(comments) == [
        r"% a: \cite{arxiv-1705.00652,arxiv-2412.17364}",
        r"% b\%: \cite{arxiv-1705.00652}",
        r"% data in ko: \cite{arxiv-2105.09680,doi-10.1162-tacl-a-00595}",
        r"% this software: \cite{harness-embeddings}",
    ]


def test_the_file_is_listed_and_linked(tmp_path: Path) -> None:
    page = write_reports(folder_of(tmp_path, {"a": ""})).read_text(encoding="utf-8")
    assert lists(tmp_path, "references.bib")
    assert '<a href="references.bib">BibTeX</a>' in page


def test_bibtex_reads_names_and_texts_with_markup(tmp_path: Path) -> None:
    texts = {
        "a": f'Über {TEX} "x" @article{{y, }} 100 %',
        "b": "}}} arXiv 1705.00652 {",
        "c": "https://a.org/{x}%20y_z",
    }
    keys, text = citations_of(written(folder_of(tmp_path / "run", texts)), tmp_path / "tex")
    assert len(keys) == 4
    assert "Über" in text


@pytest.mark.parametrize("folder", ["mini", "wikiqa", "wikiqa-penalty"])
def test_bibtex_reads_that_of_the_committed_results_and_every_cited_key_is_in_it(folder: str, tmp_path: Path) -> None:
    results = REPOSITORY / "results" / folder
    content = report_content(results, collate(results), [Format.tex], texts=None)
    keys, _ = citations_of(content["references.bib"], tmp_path)
    cited = re.findall(r"\\cite\{(.*)\}$", content["leaderboard.tex"], re.M)
    assert {key for group in cited for key in group.split(",")} == set(keys)
    declared = {paper for path in results.rglob("records/**/*.json") if (paper := _paper(path))}
    assert {work.key for paper in declared for work in works(paper)} <= set(keys)


def _paper(path: Path) -> str:
    return str(read_json(path).get("provenance", {}).get("entry", {}).get("paper", ""))

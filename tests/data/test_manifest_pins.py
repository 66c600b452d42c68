"""`harness data pin` writes hashes, sizes and counts, and keeps everything else of a manifest."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path

import pytest
from support.commands import DATA, MANIFEST, invoke, tiny_suite

HEAD = MANIFEST[: MANIFEST.index("[languages.en.counts]")]
SOURCE = 'reader = "beir"\nlicence = "CC0-1.0"\ncitation = "none"\n'
INLINE = (
    HEAD
    + "# my suite\n[languages.en.retrieval] # here\n"
    + SOURCE
    + "files = [ # four\n  { path = \"corpus.jsonl\" }, # all passages\n  {path='queries.jsonl'},\n"
    + '  { path = "train.tsv", bytes = 7, sha256 = "'
    + "0" * 64
    + '" },\n  { path = "dev.tsv" },\n]\n'
)
TABLES = (
    HEAD
    + "[languages.en.counts] # old\npassages = 9 # nine\n\n[languages.en.retrieval]\n"
    + SOURCE
    + "".join(f'\n[[languages.en.retrieval.files]] # {name}\npath = "{name}"\n' for name in DATA)
)
ONE_LINE = (
    HEAD
    + "[languages.en.retrieval]\n"
    + SOURCE
    + "files = ["
    + ", ".join(f'{{ path = "{name}" }}' for name in DATA)
    + "]\n"
)


def written(folder: Path, text: str) -> Path:
    manifest = tiny_suite(folder)
    manifest.write_text(text, encoding="utf-8", newline="")
    return manifest


@pytest.mark.parametrize("text", [INLINE, TABLES, ONE_LINE, INLINE.replace("\n", "\r\n")])
def test_every_layout_is_pinned_and_nothing_else_changes(tmp_path: Path, text: str) -> None:
    manifest = written(tmp_path, text)
    result = invoke("data", "pin", manifest)
    assert result.status == 0, result.err
    new = manifest.read_bytes().decode()
    language = tomllib.loads(new)["languages"]["en"]
    assert language["counts"] == {"passages": 3, "train_queries": 2, "dev_queries": 1}
    assert {file["path"]: (file["sha256"], file["bytes"]) for file in language["retrieval"]["files"]} == {
        name: (hashlib.sha256(content).hexdigest(), len(content)) for name, content in DATA.items()
    }
    for comment in re.findall(r"#[^\r\n]*", text):
        assert comment in new
    assert ("\r\n" in new) == ("\r\n" in text)
    assert invoke("data", "pin", manifest).out.startswith("nothing changed")
    assert manifest.read_bytes().decode() == new
    run = ("run", "--suite", manifest, "--methods", "bm25", "--device", "cpu", "--out", tmp_path / "out")
    assert invoke(*run).status == 0


def test_data_beside_the_target_of_a_symbolic_link_are_found_after_those_beside_the_link(tmp_path: Path) -> None:
    manifest = written(tmp_path / "suite", ONE_LINE)
    (tmp_path / "links").mkdir()
    link = tmp_path / "links/mine.toml"
    link.symlink_to("../suite/tiny.toml")
    assert invoke("data", "pin", link).status == 0
    assert link.is_symlink()
    files = tomllib.loads(manifest.read_text(encoding="utf-8"))["languages"]["en"]["retrieval"]["files"]
    assert files[0]["sha256"] == hashlib.sha256(DATA["corpus.jsonl"]).hexdigest()
    run = ("run", "--suite", link, "--methods", "bm25", "--device", "cpu", "--out", tmp_path / "out")
    assert invoke(*run).status == 0
    other = DATA["corpus.jsonl"].replace(b"leaves", b"buds")
    (link.parent / "corpus.jsonl").write_bytes(other)
    assert f"changed: corpus.jsonl sha256 {hashlib.sha256(other).hexdigest()}" in invoke("data", "pin", link).out
    for name in ("corpus.jsonl", "dev.tsv"):
        (manifest.parent / name).unlink()
    assert f"dev.tsv of suite tiny is missing; put it at {link.parent / 'dev.tsv'}" in invoke("data", "pin", link).line


def test_what_changed_is_shown(tmp_path: Path) -> None:
    out = invoke("data", "pin", written(tmp_path, TABLES)).out
    assert "pinned: corpus.jsonl sha256 " in out
    assert "en passages: 3 (was 9)" in out
    assert "en dev_queries: 1\n" in out


def test_a_layout_that_cannot_be_edited_is_left_alone_and_the_values_are_shown(tmp_path: Path) -> None:
    text = ONE_LINE.replace('"corpus.jsonl"', '"\\u0063orpus.jsonl"')
    manifest = written(tmp_path, text)
    line = invoke("data", "pin", manifest).line
    sha256 = hashlib.sha256(DATA["corpus.jsonl"]).hexdigest()
    assert f'corpus.jsonl: sha256 = "{sha256}", bytes = {len(DATA["corpus.jsonl"])}' in line
    assert manifest.read_text(encoding="utf-8") == text


def test_missing_files_and_suites_without_a_path_are_refused(tmp_path: Path) -> None:
    manifest = tiny_suite(tmp_path)
    (tmp_path / "dev.tsv").unlink()
    assert f"put it at {tmp_path / 'dev.tsv'}" in invoke("data", "pin", manifest).line
    assert "bundled suites are pinned" in invoke("data", "pin", "mini").line

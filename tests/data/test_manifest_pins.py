"""`harness data pin` writes hashes, sizes and counts, and keeps everything else of a manifest."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from itertools import count
from pathlib import Path

import pytest
from support.commands import DATA, MANIFEST, invoke, tiny_suite
from support.download_server import Server

from harness.data.readers.squad import is_dev
from harness.machine.bundled import manifests

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


def test_counts_in_an_inline_table_are_pinned_in_it(tmp_path: Path) -> None:
    text = HEAD + "[languages.en] # mine\ncounts = { passages = 9 } # nine\n" + ONE_LINE[len(HEAD) :]
    manifest = written(tmp_path, text)
    assert "en passages: 3 (was 9)" in invoke("data", "pin", manifest).out
    line = "counts = { passages = 3, train_queries = 2, dev_queries = 1 } # nine"
    assert line in manifest.read_text(encoding="utf-8").splitlines()


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    manifest = tiny_suite(tmp_path)
    (tmp_path / "dev.tsv").unlink()
    assert f"put it at {tmp_path / 'dev.tsv'}" in invoke("data", "pin", manifest).line


XQUAD = manifests() / "xquad.toml"


def squad(folder: Path, *languages: str) -> dict[str, bytes]:
    """Write files in XQuAD's format, of one article of dev and one of train; return language → content."""
    titles = [next(title for i in count() if is_dev(title := f"Article_{i}") is dev) for dev in (True, False)]
    contents = {}
    for language in languages:
        articles = []
        for title in titles:
            qas = [
                {
                    "id": f"{language}-{title}",
                    "question": f"what is {title}?",
                    "answers": [{"text": "Tea", "answer_start": 0}],
                }
            ]
            context = f"Tea of {title}, {language}"
            articles.append({"title": title, "paragraphs": [{"context": context, "qas": qas}]})
        contents[language] = json.dumps({"data": articles}).encode()
        (folder / f"xquad.{language}.json").write_bytes(contents[language])
    return contents


def test_a_bundled_suite_is_pinned_in_a_copy_and_only_in_the_languages_named(tmp_path: Path) -> None:
    contents, copied = squad(tmp_path, "th", "zh"), tmp_path / "my-xquad.toml"
    before = XQUAD.read_bytes()
    result = invoke("data", "pin", "xquad", "--langs", "th,zh", "--data-dir", tmp_path, "--out", copied)
    assert result.status == 0, result.err
    assert result.out.splitlines()[-1] == f"wrote {copied}"
    assert "th passages: 2 (was 240)" in result.out
    assert XQUAD.read_bytes() == before
    old, new = (tomllib.loads(text) for text in (before.decode(), copied.read_text(encoding="utf-8")))
    for language, content in contents.items():
        (file,) = new["languages"][language]["retrieval"]["files"]
        assert (file.pop("sha256"), file.pop("bytes")) == (hashlib.sha256(content).hexdigest(), len(content))
        assert new["languages"][language].pop("counts") == {"passages": 2, "train_queries": 1, "dev_queries": 1}
        assert old["languages"][language].pop("counts") == {"passages": 240}
    assert new == old
    for comment in re.findall(r"#[^\r\n]*", before.decode()):
        assert comment in copied.read_text(encoding="utf-8")


def test_a_published_file_is_downloaded_and_verified_once_its_hash_is_pinned(tmp_path: Path, server: Server) -> None:
    (tmp_path / "here").mkdir()
    server.content = squad(tmp_path / "here", "en")["en"]
    source = (
        SOURCE.replace("beir", "squad") + f'files = [{{ path = "qa/xquad.en.json", published = "{server.url}" }}]\n'
    )
    manifest = written(tmp_path, HEAD + "[languages.en.retrieval]\n" + source)
    cache, copied = ("--cache-dir", tmp_path / "cache"), tmp_path / "copy.toml"
    assert "nothing fetches it" in invoke("data", "fetch", manifest, *cache).line
    assert server.requests == []
    pinned = invoke("data", "pin", manifest, "--data-dir", tmp_path / "here", "--out", copied, *cache)
    assert pinned.status == 0, pinned.err
    missing = invoke("data", "status", copied, *cache)
    assert " missing " in missing.out
    assert missing.out.rstrip().endswith(server.url)
    assert f"run `harness data fetch {copied}`" in invoke("data", "pin", copied, *cache).line
    fetched = invoke("data", "fetch", copied, *cache)
    assert fetched.status == 0, fetched.err
    assert " present " in fetched.out
    assert str(tmp_path / "cache") in fetched.out
    again = invoke("data", "pin", copied, *cache)
    assert again.out.startswith("nothing changed"), again.err
    server.content = server.content.replace(b"Tea", b"Rye")
    other = invoke("data", "fetch", copied, "--cache-dir", tmp_path / "other")
    assert other.status == 2
    assert "sha256" in other.line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("mini",), "suite mini is bundled, and its manifest stays as it is; pin a copy of it: --out my-mini.toml"),
        (("mimi",), "unknown suite 'mimi'; did you mean 'mini'?"),
        (("wikiqa@e5",), "suite wikiqa@e5: a variant is pinned with its suite; name wikiqa"),
        (("mini", "--out", "copy"), "--out copy is not the name of a manifest, which ends in .toml; add it"),
        (("mini", "--out", "here.toml"), "--out here.toml exists; choose another name, or pin that manifest: "),
        (("mini", "--out", "no/copy.toml"), "no/copy.toml cannot be written: No such file or directory; "),
        (("mini", "--out", "copy.toml", "--langs", "kp"), "unknown language 'kp' in suite mini; did you mean 'ko'?"),
    ],
)
def test_what_cannot_be_pinned_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here.toml").write_text("kept")
    result = invoke("data", "pin", *arguments)
    assert (result.status, result.line.startswith(f"harness: {message}")) == (2, True), result.line
    assert [path.name for path in tmp_path.iterdir()] == ["here.toml"]

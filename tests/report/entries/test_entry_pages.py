"""The pages of the entries: what an entry is, and each of its cells, said once and whole."""

from __future__ import annotations

import re
import shlex
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from support.commands import invoke
from support.entry_records import MEASURES, cell, folder_of, run
from support.fake_records import draw, put, put_failed

from harness.evidence.leaderboard import collate
from harness.machine.bundled import results
from harness.report.entries import entry_pages
from harness.report.entries.citations import citation_parts
from harness.report.page_links import entry_link
from harness.report.report_files import write_reports
from harness.results import record
from harness.results.record import Record
from harness.results.signature import entry_signatures

VOID = {"meta", "input", "br", "col"}
BLOCKS = {"dt", "dd", "div", "td", "th", "summary"}


class Page(HTMLParser):
    """Links, ids, tags, the text of elements with an id, and all text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.hrefs: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.open: list[tuple[str, str]] = []
        self.of: dict[str, str] = {}
        self.said = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        self.hrefs += [found["href"]] if found.get("href") else []
        self.ids += [found["id"]] if found.get("id") else []
        if tag not in VOID:
            self.open.append((tag, found.get("id") or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCKS:
            self.handle_data(" ")
        assert self.open.pop()[0] == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        for _, name in self.open:
            if name:
                self.of[name] = self.of.get(name, "") + data
        if self.open and self.open[-1][0] not in ("style", "script"):
            self.said += data

    @property
    def text(self) -> str:
        return " ".join(self.said.split())


def pages(folder: Path) -> dict[str, Page]:
    found = entry_pages.files(folder, collate(folder))
    return {name.removeprefix("entries/").removesuffix(".html"): Page(html) for name, html in found.items()}


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return folder_of(tmp_path)


def test_every_entry_has_a_page_that_of_a_failed_one_too(made: Path) -> None:
    write_reports(made)
    names = {path.name for path in (made / "entries").iterdir()}
    assert names == {"base.html", "clpl.html", "clpl@published.html", "broken.html"}
    assert "0 of 1 done" in pages(made)["broken"].text
    assert "Failed: it diverged" in pages(made)["broken"].text


def test_equal_folders_give_equal_pages(made: Path) -> None:
    board = collate(made)
    assert entry_pages.files(made, board) == entry_pages.files(made, collate(made))


def test_a_page_says_what_the_entry_is(made: Path) -> None:
    page = pages(made)["clpl"]
    assert "https://arxiv.org/abs/2412.17364" in page.hrefs
    assert "L = (1-λ) · InfoNCE\nλ   weight" in page.said
    assert "y = Σ w_e f_e(x)" in page.said
    for said in (
        *("ANCE-CLP: a penalty that keeps negatives near", "recipe corrected; the other one is clpl@published"),
        *("in-batch negatives added one penalty a batch", "method clpl adapters moe negatives ance"),
        *("plugin versions clpl 1, moe 2", "clpl.temperature 0.1", "epochs 3.0"),
    ):
        assert said in page.text
    assert "../entries/clpl@published.html" in page.hrefs
    assert "../entries/clpl.html" in pages(made)["clpl@published"].hrefs


def test_a_record_without_equations_has_a_page_without_them(made: Path) -> None:
    assert "What it computes" not in pages(made)["base"].text
    assert "pre" not in pages(made)["base"].tags


def test_the_signature_of_all_cells_is_that_of_the_entry(made: Path) -> None:
    found = entry_signatures(one for one in record.read_all(made) if one.status == "done")
    assert "|language:fa,ko|seeds:0,1|" in found["clpl"]
    shown = {entry: page.of.get("signature") for entry, page in pages(made).items()}
    assert shown == {**found, "broken": None}


def test_an_entry_that_is_not_trained_says_so_and_no_recipe(made: Path) -> None:
    page = pages(made)["base"]
    assert "training none" in page.text
    assert "recipe" not in page.text


def test_the_table_has_a_row_a_cell_that_leads_to_its_section(made: Path) -> None:
    page = pages(made)["clpl"]
    cells = ["ko-0", "ko-1", "fa-0", "fa-1"]
    assert [href for href in page.hrefs if href.startswith("#") and href != "#main"] == [f"#{name}" for name in cells]
    assert [name for name in page.ids if re.fullmatch(r"\w\w-\d", name)] == cells
    score = f"{100 * collate(made).records[2].measures['nDCG@10']:.2f}"
    assert re.search(rf"fa 0 done {score} \d+\.\d\d 6\.5 554 MiB fa, seed 0", page.text)
    assert "fa 1 failed fa, seed 1" in page.text


def test_a_cell_says_what_it_was_made_with_and_left(made: Path) -> None:
    page = pages(made)["clpl"]
    said = " ".join(page.of["ko-1"].split())
    of = record.read(made / "records/clpl/ko/1.json")
    hashes = (of.cell_key, of.files["run.gz"], of.provenance["model"]["weights"]["model.safetensors"])
    for part in (
        *hashes,
        "suite:fake|entry:clpl@",
        "6.5 seconds, 554 MiB at most, 1,234.5 J processor; measured; whole devices",
        "3.25 first, 1.125 last of 3 all 3.25 2.5 1.125",
        "geometry after alignment 1.5, anisotropy 0.25, uniformity -3.5",
        "2 stages, 1 of them from the cache stage seconds from key prepare 0.250 the cache aaaaaaaaaaaa",
        "ties 11",
    ):
        assert part in said


def test_what_cells_share_is_said_once(made: Path) -> None:
    page = pages(made)["clpl"]
    assert page.text.count("environment.packages.torch 2.13.0") == 1
    assert page.text.count("data.passages 192") == 1
    assert page.text.count("data.digests.corpus corpus of ko") == 1
    assert "data.digests.corpus corpus of ko" not in " ".join((page.of["ko-0"] + page.of["ko-1"]).split())
    assert "data.digests.corpus corpus of fa" in " ".join(page.of["fa-0"].split())  # the only one of its language


def test_every_link_leads_to_a_file_or_a_section(made: Path) -> None:
    write_reports(made)
    found = 0
    for path in (made / "entries").iterdir():
        page = Page(path.read_text(encoding="utf-8"))
        for href in page.hrefs:
            name, _, section = unquote(href).partition("#")
            if not href.startswith("https:"):
                assert not name or (path.parent / name).is_file(), href
                assert name or section in page.ids, href
                found += 1
    assert found > 40
    linked = {href for path in (made / "entries").iterdir() for href in Page(path.read_text(encoding="utf-8")).hrefs}
    assert {
        "../records/clpl/ko/0.json",
        "../records/clpl/ko/0.per_query.parquet",
        "../records/clpl/ko/0.run.gz",
    } <= linked
    assert "../records/clpl/fa/1.log" in linked
    assert "../queries/ko.html#a=clpl&b=base" in linked


def test_the_leaderboard_leads_to_sections_that_there_are(made: Path) -> None:
    html = write_reports(made).read_text(encoding="utf-8")
    hrefs = [href for href in Page(html).hrefs if href.startswith("entries/") and "#" in href]
    assert hrefs
    for href in hrefs:
        name, _, section = unquote(href).partition("#")
        assert section in Page((made / name).read_text(encoding="utf-8")).ids


def test_a_run_that_is_not_published_is_named_by_its_hash_and_not_checked(made: Path) -> None:
    assert pages(made)["clpl"].of["ko-0.check"] == "harness verify . --cells clpl/ko/0"
    (made / "records/clpl/ko/0.run.gz").unlink()
    page = pages(made)["clpl"]
    of = record.read(made / "records/clpl/ko/0.json")
    assert f"run: not published here, {of.files['run.gz']}" in " ".join(page.of["ko-0"].split())
    assert "../records/clpl/ko/0.run.gz" not in page.hrefs
    assert "ko-0.check" not in page.ids
    assert "ko-1.check" in page.ids


def test_a_failed_cell_has_its_reason_its_traceback_and_the_command_that_makes_it(made: Path) -> None:
    page = pages(made)["clpl"]
    said = " ".join(page.of["fa-1"].split())
    assert "Failed: out of memory at step 7" in said
    assert "fa-1.again" in page.ids
    assert {"fa-1.check", "fa-1.signature"}.isdisjoint(page.ids)
    assert "cell key" not in page.of["ko-0"] or "0" * 64 not in page.of["ko-0"]


def test_the_command_makes_the_one_cell_with_the_requests_data_and_settings(made: Path) -> None:
    run(made, data_dir="my data", max_train=40, set=["clpl.temperature=0.2", "infonce.negatives=2"])
    words = shlex.split(pages(made)["clpl"].of["fa-0.again"])
    assert words == [
        *("harness", "run", "--suite", "fake", "--methods", "clpl", "--langs", "fa", "--seeds", "0"),
        *("--max-train", "40", "--set", "clpl.temperature=0.2", "--device", "cpu"),
        *("--data-dir", "my data", "--out", "runs/again-clpl-fa-0"),
    ]


def test_without_run_json_there_is_a_page_with_no_check(made: Path) -> None:
    (made / "run.json").unlink()
    page = pages(made)["clpl"]
    assert "harness verify" not in page.text
    assert "harness run --suite fake --methods clpl --langs ko --seeds 0 --device cpu" in page.text


def test_what_varies_of_the_entry_itself_is_said_in_its_cells(tmp_path: Path) -> None:
    cell(tmp_path, "clpl", "ko", 0)
    cell(tmp_path, "clpl", "ko", 1, title="Another title", equations={})  # made before records had equations
    page = pages(run(tmp_path))["clpl"]
    assert "entry.title Another title" in " ".join(page.of["ko-1"].split())
    assert page.said.count("L = (1-λ) · InfoNCE") == 1


HOSTILE = "<script>alert(1)</script>\"'&</script><!--\u202e\u2067"


def test_hostile_text_is_text(tmp_path: Path) -> None:
    changes = {
        **dict.fromkeys(("title", "about", "paper", "recipe", "method", "negatives"), HOSTILE),
        **{"departures": [HOSTILE], "settings": {HOSTILE: {HOSTILE: HOSTILE}}, "plugins": {HOSTILE: HOSTILE}},
        "equations": {HOSTILE: HOSTILE},
    }
    cell(tmp_path, "<b>'\"&", "ko", 0, **changes)
    put_failed(tmp_path, ("<b>'\"&", "ko", 1), HOSTILE)
    page = pages(run(tmp_path, suite=HOSTILE))["<b>'\"&"]
    assert page.tags.count("script") == 1  # the page's own
    assert "b" not in page.tags
    assert not page.open
    assert HOSTILE in page.said
    assert shlex.split(page.of["ko-0.again"])[3] == HOSTILE


@pytest.mark.parametrize("entry", ["../../outside", "a/b", "x" * 10_000, "nul\0"])
def test_a_name_that_is_no_files_gets_a_page_in_the_folder(tmp_path: Path, entry: str) -> None:
    put(tmp_path, ("base", "ko", 0), draw("base", "ko", 0, 5, MEASURES))
    board = collate(tmp_path)
    odd = Record(suite="fake", entry=entry, language="ko", seed=0, trained=True, status="failed", cell_key="")
    files = entry_pages.files(tmp_path, collate(tmp_path).__class__(**{**vars(board), "failures": (odd,)}))
    [name] = set(files) - {"entries/base.html"}
    assert re.fullmatch(r"entries/[0-9a-f]{64}\.html", name)
    assert entry_link(entry) == name
    assert "0 of 1 done" in Page(files[name]).text


def test_no_script_address_becomes_a_link(tmp_path: Path) -> None:
    cell(tmp_path, "clpl", "ko", 0, paper="javascript:alert(1)")
    assert not [href for href in pages(run(tmp_path))["clpl"].hrefs if href.startswith("javascript")]


def test_a_citation_leads_where_each_of_its_papers_is() -> None:
    parts = list(citation_parts("arXiv 2308.03103v2, DOI 10.1561/1500000019; https://example.org/a_b."))
    assert [part.href for part in parts if part.href] == [
        "https://arxiv.org/abs/2308.03103",
        "https://doi.org/10.1561/1500000019",
        "https://example.org/a_b.",
    ]
    assert (
        "".join(part.text for part in parts) == "arXiv 2308.03103v2, DOI 10.1561/1500000019; https://example.org/a_b."
    )


def test_a_page_of_200_cells_is_below_a_megabyte(tmp_path: Path) -> None:
    pattern = record.read(results() / "wikiqa/records/clpl/ko/0.json")
    languages = [f"l{i}" for i in range(10)]
    cells = [
        pattern.model_copy(
            update={"language": language, "seed": seed, "measures": {**pattern.measures, "AP": seed / 7}}
        )
        for language in languages
        for seed in range(20)
    ]
    put(tmp_path, ("base", "l0", 0), draw("base", "l0", 0, 5, tuple(pattern.measures)))
    board = collate(tmp_path)
    wide = board.__class__(**{**vars(board), "records": tuple(cells), "languages": tuple(languages)})
    [html] = entry_pages.files(tmp_path, wide).values()
    assert html.count('<section class="cell"') == 200
    assert len(html.encode()) < 1_000_000


def test_a_long_training_shows_some_of_its_losses(tmp_path: Path) -> None:
    of = cell(tmp_path, "clpl", "ko", 0)
    training = {**of.provenance["training"], "losses": [float(step) for step in range(1000)]}
    name = ("clpl", "ko", 0)
    put(tmp_path, name, draw(*name, 5, MEASURES), provenance={**of.provenance, "training": training})
    assert "0 first, 999 last of 1000 one in 25 0 25 50 75 " in pages(run(tmp_path))["clpl"].text


def test_the_report_command_writes_the_pages(made: Path) -> None:
    assert invoke("report", str(made)).status == 0
    assert (made / "entries/broken.html").is_file()
    assert "entries/broken.html" in (made / "SHA256SUMS").read_text(encoding="utf-8")

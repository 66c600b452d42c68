"""The pages of entries: declaration, cells, files, commands, links and escaping."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
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
from harness.report.report_files import write_reports
from harness.results import record
from harness.results.signature import entry_signatures

VOID = {"meta", "input", "br", "col"}
BLOCKS = {"dt", "dd", "div", "td", "th", "summary"}


class Page(HTMLParser):
    """The links, ids, tags and text of a page, and the text of each element with an id."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.hrefs: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.open: list[tuple[str, str]] = []
        self.text_by_id: dict[str, str] = {}
        self.raw_text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append(tag)
        self.hrefs += [values["href"]] if values.get("href") else []
        self.ids += [values["id"]] if values.get("id") else []
        if tag not in VOID:
            self.open.append((tag, values.get("id") or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCKS:
            self.handle_data(" ")
        assert self.open.pop()[0] == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        for _, name in self.open:
            if name:
                self.text_by_id[name] = self.text_by_id.get(name, "") + data
        if self.open and self.open[-1][0] not in ("style", "script"):
            self.raw_text += data

    @property
    def text(self) -> str:
        return " ".join(self.raw_text.split())


def pages(folder: Path) -> dict[str, Page]:
    files = entry_pages.files(folder, collate(folder))
    return {name.removeprefix("entries/").removesuffix(".html"): Page(html) for name, html in files.items()}


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return folder_of(tmp_path)


def test_every_entry_has_a_page_even_if_all_its_cells_failed(made: Path) -> None:
    write_reports(made)
    names = {path.name for path in (made / "entries").iterdir()}
    assert names == {"base.html", "clpl.html", "clpl@published.html", "broken.html"}
    assert "0 of 1 done" in pages(made)["broken"].text
    assert "Failed: it diverged" in pages(made)["broken"].text


def test_equal_folders_give_equal_pages(made: Path) -> None:
    board = collate(made)
    assert entry_pages.files(made, board) == entry_pages.files(made, collate(made))


def test_a_page_shows_the_declaration_of_its_entry(made: Path) -> None:
    page = pages(made)["clpl"]
    assert "https://arxiv.org/abs/2412.17364" in page.hrefs
    assert "L = (1-λ) · InfoNCE\nλ   weight" in page.raw_text
    assert "y = Σ w_e f_e(x)" in page.raw_text
    for text in (
        *("ANCE-CLP: a penalty that keeps negatives near", "recipe corrected; the other one is clpl@published"),
        *("in-batch negatives added one penalty a batch", "method clpl adapters moe negatives ance"),
        *("plugin sources clpl aaaaaaaaaaaa, moe bbbbbbbbbbbb", "clpl.temperature 0.1", "epochs 3.0"),
    ):
        assert text in page.text
    assert "../entries/clpl@published.html" in page.hrefs
    assert "../entries/clpl.html" in pages(made)["clpl@published"].hrefs


def test_an_entry_without_equations_has_no_section_for_them(made: Path) -> None:
    assert "What it computes" not in pages(made)["base"].text
    assert "pre" not in pages(made)["base"].tags


def test_the_signature_of_all_cells_is_the_signature_of_the_entry(made: Path) -> None:
    lines = entry_signatures(cell for cell in record.read_all(made) if cell.status == "done")
    assert "|language:fa,ko|seeds:0,1|" in lines["clpl"]
    shown = {entry: page.text_by_id.get("signature") for entry, page in pages(made).items()}
    assert shown == {**lines, "broken": None}


def test_an_untrained_entry_has_no_recipe(made: Path) -> None:
    page = pages(made)["base"]
    assert "training none" in page.text
    assert "recipe" not in page.text


def test_the_table_has_one_row_per_cell_with_a_link_to_its_section(made: Path) -> None:
    page = pages(made)["clpl"]
    cells = ["ko-0", "ko-1", "fa-0", "fa-1"]
    assert [href for href in page.hrefs if href.startswith("#") and href != "#main"] == [f"#{name}" for name in cells]
    assert [name for name in page.ids if re.fullmatch(r"\w\w-\d", name)] == cells
    score = f"{100 * collate(made).records[2].measures['nDCG@10']:.2f}"
    assert re.search(rf"fa 0 done {score} \d+\.\d\d 6\.5 554 MiB fa, seed 0", page.text)
    assert "fa 1 failed fa, seed 1" in page.text


def test_a_cell_shows_its_provenance_and_measurements(made: Path) -> None:
    page = pages(made)["clpl"]
    text = " ".join(page.text_by_id["ko-1"].split())
    stored = record.read(made / "records/clpl/ko/1.json")
    hashes = (stored.cell_key, stored.files["run.gz"], stored.provenance["model"]["weights"]["model.safetensors"])
    for part in (
        *hashes,
        "suite:fake|entry:clpl@",
        "6.5 seconds, 554 MiB at most, 1,234.5 J processor; measured; whole devices",
        "3.25 first, 1.125 last of 3 all 3.25 2.5 1.125",
        "geometry after alignment 1.5, anisotropy 0.25, uniformity -3.5",
        "2 stages, 1 of them from the cache stage seconds from key maker prepare 0.250 the cache aaaaaaaaaaaa unknown",
        "ties 11",
    ):
        assert part in text


def test_values_that_cells_share_are_shown_once(made: Path) -> None:
    page = pages(made)["clpl"]
    assert page.text.count("environment.packages.torch 2.13.0") == 1
    assert page.text.count("data.passages 192") == 1
    assert page.text.count("data.digests.corpus corpus of ko") == 1
    assert "data.digests.corpus corpus of ko" not in " ".join(
        (page.text_by_id["ko-0"] + page.text_by_id["ko-1"]).split()
    )
    assert "data.digests.corpus corpus of fa" in " ".join(
        page.text_by_id["fa-0"].split()
    )  # the only one of its language


def test_every_link_points_to_a_file_or_a_section(made: Path) -> None:
    write_reports(made)
    count = 0
    for path in (made / "entries").iterdir():
        page = Page(path.read_text(encoding="utf-8"))
        for href in page.hrefs:
            name, _, section = unquote(href).partition("#")
            if not href.startswith("https:"):
                assert not name or (path.parent / name).is_file(), href
                assert name or section in page.ids, href
                count += 1
    assert count > 40
    linked = {href for path in (made / "entries").iterdir() for href in Page(path.read_text(encoding="utf-8")).hrefs}
    assert {
        "../records/clpl/ko/0.json",
        "../records/clpl/ko/0.per_query.parquet",
        "../records/clpl/ko/0.run.gz",
    } <= linked
    assert "../records/clpl/fa/1.log" in linked
    assert "../queries/ko.html#a=clpl&b=base" in linked


def test_the_leaderboard_links_to_existing_sections(made: Path) -> None:
    html = write_reports(made).read_text(encoding="utf-8")
    hrefs = [href for href in Page(html).hrefs if href.startswith("entries/") and "#" in href]
    assert hrefs
    for href in hrefs:
        name, _, section = unquote(href).partition("#")
        assert section in Page((made / name).read_text(encoding="utf-8")).ids


def test_an_unpublished_run_has_its_hash_and_no_check_command(made: Path) -> None:
    assert pages(made)["clpl"].text_by_id["ko-0.check"] == "harness verify . --cells clpl/ko/0"
    (made / "records/clpl/ko/0.run.gz").unlink()
    page = pages(made)["clpl"]
    stored = record.read(made / "records/clpl/ko/0.json")
    assert f"run: not published here, {stored.files['run.gz']}" in " ".join(page.text_by_id["ko-0"].split())
    assert "../records/clpl/ko/0.run.gz" not in page.hrefs
    assert "ko-0.check" not in page.ids
    assert "ko-1.check" in page.ids


def test_a_failed_cell_has_its_reason_and_the_command_to_rerun_it(made: Path) -> None:
    page = pages(made)["clpl"]
    text = " ".join(page.text_by_id["fa-1"].split())
    assert "Failed: out of memory at step 7" in text
    assert "fa-1.again" in page.ids
    assert {"fa-1.check", "fa-1.signature"}.isdisjoint(page.ids)
    assert "cell key" not in page.text_by_id["ko-0"] or "0" * 64 not in page.text_by_id["ko-0"]


def test_the_rerun_command_has_the_data_and_settings_of_the_request(made: Path) -> None:
    run(made, data_dir="my data", max_train=40, set=["clpl.temperature=0.2", "infonce.negatives=2"])
    words = shlex.split(pages(made)["clpl"].text_by_id["fa-0.again"])
    assert words == [
        *("harness", "run", "--suite", "fake", "--methods", "clpl", "--langs", "fa", "--seeds", "0"),
        *("--max-train", "40", "--set", "clpl.temperature=0.2", "--device", "cpu"),
        *("--data-dir", "my data", "--out", "runs/again-clpl-fa-0"),
    ]


def test_without_run_json_there_is_no_check_command(made: Path) -> None:
    (made / "run.json").unlink()
    page = pages(made)["clpl"]
    assert "harness verify" not in page.text
    assert "harness run --suite fake --methods clpl --langs ko --seeds 0 --device cpu" in page.text


def test_differing_declarations_are_shown_with_their_cells(tmp_path: Path) -> None:
    cell(tmp_path, "clpl", "ko", 0)
    cell(tmp_path, "clpl", "ko", 1, title="Another title", equations={})  # made before records had equations
    page = pages(run(tmp_path))["clpl"]
    assert "entry.title Another title" in " ".join(page.text_by_id["ko-1"].split())
    assert page.raw_text.count("L = (1-λ) · InfoNCE") == 1


HOSTILE = "<script>alert(1)</script>\"'&</script><!--\u202e\u2067"


def test_hostile_text_is_escaped(tmp_path: Path) -> None:
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
    assert HOSTILE in page.raw_text
    assert shlex.split(page.text_by_id["ko-0.again"])[3] == HOSTILE


def test_a_javascript_url_does_not_become_a_link(tmp_path: Path) -> None:
    cell(tmp_path, "clpl", "ko", 0, paper="javascript:alert(1)")
    assert not [href for href in pages(run(tmp_path))["clpl"].hrefs if href.startswith("javascript")]


def test_a_citation_links_to_each_of_its_papers() -> None:
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
    scores = dict.fromkeys([cell.name for cell in cells], board.results.scores["base/l0/0"])
    wide = replace(board, results=replace(board.results, records=tuple(cells), scores=scores))
    [html] = entry_pages.files(tmp_path, wide).values()
    assert html.count('<section class="cell"') == 200
    assert len(html.encode()) < 1_000_000


def test_a_long_training_shows_a_sample_of_its_losses(tmp_path: Path) -> None:
    stored = cell(tmp_path, "clpl", "ko", 0)
    training = {**stored.provenance["training"], "losses": [float(step) for step in range(1000)]}
    name = ("clpl", "ko", 0)
    put(tmp_path, name, draw(*name, 5, MEASURES), provenance={**stored.provenance, "training": training})
    assert "0 first, 999 last of 1000 one in 25 0 25 50 75 " in pages(run(tmp_path))["clpl"].text


def test_the_report_command_writes_the_pages(made: Path) -> None:
    assert invoke("report", str(made)).status == 0
    assert (made / "entries/broken.html").is_file()
    assert "entries/broken.html" in (made / "SHA256SUMS").read_text(encoding="utf-8")

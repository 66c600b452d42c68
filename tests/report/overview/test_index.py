"""`harness report --index`: one row per result folder, sentences per suite, and folders that cannot be read."""

from __future__ import annotations

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from support.commands import invoke, snapshot
from support.fake_records import board, draw, provenance, put, put_failed
from support.hostile import NAMES
from support.study_folders import over_base
from support.swept_records import put_swept

from harness.evidence.claims.claims_file import load
from harness.report.overview import index


class Rows(HTMLParser):
    """The text of all table rows, and all links of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.hrefs: list[str] = []
        self.text = ""
        self.inside = False
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.inside = True
        self.hrefs += [value for name, value in attrs if name == "href" and value]

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.inside:
            self.rows[-1][-1] += f" {data.strip()}" if data.strip() else ""

    def row(self, name: str) -> list[str]:
        """Return the cells of the row that starts with a name."""
        return next([cell.strip() for cell in row] for row in self.rows if row[0].strip().split(" ")[0] == name)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Two folders of the suite fake, one of them below another folder, and one of the suite other."""
    board(tmp_path / "one", ["base", "mnrl"], {"ko": 7, "fa": 5}, [0, 1])
    board(tmp_path / "more/two", ["base", "clpl"], {"ko": 7, "fa": 5}, [0, 1, 2])
    put(tmp_path / "three", ("base", "ko", 0), draw("base", "ko", 0, 7), suite="other")
    return tmp_path


def index_page(folder: Path) -> Rows:
    result = invoke("report", folder, "--index")
    assert (result.status, result.err) == (0, "")
    assert result.out == f"index: {folder / 'index.html'}\n"
    return Rows(folder / "index.html")


def text_of(page: Rows) -> str:
    return " ".join(page.text.split())


def test_every_result_folder_has_a_row(results: Path) -> None:
    page = index_page(results)
    assert [row[0].strip() for row in page.rows] == [
        "contrast",
        "mnrl over base nDCG@10",
        "folder",
        "more/two no page yet",
        "one no page yet",
        "folder",
        "three no page yet",
    ]
    cells = page.row("one")
    assert cells[3:] == ["2", "ko , fa", "0, 1", "base", "none about it", "all 6 done", "the manifest's"]
    assert re.fullmatch(r"\d\d\.\d\d \[\d+\.\d\d, \d+\.\d\d\] nDCG@10( 1 entry not shown to differ)?", cells[2])
    assert "3 result folders of 2 suites" in text_of(page)


def test_the_best_entry_has_the_highest_average_of_the_trained_ones(tmp_path: Path) -> None:
    for entry, value in (("base", 0.25), ("mnrl", 0.75), ("clpl", 0.5), ("bm25", 0.875)):
        for seed in (0, 1):
            put(tmp_path / "run", (entry, "ko", seed), {"AP": {"a": value, "b": value}})
    assert index_page(tmp_path).row("run")[1:3] == ["mnrl", "75.00 [75.00, 75.00] AP"]


def test_a_swept_entry_has_its_short_name(tmp_path: Path) -> None:
    put(tmp_path / "run", ("base", "ko", 0), {"AP": {"a": 0.25, "b": 0.25}})
    for weight in (0.1, 0.5):
        put_swept(tmp_path / "run", {"clpl.penalty_weight": weight}, {"ko": weight}, "clpl")
    page = index_page(tmp_path)
    assert page.row("run")[1] == "clpl penalty_weight = 0.5"
    assert "clpl[" not in text_of(page)


def test_where_none_is_trained_the_best_of_all_is_named_so(tmp_path: Path) -> None:
    for entry, value in (("base", 0.25), ("bm25", 0.875)):
        put(tmp_path / "run", (entry, "ko", 0), {"AP": {"a": value, "b": value}})
    assert index_page(tmp_path).row("run")[1] == "bm25 not trained"


def test_a_best_entry_with_one_seed_is_named_so_with_the_entries_not_shown_to_differ(tmp_path: Path) -> None:
    for entry, value in (("base", 0.25), ("mnrl", 0.75), ("clpl", 0.5)):
        put(tmp_path / "run", (entry, "ko", 0), {"AP": {"a": value, "b": value}})
    cell = index_page(tmp_path).row("run")[2]
    assert cell == "75.00 [75.00, 75.00] AP, one seed 1 entry not shown to differ"


def test_a_written_page_is_linked_and_an_unwritten_one_is_not(results: Path) -> None:
    assert invoke("report", results / "more/two", "--no-texts").status == 0
    page = index_page(results)
    assert [href for href in page.hrefs if href.endswith(".html")] == ["more/two/leaderboard.html"]
    assert page.row("more/two")[0] == "more/two"


def test_folders_with_equal_data_are_compared(results: Path) -> None:
    text = text_of(index_page(results))
    assert "2 folders, 3 different entries. Their passages, queries and judgments are the same" in text
    assert re.search(
        r"The highest average of nDCG@10 of a trained entry is \d\d\.\d\d \[.*?\]: \S+ in (one|more/two)\.", text
    )
    assert "Measured in more than one folder: base; each has the same average everywhere, to two decimals." in text


def test_the_spread_of_an_entry_over_folders_is_stated(tmp_path: Path) -> None:
    for name, value in (("one", 0.5), ("two", 0.75)):
        put(tmp_path / name, ("base", "ko", 0), {"AP": {"a": value, "b": value}})
    text = text_of(index_page(tmp_path))
    assert "Measured in more than one folder: base; their averages differ by at most 25.00 (base)." in text


def test_folders_with_different_data_are_not_compared(tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        record_provenance = provenance("base", "ko", None) | {
            "data": {"digests": {"corpus": "other" if name == "two" else "same"}}
        }
        put(tmp_path / name, ("base", "ko", 0), draw("base", "ko", 0, 7), provenance=record_provenance)
    text = text_of(index_page(tmp_path))
    assert "The data differ in ko (one, three against two)" in text
    assert "The highest average" not in text
    assert "Measured in more than one folder" not in text


def test_a_different_definition_of_the_suite_is_stated(tmp_path: Path) -> None:
    for name in ("one", "two"):
        record_provenance = provenance("base", "ko", None) | {"suite_digest": name}
        put(tmp_path / name, ("base", "ko", 0), draw("base", "ko", 0, 7), provenance=record_provenance)
    assert "They define the suite differently" in text_of(index_page(tmp_path))


def test_failed_missing_and_unverified_cells_are_shown(tmp_path: Path) -> None:
    folder = board(tmp_path / "run", ["base", "mnrl"], {"ko": 7}, [0, 1])
    (folder / "records/mnrl/ko/1.json").unlink()
    put_failed(folder, ("mnrl", "ko", 2), "out of memory")
    record_provenance = provenance("clpl", "ko", 0) | {"data": {"unverified": "0" * 64}}
    put(folder, ("clpl", "ko", 0), draw("clpl", "ko", 0, 7), provenance=record_provenance)
    cells = index_page(tmp_path).row("run")
    assert cells[-2:] == ["1 of 4 failed, 2 missing", "not the manifest's in ko"]


def test_verdicts_on_claims_about_the_suite_are_counted(tmp_path: Path) -> None:
    put(tmp_path / "run", ("base", "ko", 0), {"nDCG@5": {"a": 0.25, "b": 0.25}}, suite="miracl")
    verdicts = index_page(tmp_path).row("run")[7]
    assert verdicts == f"{sum(claim.suite == 'miracl' for claim in load())} not comparable"


def test_an_unreadable_folder_has_a_row_with_its_reason_and_status_1(results: Path) -> None:
    damaged = results / "damaged/records/base/ko"
    damaged.mkdir(parents=True)
    (damaged / "0.json").write_text("{}", encoding="utf-8")
    put_failed(results / "failed", ("clpl", "ko", 0), "out of memory")
    (results / "empty/records").mkdir(parents=True)
    result = invoke("report", results, "--index")
    assert (result.status, result.err) == (1, "")
    page = Rows(results / "index.html")
    assert page.row("damaged")[1].startswith("record records/base/ko/0.json is damaged: ")
    assert page.row("failed")[1] == "failed: clpl/ko/0: out of memory"
    assert page.row("empty")[1].startswith("no records below records; ")
    assert str(results) not in page.text
    assert [line.partition(": ")[0] for line in result.out.splitlines()] == ["index", *["not read"] * 3]


def test_a_folder_without_the_baseline_is_not_read(results: Path) -> None:
    result = invoke("report", results, "--index", "--baseline", "mnrl")
    assert result.status == 1
    page = Rows(results / "index.html")
    assert page.row("one")[6] == "mnrl"
    assert page.row("more/two")[1].startswith("unknown baseline 'mnrl' in it")


def test_without_a_result_folder_there_is_no_index(tmp_path: Path) -> None:
    (tmp_path / "settings").mkdir()
    result = invoke("report", tmp_path, "--index")
    assert result.status == 3
    assert result.line.startswith(f"harness: no result folder below {tmp_path}; ")
    assert not (tmp_path / "index.html").exists()


def test_a_result_folder_itself_gets_no_index(results: Path) -> None:
    before = snapshot(results)
    result = invoke("report", results / "one", "--index")
    assert (result.status, "is a result folder itself" in result.line) == (2, True)
    assert snapshot(results) == before


def test_a_missing_folder_is_a_one_line_error(tmp_path: Path) -> None:
    result = invoke("report", tmp_path / "nowhere", "--index")
    assert (result.status, "cannot be listed: No such file or directory" in result.line) == (2, True)


def test_result_folders_hidden_folders_and_links_are_not_searched(results: Path) -> None:
    board(results / "one/copy", ["base"], {"ko": 7}, [0])
    board(results / ".cache/four", ["base"], {"ko": 7}, [0])
    (results / "again").symlink_to(results / "one", target_is_directory=True)
    assert [path.relative_to(results).as_posix() for path in index.below(results)] == ["more/two", "one", "three"]


def test_the_index_does_not_depend_on_the_location_of_the_folders(tmp_path: Path) -> None:
    for place in ("a", "b/c"):
        board(tmp_path / place / "run", ["base", "mnrl"], {"ko": 7}, [0, 1])
        (tmp_path / place / "empty/records").mkdir(parents=True)
        assert invoke("report", tmp_path / place, "--index").status == 1
    assert (tmp_path / "a/index.html").read_bytes() == (tmp_path / "b/c/index.html").read_bytes()


def test_hostile_names_are_escaped_and_their_links_work(tmp_path: Path) -> None:
    for name in NAMES:
        folder = tmp_path / "results" / name
        put(folder, (name, "ko", 0), {"AP": {"a": 0.5, "b": 0.25}})
        (folder / "leaderboard.html").write_text("page", encoding="utf-8")
    page = index_page(tmp_path / "results")
    assert "<script" not in (tmp_path / "results/index.html").read_text(encoding="utf-8")
    pages = [unquote(href) for href in page.hrefs if href.endswith("leaderboard.html")]
    assert sorted(pages) == sorted(f"{name}/leaderboard.html" for name in NAMES)
    assert all((tmp_path / "results" / href).is_file() for href in pages)


def test_a_pretrained_base_model_stands_with_the_folder(tmp_path: Path) -> None:
    given = provenance("base", "ko", None) | {"base_model": {"sha256": 64 * "a"}, "base_model_name": "e5 <b>"}
    put(tmp_path / "one", ("base", "ko", 0), draw("base", "ko", 0, 7), provenance=given)
    board(tmp_path / "two", ["base"], {"ko": 7}, [0])
    page = index_page(tmp_path)
    assert page.row("one")[0].endswith("on e5 <b> (sha256 aaaaaaaaaaaa)")
    assert " on " not in page.row("two")[0]


def test_a_contrast_of_several_studies_is_pooled_with_a_forest_plot_and_a_prediction(tmp_path: Path) -> None:
    over_base(tmp_path / "a", {"ko": 0.02, "fa": 0.06})
    over_base(tmp_path / "b", {"hi": 0.1})
    page = index_page(tmp_path)
    assert page.row("mnrl")[:2] == ["mnrl over base nDCG@10", "3"]
    text = text_of(page)
    assert "Do the gains generalise?" in text
    assert "By language: expected on a new dataset: between " in text
    assert "k = 2; a prediction needs at least three studies." in text
    assert (tmp_path / "index.html").read_text(encoding="utf-8").count("<svg") == 1


def test_a_folder_that_shares_cells_with_an_earlier_one_is_shown_and_not_pooled(tmp_path: Path) -> None:
    over_base(tmp_path / "a", {"ko": 0.02, "fa": 0.06})
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    page = index_page(tmp_path)
    assert "Not pooled: b mnrl ko, fa, average (shares cells with a)." in text_of(page)
    assert page.row("mnrl")[1] == "2"


def test_folders_without_a_contrast_of_two_studies_have_no_such_section(tmp_path: Path) -> None:
    over_base(tmp_path / "a", {"ko": 0.02})
    assert "generalise" not in index_page(tmp_path).text

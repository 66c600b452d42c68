"""The files of a report and the terminal table: contents, links and escaping."""

import csv
import io
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console
from support.commands import invoke
from support.fake_records import board, draw, put, put_failed
from support.one_language import FOLDERS, committed, speaks_of_an_average

from harness.errors import RequestError
from harness.evidence.leaderboard import collate
from harness.report.escaping import markdown
from harness.report.facts import made_by, provenance_facts, run_facts
from harness.report.numbers import hundred, signed
from harness.report.report_files import write_reports
from harness.report.report_formats import Format
from harness.report.terminal import terminal_table
from harness.results.flatten import flatten
from harness.results.run_file import parse_run_file


def terminal(folder: Path, width: int = 100) -> str:
    console = Console(width=width, file=io.StringIO(), color_system=None)
    console.print(terminal_table(collate(folder)))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


class Page(HTMLParser):
    """The links, tags and text of a page, without styles and scripts."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.hrefs: list[str] = []
        self.tags: set[str] = set()
        self.open: list[str] = []
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.hrefs += [value for name, value in attrs if name == "href" and value]
        if tag not in ("meta", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("style", "script"):
            self.text += data


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A folder with known means: base 0.5, mnrl 0.75 in both languages, two seeds."""
    for language in ("ko", "fa"):
        put(tmp_path, ("base", language, 0), {"AP": {"a": 0.5, "b": 0.5}})
        for seed in (0, 1):
            put(tmp_path, ("mnrl", language, seed), {"AP": {"a": 0.75, "b": 0.75}})
    return tmp_path


def test_the_files_are_written_and_the_page_is_returned(small: Path) -> None:
    assert write_reports(small) == small / "leaderboard.html"
    formats = {f"leaderboard.{suffix}" for suffix in ("html", "csv", "md", "tex", "json")}
    files = (
        formats | {"claims.csv", "contrasts.csv", "evidence.csv", "signatures.csv", "report.json"} | {"references.bib"}
    )
    assert {path.name for path in small.glob("*.*")} == files


def test_equal_records_give_equal_bytes(small: Path) -> None:
    names = ("leaderboard.html", "leaderboard.csv", "leaderboard.md", "claims.csv", "evidence.csv")
    write_reports(small)
    first = [(small / name).read_bytes() for name in names]
    write_reports(small)
    assert [(small / name).read_bytes() for name in names] == first


def test_the_csv_has_raw_values_and_empty_fields(tmp_path: Path) -> None:
    write_reports(board(tmp_path, ["base", "mnrl"], {"ko": 7}, [0, 1]))
    rows = list(csv.DictReader((tmp_path / "leaderboard.csv").read_text(encoding="utf-8").splitlines()))
    values = draw("base", "ko", 0, 7)["AP"].values()
    base = next(row for row in rows if (row["entry"], row["language"], row["measure"]) == ("base", "ko", "AP"))
    assert float(base["mean"]) == pytest.approx(sum(values) / 7, abs=1e-15)
    assert repr(float(base["mean"])) == base["mean"]
    empty = ("seed_sd", "delta_vs_base", "delta_ci_low", "delta_ci_high", "p_adjusted", "verdict")
    assert [base[name] for name in empty] == [""] * 6
    assert (base["n_queries"], base["n_seeds"]) == ("7", "1")


def test_the_page_shows_scores_with_interval_difference_and_spread(small: Path) -> None:
    page = Page(write_reports(small))
    text = " ".join(page.text.split())
    row = "75.00 [75.00, 75.00] +25.00 [+25.00, +25.00] p < 0.001 1 a"
    assert f"{row} 75.00 [75.00, 75.00] seeds 0 1 75.00 [75.00, 75.00] seeds 0 1 2 sd 0.00" in text
    assert "Student's 95 % interval over queries and seeds both" in text
    assert "× 100 with two decimals" in text
    assert not page.open


def test_every_cell_is_linked_and_every_local_link_works(tmp_path: Path) -> None:
    page = Page(write_reports(board(tmp_path, ["base", "mnrl"], {"ko": 5, "fa": 5}, [0, 1])))
    cells = {
        f"entries/{'/'.join(p.parts[-3:-2])}.html#{p.parent.name}-{p.stem}" for p in tmp_path.rglob("records/**/*.json")
    }
    assert len(cells) == 6
    assert cells <= set(page.hrefs)
    local = [href.partition("#")[0] for href in page.hrefs if not href.startswith(("https:", "#"))]
    assert {"entries/mnrl.html", "queries/ko.html", "leaderboard.tex", "leaderboard.json"} <= set(local)
    assert [href for href in local if not (tmp_path / href).is_file()] == []


def test_a_page_does_not_link_to_unwritten_files(tmp_path: Path) -> None:
    page = Page(write_reports(board(tmp_path, ["base", "mnrl"], {"ko": 5}, [0, 1]), formats=[Format.html]))
    local = {href.partition("#")[0] for href in page.hrefs if not href.startswith(("https:", "#"))}
    assert [href for href in local if not (tmp_path / href).is_file()] == []


def test_each_score_links_to_the_cells_of_its_seeds(small: Path) -> None:
    html = write_reports(small).read_text(encoding="utf-8")
    assert '>seed <a href="entries/base.html#ko-0">0</a>' in html
    assert '>seeds <a href="entries/mnrl.html#fa-0">0</a> <a href="entries/mnrl.html#fa-1">1</a>' in html


def test_many_seeds_share_one_link(tmp_path: Path) -> None:
    for seed in range(11):
        put(tmp_path, ("mnrl", "ko", seed), {"AP": {"a": 0.5, "b": seed / 10}})
    html = write_reports(tmp_path).read_text(encoding="utf-8")
    assert '<a href="entries/mnrl.html#ko-0">11 seeds</a>' in html


def test_minutes_are_the_mean_and_memory_the_maximum_over_cells(tmp_path: Path) -> None:
    for seed, seconds, peak in ((0, 60.0, 2**20), (1, 180.0, 700 * 2**20), (2, 120.0, 2**20)):
        scores = {"AP": {"a": 0.5, "b": seed / 4}}
        put(tmp_path, ("mnrl", "ko", seed), scores, seconds=seconds, peak_memory_bytes=peak)
    assert "<td>2.00</td>\n<td>700 MiB</td>" in write_reports(tmp_path).read_text(encoding="utf-8")


def test_the_page_loads_no_external_resource(small: Path) -> None:
    page = Page(write_reports(small))
    html = (small / "leaderboard.html").read_text(encoding="utf-8")
    assert page.tags.isdisjoint({"link", "img", "iframe"})
    assert re.findall(r"<script[^>]*>", html) == ['<script type="application/json" id="data">', "<script>"]
    assert "prefers-color-scheme: dark" in html
    assert "url(" not in html.replace("url(#", "")


def test_data_is_escaped_and_isolated_in_html(small: Path) -> None:
    put_failed(small, ("clpl", "fa", 0), "<script>alert('خطا')</script>")
    html = write_reports(small).read_text(encoding="utf-8")
    assert "<script>alert" not in html
    assert "<bdi>&lt;script&gt;alert(&#39;خطا&#39;)&lt;/script&gt;</bdi>" in html


def test_markup_in_data_is_escaped_in_markdown(small: Path) -> None:
    put_failed(small, ("clpl", "fa", 0), "a | b\n<b>[x](y)*")
    write_reports(small)
    text = (small / "leaderboard.md").read_text(encoding="utf-8")
    assert r"- clpl/fa/0: a \| b \<b\>\[x\](y)\*" in text


def test_markdown_rows_have_as_many_cells_as_their_header(small: Path) -> None:
    put_failed(small, ("clpl", "fa", 0), "a | b")
    put_failed(small, ("mnrl", "fa", 2), "out of memory")
    write_reports(small)
    lines = (small / "leaderboard.md").read_text(encoding="utf-8").splitlines()
    cells = [len(re.findall(r"(?<!\\)\|", line)) for line in lines if line.startswith("|")]
    data, scores, evidence = [6] * 4, [8] * 5, [9] * 4  # scores: entry, two languages, average, Δ, p, rank
    contrasts = [8] * 3
    assert cells == data + contrasts + scores + evidence
    assert "| mnrl | 75.00 [75.00, 75.00] failed: seed 2 | 75.00 [75.00, 75.00] |" in "\n".join(lines)


def test_an_entry_with_only_failed_cells_has_a_row_with_its_reason_in_every_format(small: Path) -> None:
    put_failed(small, ("clpl", "fa", 0), "out of memory")
    page = Page(write_reports(small))
    text = " ".join(page.text.split())
    assert "clpl failed: out of memory" in text
    assert "1 of 7 cells failed" in text
    assert "entries/clpl.html#fa-0" in page.hrefs
    assert "| clpl | failed: out of memory | | |" in (small / "leaderboard.md").read_text(encoding="utf-8")
    table = terminal(small)
    assert re.search(r"^clpl +failed +- +- *$", table, re.MULTILINE)  # no difference, no p, no letters
    assert "failed: clpl/fa/0: out of memory" in table


def test_the_terminal_sorts_by_the_average_of_the_primary_measure(tmp_path: Path) -> None:
    def same(value: float) -> dict[str, float]:
        return {"a": value, "b": value}

    for entry, ap, recall in (("base", 0.5, 0.1), ("clpl", 0.25, 0.9), ("mnrl", 0.75, 0.1)):
        put(tmp_path, (entry, "ko", 0), {"AP": same(ap), "R@100": same(recall)})
    put(tmp_path, ("clpl-moe", "fa", 0), {"AP": same(1.0), "R@100": same(1.0)})
    for entry in ("base", "clpl", "mnrl"):
        put(tmp_path, (entry, "fa", 0), {"AP": same(0.5), "R@100": same(0.5)})
    table = terminal(tmp_path)
    assert re.findall(r"^(base|clpl|mnrl|clpl-moe) ", table, re.MULTILINE) == ["mnrl", "base", "clpl", "clpl-moe"]
    assert "fake: AP × 100" in table
    assert re.search(r"mnrl +50\.00±0\.00 +75\.00±0\.00 +62\.50±0\.00 +\+12\.50±0\.00", table)


def test_the_baseline_is_named_with_every_difference(small: Path) -> None:
    assert invoke("report", str(small), "--baseline", "mnrl").status == 0
    text = " ".join(Page(small / "leaderboard.html").text.split())
    assert "difference of average to mnrl" in text
    assert "−25.00 [−25.00, −25.00]" in text
    assert "| Δ mnrl (average) |" in (small / "leaderboard.md").read_text(encoding="utf-8")


def test_an_unmeasured_baseline_is_a_one_line_error(small: Path) -> None:
    result = invoke("report", str(small), "--baseline", "mnlr")
    assert result.status == 2
    assert result.line.startswith("harness: unknown baseline 'mnlr' in ")


def test_the_evidence_has_its_own_file(tmp_path: Path) -> None:
    write_reports(board(tmp_path, ["base", "mnrl"], {"ko": 7}, [0, 1]))
    rows = list(csv.DictReader((tmp_path / "evidence.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 2 * 2 * 5
    base, mnrl = (next(row for row in rows if row["entry"] == entry) for entry in ("base", "mnrl"))
    assert (base["interval_over"], mnrl["interval_over"]) == ("queries", "queries and seeds")
    assert (base["seeds_ci_low"], base["p"], base["wins"], base["equivalence_margin"]) == ("", "", "", "")
    assert int(mnrl["wins"]) + int(mnrl["ties"]) + int(mnrl["losses"]) == 7
    assert (mnrl["equivalence_margin"], mnrl["identical"]) == ("0.01", "no")
    assert (mnrl["delta_interval_over"], base["delta_interval_over"]) == ("queries and seeds", "")
    assert float(mnrl["equivalence_ci_low"]) < float(mnrl["equivalence_ci_high"])
    assert {*base["letters"], *mnrl["letters"]} <= {"a", "b"}
    assert 0 < float(mnrl["p"]) <= 1
    assert float(mnrl["queries_ci_low"]) < float(mnrl["queries_ci_high"])
    assert {base["rank_best"], mnrl["rank_best"]} <= {"1", "2"}
    text = " ".join(Page(tmp_path / "leaderboard.html").text.split())
    assert "two entries share one exactly where they are not shown to differ" in text
    assert "intervals over queries and over seeds alone" in text


def test_one_seed_of_a_trained_entry_is_named_in_every_format_and_has_no_p(tmp_path: Path) -> None:
    write_reports(board(tmp_path, ["base", "mnrl"], {"ko": 7}, [0]))
    evidence, scores = (
        next(row for row in csv.DictReader((tmp_path / name).read_text().splitlines()) if row["entry"] == "mnrl")
        for name in ("evidence.csv", "leaderboard.csv")
    )
    assert evidence["interval_over"] == evidence["delta_interval_over"] == "queries, seed spread unknown"
    names = ("p", "p_adjusted", "minimum_detectable", "equivalence_margin", "equivalence_ci_low", "equivalence_p")
    assert [evidence[name] for name in names] == [""] * 6
    assert (scores["p_adjusted"], scores["delta_ci_low"] != "") == ("", True)
    text = " ".join(Page(tmp_path / "leaderboard.html").text.split())
    assert re.search(r"[+−]\d+\.\d\d \[[^]]*\] one seed 1–2 a", text)
    assert re.search(r"^\| mnrl \|.*\| one seed \| 1–2 \|", (tmp_path / "leaderboard.md").read_text(), re.MULTILINE)
    assert "With an unknown spread over seeds" in (tmp_path / "leaderboard.md").read_text()


def test_the_terminal_table_of_three_languages_fits_80_columns(tmp_path: Path) -> None:
    board(tmp_path, ["base", "clpl-intermediate"], {"ko": 213, "hi": 350, "fa": 632}, [0, 1, 2, 3, 4])  # ± below 10
    put_failed(tmp_path, ("clpl-intermediate", "fa", 5), "x")
    lines = [line for line in terminal(tmp_path, width=80).splitlines() if line.startswith("clpl-intermediate ")]
    assert len(lines) == 1
    assert lines[0].count("±") == 2  # of average and difference; languages have their means
    assert re.search(r"^clpl-intermediate +\d+\.\d\d +\d+\.\d\d +\d+\.\d\d! ", lines[0])


def test_one_language_has_no_average_beside_it(tmp_path: Path) -> None:
    write_reports(board(tmp_path, ["base", "mnrl"], {"ko": 7}, [0, 1]))
    lines = terminal(tmp_path, width=80).splitlines()
    assert [line.split() for line in lines if line.startswith("entry")] == [["entry", "ko", "Δ", "base", "p", "ties"]]
    (own,) = [line for line in lines if line.startswith("mnrl ")]
    assert re.fullmatch(r"mnrl +\d+\.\d\d±\d+\.\d\d +[+−]\d+\.\d\d±\d+\.\d\d +\S.*", own)
    markdown_lines = (tmp_path / "leaderboard.md").read_text(encoding="utf-8").splitlines()
    assert "| entry | ko | Δ base | p | rank |" in markdown_lines
    assert {line.count("|") for line in markdown_lines if line.startswith(("| mnrl | 4", "| mnrl | 5"))} == {6}
    assert 'data-column="average"' not in (tmp_path / "leaderboard.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", FOLDERS)
def test_no_form_of_a_run_in_one_language_speaks_of_an_average(kind: str, tmp_path: Path) -> None:
    write_reports(FOLDERS[kind](tmp_path))
    for file in ("leaderboard.md", "leaderboard.tex"):
        text = (tmp_path / file).read_text(encoding="utf-8")
        assert "ko" in text
        assert speaks_of_an_average(text) == []
    assert speaks_of_an_average(terminal(tmp_path, width=80)) == []


def test_beside_each_table_stands_what_its_p_is_corrected_over(tmp_path: Path) -> None:
    write_reports(committed(tmp_path))
    html, markdown, latex = (
        " ".join((tmp_path / f"leaderboard.{form}").read_text(encoding="utf-8").split())
        for form in ("html", "md", "tex")
    )
    contrasts = html.partition('id="contrasts"')[2].partition("<table")[0]
    own = "p is Holm's over these contrasts"
    assert f'{own}, under <a href="#scores">scores</a> over all pairs of entries.' in contrasts
    scores = html.partition('id="scores"')[2].partition("<table")[0]
    assert "p is corrected (Holm) over all pairs of entries in the table, that of a <a" in scores
    assert f"{own}, not over all pairs of entries as under Results" in markdown
    results = markdown.partition("## Results")[2].partition("|")[0]
    assert "p is Holm's over all pairs of entries, that of a published contrast over the contrasts alone." in results
    assert "by Holm's method over all pairs of entries" in latex
    assert "$p$ by Holm's method over these contrasts" in latex


def test_a_failed_seed_of_one_language_is_marked(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), {"AP": {"a": 0.5, "b": 0.5}})
    put_failed(tmp_path, ("base", "ko", 1), "out of memory")
    assert re.search(r"^base +50\.00±0\.00! ", terminal(tmp_path), re.MULTILINE)


def test_the_terminal_says_why_a_difference_has_no_p(tmp_path: Path) -> None:
    board(tmp_path, ["base", "mnrl"], {"ko": 7}, [0])
    put(tmp_path, ("clpl", "ko", 0), draw("base", "ko", 0, 7), trained=False)
    table = terminal(tmp_path, width=80)
    assert re.search(r"^mnrl .*[+−]\d+\.\d\d±\d+\.\d\d +one seed +a *$", table, re.MULTILINE)
    assert re.search(r"^clpl .* \+0\.00±0\.00 +identical +a *$", table, re.MULTILINE)
    assert "one seed: of a trained entry; its spread over seeds is unknown, nothing is shown" in " ".join(table.split())


def test_reasons_do_not_act_as_markup_in_the_terminal(small: Path) -> None:
    put_failed(small, ("clpl", "fa", 0), "bad [bold]value[/bold] [/]")
    assert "bad [bold]value[/bold] [/]" in terminal(small)


def test_requested_cells_without_a_record_are_named(small: Path) -> None:
    (small / "run.json").write_text(
        '{"resolved": {"entries": {"base": {}, "mnrl": {}, "soft-1": {}},'
        '"languages": ["ko", "fa"], "seeds": [0, 1, 2]}}'
    )
    page = Page(write_reports(small))
    missing = "mnrl/ko/2, mnrl/fa/2, soft-1/ko, soft-1/fa"
    assert f"without a record: {missing}." in " ".join(page.text.split())
    assert f"not measured: {missing}" in " ".join(terminal(small).split())


def test_the_request_and_the_provenance_are_shown(tmp_path: Path) -> None:
    page = Page(write_reports(board(tmp_path, ["base", "mnrl"], {"ko": 5}, [0, 1])))
    text = " ".join(page.text.split())
    assert "command harness run --out 'my dir'" in text
    assert "environment.packages.torch 2.13.0" in text
    assert "mnrl Title of mnrl" in text
    assert "data.digests.corpus corpus of ko" in text


def test_the_line_of_provenance_names_each_revision_with_its_day(tmp_path: Path) -> None:
    versions = {"ko": {"revision": "a" * 40, "revision_date": "2026-11-30"}, "fa": {"revision": "b" * 40}}
    for language, version in versions.items():
        put(tmp_path, ("base", language, 0), {"AP": {"a": 0.5}}, provenance={"code": version})
    assert made_by(collate(tmp_path)).split(", ")[:2] == [f"code {'b' * 12}", f"code {'a' * 12} of 2026-11-30"]
    assert f"code {'a' * 12} of 2026-11-30" in Page(write_reports(tmp_path)).text


def test_only_web_urls_become_links(tmp_path: Path) -> None:
    entry = {"entry": {"paper": "javascript:alert(1)"}}
    put(tmp_path, ("base", "ko", 0), {"AP": {"a": 0.5}}, provenance=entry)
    assert not [href for href in Page(write_reports(tmp_path)).hrefs if href.startswith("javascript")]


def test_records_without_run_json_or_provenance_have_a_page(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), {"AP": {"a": 0.5}}, provenance={})
    assert "50.00" in Page(write_reports(tmp_path)).text


def test_an_unwritable_folder_is_a_one_line_error(small: Path) -> None:
    leaderboard = collate(small)
    (small / "leaderboard.csv").mkdir()
    with pytest.raises(RequestError, match=r"into .*: leaderboard.csv: Is a directory; remove it"):
        write_reports(small, leaderboard)


def test_facts_are_grouped_by_what_they_depend_on(tmp_path: Path) -> None:
    cells = [("base", "ko"), ("base", "fa"), ("mnrl", "ko"), ("mnrl", "fa")]
    records = []
    for i, (entry, language) in enumerate(cells):
        record_provenance = {"device": "cpu", "corpus": language, "loss": "mnr" if entry == "mnrl" else "", "steps": i}
        records.append(put(tmp_path, (entry, language, 0), {"AP": {"a": 0.5}}, provenance=record_provenance))
    facts = provenance_facts(records)
    assert facts.shared == [("device", "cpu")]
    assert facts.by_language == {"ko": [("corpus", "ko")], "fa": [("corpus", "fa")]}
    assert facts.by_entry == {"mnrl": [("loss", "mnr")]}
    assert facts.varying == ["steps"]


def test_nested_settings_become_dotted_names_without_empty_values() -> None:
    nested = {"b": {"y": [1, 2], "x": None, "z": 0}, "a": "", "c": [{"k": "값"}], "d": True, "e": {}}
    assert flatten(nested) == [("b.y", "1, 2"), ("b.z", "0"), ("c", '[{"k": "값"}]'), ("d", "true")]


def test_a_command_is_quoted_for_the_shell() -> None:
    run = parse_run_file({"command": ["harness", "run", "--out", "a b"]}, Path("run.json"))
    assert run_facts(run) == [("command", "harness run --out 'a b'")]


def test_numbers_are_times_100_and_never_a_negative_zero() -> None:
    assert (hundred(0.54321), hundred(-1e-9)) == ("54.32", "0.00")
    assert (signed(0.01), signed(-0.01), signed(-1e-9)) == ("+1.00", "−1.00", "+0.00")


def test_markdown_escapes_markup() -> None:
    assert markdown("a|b_c`d` <e>\n[f]*") == r"a\|b\_c\`d\` \<e\> \[f\]\*"


def test_a_report_imports_no_heavy_library(tmp_path: Path) -> None:
    board(tmp_path, ["base", "mnrl"], {"ko": 5}, [0, 1])
    program = (
        "import sys; from pathlib import Path; "
        "from harness.report.report_files import write_reports; write_reports(Path(sys.argv[1])); "
        "print({'torch', 'statsmodels', 'sklearn', 'mteb'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"

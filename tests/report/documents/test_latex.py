"""leaderboard.tex: the contents of its tables, and pdflatex on ordinary and hostile names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.commands import REPOSITORY
from support.fake_records import board, provenance, put, put_failed
from support.hostile import NAMES, REASON, TEX
from support.pdflatex import log_of

from harness.evidence.leaderboard import collate
from harness.report.documents.tex import escape, shortened, slug
from harness.report.report_files import report_content, write_reports
from harness.report.report_formats import Format

ENTRIES = ["base", "bm25", "clpl-intermediate", "clpl[clpl.penalty_weight=0.01]", *(f"mnrl-{i}" for i in range(10))]


def written(folder: Path) -> str:
    write_reports(folder, formats=[Format.tex])
    return (folder / "leaderboard.tex").read_text(encoding="ascii")


def level(folder: Path, entry: str, value: float, language: str = "ko", seeds: tuple[int, ...] = (0, 1)) -> None:
    """Write an entry whose twelve queries score slightly above `value`, with one seed for the untrained base."""
    for seed in seeds[:1] if entry == "base" else seeds:
        put(folder, (entry, language, seed), {"AP": {f"q{i:02}": value + i / 1000 for i in range(12)}})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TEX, r"\$\textbackslash{}\&\%\#\_\{\}\textasciitilde{}\textasciicircum{}"),
        ("a\n b\t c", "a b c"),
        (
            "<a> | \"b\" 'c' `d`",
            r"\textless{}a\textgreater{} \textbar{} \textquotedblright{}b\textquotedblright{} {'}c{'} {`}d{`}",
        ),
        ("a---b ,,c", "a-{}-{}-b ,{},c"),
        ("[0.1]*", "{[}0.1{]}{*}"),
        ("é e\u0301 Å ß í", r"\'{e} \'{e} \r{A} \ss{} \'{\i}"),
        ("λ × ± ≤ −1 · Δ", r"$\lambda$ $\times$ $\pm$ $\leq$ $-$1 $\cdot$ $\Delta$"),
        ("한국 어", "U+D55C U+AD6D U+C5B4"),
        ("𝄞\udcff", "U+1D11E U+DCFF"),
        ("\u202ea\u200c\x00\x1bb", "ab"),
    ],
)
def test_text_is_escaped_into_ascii(text: str, expected: str) -> None:
    assert escape(text) == expected


def test_a_long_name_keeps_its_start_and_end() -> None:
    name = shortened("clpl-intermediate-with-more[moe.experts=8]")
    assert (len(name), name[:10], name[-15:]) == (32, "clpl-inter", "[moe.experts=8]")
    assert shortened("clpl-moe") == "clpl-moe"


def test_a_label_has_only_letters_digits_and_hyphens() -> None:
    assert slug("wikiqa@title nDCG@10 \\한") == "wikiqa-title-ndcg-10"


def test_the_best_score_is_bold_and_significant_differences_are_marked(tmp_path: Path) -> None:
    for entry, value in (("base", 0.5), ("mnrl", 0.75), ("clpl", 0.25)):
        level(tmp_path, entry, value)
    text = written(tmp_path)
    assert r"mnrl & \textbf{75.55}{\scriptsize\,$\pm$\,0.23}\rlap{$^{\dagger}$} \\" in text
    assert r"clpl & 25.55{\scriptsize\,$\pm$\,0.23}\rlap{$^{\ddagger}$} \\" in text
    assert r"base & 50.55{\scriptsize\,$\pm$\,0.23} \\" in text
    assert r"$\dagger$ better, $\ddagger$ worse than base" in text
    assert "mnrl & $+25.00$ & $[+25.00, +25.00]$ & $<0.001$ & 12/0/0 & 0.00 & 1$^{\\mathrm{a}}$ \\\\" in text


def test_nothing_is_shown_of_one_seed_of_a_trained_entry(tmp_path: Path) -> None:
    level(tmp_path, "base", 0.5)
    level(tmp_path, "mnrl", 0.75, seeds=(0,))
    text = written(tmp_path)
    assert r"mnrl & \textbf{75.55}{\scriptsize\,$\pm$\,0.23}\rlap{$^{\circ}$} \\" in text
    assert r"base & 50.55" in text
    assert r"$\circ$ one seed of a trained entry" in text
    assert "mnrl & $+25.00$ & $[+25.00, +25.00]$ & one seed & 12/0/0 &  & 1{--}2$^{\\mathrm{a}}$" in text


def test_a_pretrained_base_model_is_named_below_the_table(tmp_path: Path) -> None:
    level(tmp_path / "built", "base", 0.5)
    assert "Base model:" not in written(tmp_path / "built")
    base = {"base_model": {"id": "org/e5_small", "revision": "1f"}}
    put(tmp_path / "given", ("base", "ko", 0), {"AP": {"q": 0.5}}, provenance=provenance("base", "ko", None) | base)
    assert r"Base model: org/e5\_small@1f." in written(tmp_path / "given")


def test_scores_tied_with_the_best_are_underlined(tmp_path: Path) -> None:
    for seed in (0, 1):
        put(tmp_path, ("clpl", "ko", seed), {"AP": {"a": 0.5, "b": 0.25, "c": 0.5}})
        put(tmp_path, ("mnrl", "ko", seed), {"AP": {"a": 0.5, "b": 0.5, "c": 0.5}})
    put(tmp_path, ("base", "ko", 0), {"AP": {"a": 0.75, "b": 0.25, "c": 0.75}})
    text = written(tmp_path)
    assert r"mnrl & \textbf{50.00}" in text
    assert r"clpl & \underline{41.67}" in text
    assert r"base & 58.33" in text  # highest of all, and not trained


def test_failed_and_missing_cells_are_marked(tmp_path: Path) -> None:
    for language in ("ko", "fa"):
        level(tmp_path, "base", 0.5, language)
    level(tmp_path, "mnrl", 0.75, "ko", (0, 1))
    put_failed(tmp_path, ("mnrl", "ko", 2), "out of memory")
    put_failed(tmp_path, ("clpl", "ko", 0), "no space left on device")
    text = written(tmp_path)
    assert r"clpl & \multicolumn{3}{l}{failed} \\" in text
    assert re.search(
        r"^mnrl & -- & \\textbf\{75\.55\}\S* ?\\rlap\{\$\^\{\\dagger\*\}\$\} & -- \\\\$", text, re.MULTILINE
    )
    assert "$*$ fewer seeds than the others: one or more failed." in text
    assert "2 of 6 cells failed: clpl (no space left on device)." in text


def test_without_the_baseline_there_is_no_table_of_differences(tmp_path: Path) -> None:
    level(tmp_path, "mnrl", 0.5)
    text = written(tmp_path)
    assert "Differences" not in text
    assert r"\dagger" not in text


def test_without_an_average_there_is_a_table_of_differences_per_language(tmp_path: Path) -> None:
    level(tmp_path, "base", 0.5, "ko")
    level(tmp_path, "mnrl", 0.75, "ko")
    level(tmp_path, "mnrl", 0.75, "fa", seeds=(0,))
    put_failed(tmp_path, ("base", "fa", 0), "x")
    (tmp_path / "records/mnrl/fa/0.json").unlink()
    text = written(tmp_path)
    assert "on fake, ko.}" in text
    assert r"\label{tab:fake-ap-differences-ko}" in text


def test_many_languages_and_entries_are_split_into_several_tables(tmp_path: Path) -> None:
    languages = {f"l{i:02}": 3 for i in range(18)}
    text = written(board(tmp_path, ["base", *(f"entry-{i:02}" for i in range(45))], languages, [0]))
    heads = [line.removesuffix(r" \\").split(" & ")[1:] for line in text.splitlines() if line.startswith("entry & ")]
    scores = [head for head in heads if head[0] not in (r"$\Delta$", "score")]
    assert [name for head in scores[: len(scores) // 2] for name in head] == [*languages, "average"]
    assert max(map(len, scores)) <= 6
    assert len(re.findall(r"^entry-\d\d & ", text, re.MULTILINE)) == 45 * len(scores) // 2 + 45 + 45
    assert max(table.count(r" \\") for table in re.split(r"\\begin\{table\*?\}", text)) <= 41


def test_pdflatex_sets_the_tables_within_the_text_width(tmp_path: Path) -> None:
    text = written(board(tmp_path / "run", ENTRIES, {"ko": 30, "hi": 30, "fa": 30, "en": 30}, [0, 1]))
    log = log_of(text, tmp_path / "tex")
    assert "Overfull" not in log
    assert "Missing character" not in log
    assert "Output written on document.pdf" in log


@pytest.mark.parametrize("folder", ["mini", "wikiqa", "wikiqa-experts", "wikiqa-penalty"])
def test_pdflatex_sets_the_committed_results_in_one_column_and_in_two(folder: str, tmp_path: Path) -> None:
    results = REPOSITORY / "results" / folder
    text = report_content(results, collate(results), [Format.tex], texts=None)["leaderboard.tex"]
    for options in ("twocolumn", "onecolumn"):
        log = log_of(text, tmp_path / options, options)
        too_wide = [float(points) for points in re.findall(r"Overfull \\hbox \(([\d.]+)pt", log)]
        assert [points for points in too_wide if points > 1] == []
        assert "Missing character" not in log


def test_the_compact_table_has_average_difference_and_letters(tmp_path: Path) -> None:
    for language in ("ko", "fa"):
        for entry, value in (("base", 0.5), ("mnrl", 0.75), ("clpl", 0.25)):
            level(tmp_path, entry, value, language)
    put_failed(tmp_path, ("soft-1", "ko", 0), "no space left on device")
    _, _, compact = written(tmp_path).partition(r"\begin{table}")
    compact, _, _ = compact.partition(r"\end{table}")
    lines = [line for line in compact.splitlines() if " & " in line]
    better, worse = r"\rlap{$^{\dagger}$}", r"\rlap{$^{\ddagger}$}"
    half, none = r"{\scriptsize\,$\pm$\,0.15}", r"{\scriptsize\,$\pm$\,0.00}"
    assert lines == [
        r"entry & score & $\Delta$ & ties \\",
        rf"mnrl & \textbf{{75.55}}{half}{better} & $+25.00${none} & a \\",
        rf"base & 50.55{half} &  & b \\",
        rf"clpl & 25.55{half}{worse} & $-25.00${none} & c \\",
        r"soft-1 & failed &  &  \\",
    ]
    assert r"\label{tab:fake-ap-compact}" in compact


def test_pdflatex_sets_hostile_names_and_reasons(tmp_path: Path) -> None:
    for name in NAMES:
        level(tmp_path / "run", name, 0.5)
        level(tmp_path / "run", name, 0.5, language="l")
    level(tmp_path / "run", "base", 0.25)
    put_failed(tmp_path / "run", ("failed", "ko", 0), REASON)
    log = log_of(written(tmp_path / "run"), tmp_path / "tex")
    assert "Missing character" not in log
    assert "Output written on document.pdf" in log

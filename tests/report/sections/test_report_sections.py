"""Published claims, embedding geometry and the agreement of experts in the report."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import spearmanr
from support.fake_records import miracl_board, put

from harness.evidence.leaderboard import collate
from harness.report.report_files import write_reports
from harness.report.sections import experts_section, geometry_section


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def squeezed_text(path: Path) -> str:
    return " ".join(path.read_text(encoding="utf-8").split())


@pytest.fixture
def miracl(tmp_path: Path) -> Path:
    """A run of MIRACL in Korean without titles: base 0.25, clpl@published 0.75, its control 0.5."""
    write_reports(miracl_board(tmp_path))
    return tmp_path


def test_published_and_measured_numbers_are_in_separate_columns(miracl: Path) -> None:
    rows = {(row["row"], row["language"]): row for row in table(miracl / "claims.csv")}
    assert len(table(miracl / "claims.csv")) == 137
    claim = rows["ANCE-CLP", "ko"]
    assert (claim["published"], claim["measured"], claim["reason"]) == ("0.6705", "0.75", "")
    assert claim["control"] == "infonce-ance@published"
    assert (claim["passage_length"], claim["query_length"], claim["query_prompt"]) == ("8192", "", '""')
    assert claim["unknown"].startswith("query prompt of this run; passage prompt of this run; query length; ")
    assert claim["assumed"] == "model revision"
    assert "passage length stated: the authors' evaluation code at 9904714; " in claim["basis"]
    line = "| ANCE-CLP | clpl@published | ko | nDCG@5 | 67.05 | 75.00 | +0.16 | +25.00 [+25.00, +25.00] | 0.00 |"
    assert line in (miracl / "leaderboard.md").read_text(encoding="utf-8")
    page = (miracl / "leaderboard.html").read_text(encoding="utf-8").replace(' class="number"', "")
    assert "<td>67.05</td><td>75.00</td><td>+0.16</td>" in page
    assert 'href="https://github.com/CreaLabs/Enhanced-BGE-M3-with-CLP-and-MoE/blob/9904714/imgs/table4.PNG"' in page


def test_without_a_comparable_measurement_the_field_is_empty_and_the_reason_is_shown(miracl: Path) -> None:
    rows = {(row["row"], row["language"]): row for row in table(miracl / "claims.csv")}
    dropped = rows["BGE-M3, untuned, full corpus", "fa"]
    assert (dropped["measured"], dropped["reason"]) == ("", "not comparable: title (here dropped, there joined)")
    absent = rows["ANCE-CLP-intermediate", "ko"]
    assert (absent["measured"], absent["reason"]) == ("", "not measured in this run")
    tier = rows["BGE-M3, untuned, hard negatives", "ko"]
    assert (tier["measured"], tier["reason"]) == ("", "not comparable: hard-negatives tier")
    tuned = rows["KURE-v1 (CachedGISTEmbed on BGE-M3)", "ko"]
    assert tuned["tuned_from"] == "arXiv 2402.03216, BGE-M3 dense"
    assert float(tuned["tuning_gain"]) == pytest.approx(-0.0174)
    page = squeezed_text(miracl / "leaderboard.html")
    assert "comparable as far as stated; unknown: query prompt of this run, " in page
    assert "| comparable as far as stated; unknown: query prompt of this run, " in squeezed_text(
        miracl / "leaderboard.md"
    )
    assert "<bdi>MTEB results</bdi></strong>: 53 published numbers" in page
    assert '<td class="number">66.92</td><td class="number"></td>' in page
    assert (absent["verdict"], tier["verdict"]) == ("", "not comparable")


def test_no_published_number_is_in_leaderboard_csv(miracl: Path) -> None:
    verdicts = {(row["entry"], row["language"]): row["verdict"] for row in table(miracl / "leaderboard.csv")}
    assert verdicts["base", "ko"] == "not reproduced"  # 25.00, published 64.36; MTEB's claim on the row has titles
    assert verdicts["clpl@published", "ko"] == "inconclusive (underpowered)"  # one seed
    assert verdicts["base", "average"] == "not comparable"  # the average of three languages
    assert "0.6705" not in (miracl / "leaderboard.csv").read_text(encoding="utf-8")


def test_claims_about_other_suites_are_counted_by_paper_and_reason(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), {"AP": {"a": 0.5}})
    write_reports(tmp_path)
    text = (tmp_path / "leaderboard.md").read_text(encoding="utf-8")
    assert "arXiv 2412.17364: 28 published numbers, nDCG@5 of 7 rows in ko, fa, hi and their average." in text
    assert "None of them is about fake: this run shows nothing for or against them." in text
    assert "Not independently verifiable: private data." in text
    assert "| arXiv" not in text


def moved(before: float, after: float) -> dict[str, dict[str, float]]:
    """Return geometry in which uniformity changes as given, alignment the opposite way, and anisotropy by -0.1."""
    return {
        "before": {"uniformity": before, "alignment": 1.0, "anisotropy": 0.5},
        "after": {"uniformity": after, "alignment": 1.0 - (after - before), "anisotropy": 0.4},
    }


def spread(folder: Path, changes: Sequence[float], language: str = "ko") -> Path:
    """Write a base of 0.5 and one trained entry per change of uniformity, with a gain of -change / 10."""
    same = moved(-1.0, -1.0)["before"]
    put(folder, ("base", language, 0), {"AP": {"a": 0.5}}, geometry={"before": same, "after": same})
    for i, change in enumerate(changes):
        scores = {"AP": {"a": 0.5 - change / 10}}
        put(folder, (f"entry-{i}", language, 0), scores, geometry=moved(-1.0, -1.0 + change))
    return folder


def test_the_geometry_of_each_entry_is_shown_before_and_after_training(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), {"AP": {"a": 0.5}}, geometry=moved(-1.0, -1.0))
    for seed, after in ((0, -2.0), (1, -3.0)):
        put(tmp_path, ("mnrl", "ko", seed), {"AP": {"a": 0.5 + seed / 10}}, geometry=moved(-1.0, after))
    write_reports(tmp_path)
    markdown = (tmp_path / "leaderboard.md").read_text(encoding="utf-8")
    assert "| before: untuned | −1.000 |\n| mnrl | −2.500 (−1.500) |" in markdown
    assert '−2.500 <span class="interval">(−1.500)</span>' in squeezed_text(tmp_path / "leaderboard.html")
    rows = table(tmp_path / "geometry.csv")
    assert len(rows) == 3 * 3
    mnrl = next(row for row in rows if (row["entry"], row["seed"], row["quantity"]) == ("mnrl", "1", "uniformity"))
    assert (mnrl["before"], mnrl["after"], mnrl["measure"]) == ("-1.0", "-3.0", "AP")
    assert float(mnrl["gain"]) == pytest.approx(0.1)
    assert next(row for row in rows if row["entry"] == "base")["gain"] == ""


def test_the_correlation_with_the_gain_is_spearmans_rho_over_trained_entries(tmp_path: Path) -> None:
    board = collate(spread(tmp_path, [-0.1, -0.4, -0.2, 0.3, 0.6]))
    geometry = geometry_section.geometry_content(board, ["base", *(f"entry-{i}" for i in range(5))])
    assert geometry is not None
    (whole,) = geometry.correlations
    assert (whole.language, whole.entries) == ("", 5)
    assert whole.rho[:2] == (pytest.approx(-1), pytest.approx(1))
    assert whole.rho[2] is None  # anisotropy changed by the same amount everywhere
    assert "ρ with the gain in AP is −1.00 for uniformity and 1.00 for alignment" in geometry.said[0]
    assert "arXiv 2308.03103 found that uniformity, not alignment" in geometry.said[0]
    assert geometry.said[1].startswith("Anisotropy fell in 5 of 5 entries and languages;")


def test_the_correlation_of_fewer_than_five_entries_is_not_defined(tmp_path: Path) -> None:
    write_reports(spread(tmp_path, [-0.1, -0.4, -0.2, 0.3]))
    text = (tmp_path / "leaderboard.md").read_text(encoding="utf-8")
    assert "| all languages | 4 | not defined | not defined | not defined |" in text
    assert "Over 4 trained entries beside a base, these correlations are not defined" in text


def test_an_entry_counts_once_whatever_its_seeds_and_languages(tmp_path: Path) -> None:
    uniformity = {"ko": [-0.1, -0.2, -0.3, -0.4, -0.5], "fa": [-1.5, -1.1, -1.4, -1.2, -1.3]}
    for language, changes in uniformity.items():
        spread(tmp_path, changes, language)
    for i, after in enumerate((-2.0, -3.0, -4.0)):  # three more seeds of one entry
        put(tmp_path, ("entry-0", "ko", i + 1), {"AP": {"a": 0.9}}, geometry=moved(-1.0, after))
    put(tmp_path, ("korean", "ko", 0), {"AP": {"a": 0.9}}, geometry=moved(-1.0, -2.0))
    geometry = geometry_section.geometry_content(collate(tmp_path), [f"entry-{i}" for i in range(5)])
    assert geometry is not None
    assert [(row.language, row.entries) for row in geometry.correlations] == [("", 5), ("fa", 5), ("ko", 6)]
    gains = [
        (0.01 + 3 * 0.4) / 4 / 2 + 0.15 / 2,
        *((0.02, 0.03, 0.04, 0.05)[i] / 2 + x / 2 for i, x in enumerate((0.11, 0.14, 0.12, 0.13))),
    ]
    changes = [(-0.1 - 1 - 2 - 3) / 4 - 1.5, -0.2 - 1.1, -0.3 - 1.4, -0.4 - 1.2, -0.5 - 1.3]
    assert geometry.correlations[0].rho[0] == pytest.approx(spearmanr(changes, gains).statistic)


def test_without_a_base_there_is_no_gain(tmp_path: Path) -> None:
    put(tmp_path, ("mnrl", "ko", 0), {"AP": {"a": 0.5}}, geometry=moved(-1.0, -2.0))
    geometry = geometry_section.geometry_content(collate(tmp_path), ["mnrl"])
    assert geometry is not None
    assert geometry.correlations[0].entries == 0
    assert len(geometry.said) == 1


def test_records_without_geometry_give_no_section(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), {"AP": {"a": 0.5}})
    write_reports(tmp_path)
    assert not (tmp_path / "geometry.csv").exists()
    assert "uniformity" not in (tmp_path / "leaderboard.md").read_text(encoding="utf-8")


def agreement(w: float | None, tau: float | None) -> dict[str, Any]:
    names = ["bm25", "lsa", "base"]
    taus = {"bm25": {"lsa": tau, "base": 0.25}, "lsa": {"base": -0.125}}
    return {"experts": names, "pairs": 440, "W": w, "p": None if w is None else 0.0, "tau": taus}


def test_each_set_of_pairs_counts_once(tmp_path: Path) -> None:
    for entry in ("soft-1", "soft-2"):
        for seed, w in ((0, 0.5), (1, 0.75)):
            put(tmp_path, (entry, "ko", seed), {"AP": {"a": 0.5}}, agreement=agreement(w, 0.5))
    (korean,) = experts_section.expert_agreements(collate(tmp_path))
    assert (korean.sets, korean.w, korean.lowest, korean.highest, korean.p) == (2, 0.625, 0.5, 0.75, 0.0)
    write_reports(tmp_path)
    assert "W 0.625 (mean over 2 sets of pairs, 0.500 to 0.750), p &lt; 0.001" in squeezed_text(
        tmp_path / "leaderboard.html"
    )
    markdown = (tmp_path / "leaderboard.md").read_text(encoding="utf-8")
    assert "| τ-b | lsa | base |\n|:--|--:|--:|\n| bm25 | 0.500 | 0.250 |\n| lsa |  | −0.125 |" in markdown


def test_the_p_of_whole_queries_is_shown_where_every_set_has_one(tmp_path: Path) -> None:
    for seed, p in ((0, 0.004), (1, 0.02)):
        put(tmp_path, ("soft-1", "ko", seed), {"AP": {"a": 0.5}}, agreement={**agreement(0.5, 0.5), "p_by_query": p})
    (korean,) = experts_section.expert_agreements(collate(tmp_path))
    assert korean.p_by_query == 0.02
    write_reports(tmp_path)
    page = squeezed_text(tmp_path / "leaderboard.html")
    assert "p 0.020 (whole queries permuted)" in page
    put(tmp_path, ("soft-1", "ko", 2), {"AP": {"a": 0.5}}, agreement=agreement(0.75, 0.5))
    write_reports(tmp_path)
    assert "p &lt; 0.001 (pairs as independent)" in squeezed_text(tmp_path / "leaderboard.html")


def test_an_undefined_agreement_is_shown_as_not_defined(tmp_path: Path) -> None:
    put(tmp_path, ("soft-1", "ko", 0), {"AP": {"a": 0.5}}, agreement=agreement(None, None))
    write_reports(tmp_path)
    markdown = (tmp_path / "leaderboard.md").read_text(encoding="utf-8")
    assert "ko: 3 experts, 440 pairs, W is not defined\n" in markdown
    assert "| bm25 |  | 0.250 |" in markdown

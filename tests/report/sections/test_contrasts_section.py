"""The published contrasts as every form of the report shows them."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from support.fake_records import provenance, put

from harness.evidence.leaderboard import Leaderboard, collate
from harness.report.documents.findings import findings
from harness.report.machine_hours import mean_hours
from harness.report.report_files import write_reports
from harness.report.sections import contrasts_section
from harness.report.sections.contrasts_section import View, contrast_views
from harness.results.record import read_all

N = 60


def level(
    folder: Path,
    entry: str,
    mean: float,
    seeds: Sequence[float] = (-0.001, 0.0, 0.001),
    noise: float = 0.0,
    environment: Mapping[str, object] | None = None,
) -> None:
    """Write an entry in Korean and Hindi whose queries differ from the others' by `noise`."""
    generator = np.random.Generator(np.random.PCG64(len(entry)))
    own = generator.standard_normal(N) * noise
    for language in ("ko", "hi"):
        for seed, shift in enumerate(seeds if entry != "base" else (0.0,)):
            scores = {f"q{i:02}": float(mean + shift + i / 1000 + own[i] - own.mean()) for i in range(N)}
            made = {**provenance(entry, language, seed), "environment": environment or {}}
            cell = (entry, language, seed)
            put(folder, cell, {"nDCG@10": scores, "AP": scores}, provenance=made, seconds=1800.0)


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Leaderboard:
    """CLPL above its control, clpl-intermediate below clpl, clpl-moe level with it, soft-1 too noisy to tell."""
    folder = tmp_path_factory.mktemp("contrasts")
    level(folder, "base", 0.3)
    level(folder, "infonce-ance", 0.5)
    level(folder, "clpl", 0.515)
    level(folder, "clpl-intermediate", 0.4)
    level(folder, "clpl-moe", 0.4002)
    level(folder, "hard-label", 0.45)
    level(folder, "soft-1", 0.455, noise=0.05)
    run = {"resolved": {"languages": ["ko", "hi"], "primary": "nDCG@10"}}
    (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")
    return collate(folder)


@pytest.fixture(scope="module")
def view(board: Leaderboard) -> View:
    return contrast_views(board)[0]


def test_there_is_a_view_for_every_measure_the_average_first_and_every_language(board: Leaderboard) -> None:
    assert [(view.measure, view.language) for view in contrast_views(board)] == [
        (measure, language) for measure in ("nDCG@10", "AP") for language in ("average", "ko", "hi")
    ]


def test_verdicts_follow_the_planted_differences(view: View) -> None:
    words = {(row.contrast.entry.name, row.contrast.control.name): row.words[0][0] for row in view.rows}
    assert words["clpl", "infonce-ance"] == "same direction"
    assert words["clpl-intermediate", "clpl"] == "reversed"
    assert words["clpl-moe", "clpl-intermediate"] == "equivalent"
    assert words["soft-1", "hard-label"] == "undecided"


def test_contrasts_over_a_trained_control_come_first(view: View) -> None:
    untrained = [row.contrast.control.name == "base" for row in view.rows]
    assert untrained == sorted(untrained)
    assert any(untrained)


def test_the_headline_counts_every_verdict_and_names_the_reversed(board: Leaderboard, view: View) -> None:
    count = len(view.rows)
    assert view.headline.startswith(f"Of {count} published contrasts measured here: ")
    assert "1 reversed (clpl-intermediate over clpl); 1 equivalent; 1 undecided." in view.headline
    assert findings(board)[0] == view.headline


def test_marks_lie_on_one_axis_and_what_is_beyond_it_says_so(view: View) -> None:
    by_entry = {row.contrast.entry.name: row for row in view.rows if row.contrast.control.name != "base"}
    clpl = by_entry["clpl"]
    assert clpl.mark.value == pytest.approx(50 + 50 * clpl.difference.value / view.limit, abs=0.01)
    assert clpl.mark.published == pytest.approx(50 + 50 * 0.0063 / view.limit, abs=0.01)
    far = by_entry["clpl-intermediate"]
    assert (far.mark.value, far.mark.beyond) == (None, "low")
    assert abs(far.difference.value) > view.limit


def test_a_published_difference_beyond_the_axis_is_an_open_arrow_on_its_side(board: Leaderboard) -> None:
    sides = []
    for view in contrast_views(board):
        for row in view.rows:
            if row.published is not None:
                far = abs(row.published.value) > view.limit
                assert (row.mark.published is None) == far
                assert row.mark.published_beyond == ("" if not far else "high" if row.published.value > 0 else "low")
                sides.append(row.mark.published_beyond)
    page = write_reports(board.results.path, board).read_text(encoding="utf-8")
    for side, arrow in (("high", "▷"), ("low", "◁")):
        assert page.count(f'<span class="beyond published {side}" aria-hidden="true">{arrow}</span>') == sides.count(
            side
        )
    assert "high" in sides


def test_an_undecided_contrast_says_what_would_settle_it(view: View) -> None:
    (undecided,) = [row for row in view.rows if row.words[0][0] == "undecided"]
    assert "queries to find 1.00 (power .8)" in undecided.settles  # the noise is of the queries
    assert all(not row.settles for row in view.rows if row is not undecided)


CPU = {"device": "cpu", "cpu": "AMD EPYC", "gpu": None, "torch_threads": 1}
GPU = {"device": "cuda", "cpu": "AMD EPYC", "gpu": "NVIDIA H200", "torch_threads": 16}


@pytest.mark.parametrize(
    ("environments", "cost"),
    [
        ((CPU, CPU), "{both} core hours (AMD EPYC) more"),
        (({**CPU, "torch_threads": 4},) * 2, "{fourfold} core hours (AMD EPYC) more"),
        ((GPU, GPU), "{both} GPU hours (NVIDIA H200) more"),
        ((GPU, CPU), "{one} GPU hours (NVIDIA H200) and {one} core hours (AMD EPYC) more"),
        (({}, {}), "{both} hours more"),  # records that name no device
    ],
)
def test_noise_of_seeds_is_settled_by_seeds_with_the_hours_of_their_device(
    tmp_path: Path, environments: Sequence[dict[str, object]], cost: str
) -> None:
    level(tmp_path, "base", 0.3)
    level(tmp_path, "hard-label", 0.45, seeds=(-0.01, 0.0, 0.012), environment=environments[1])
    level(tmp_path, "soft-1", 0.455, seeds=(-0.012, 0.001, 0.01), environment=environments[0])
    (row,) = [row for row in contrast_views(collate(tmp_path))[0].rows if row.contrast.control.name == "hard-label"]
    seeds, _, rest = row.settles.partition(" seeds to find 1.00 (power .8), about ")
    added = int(seeds) - 3
    assert added > 0
    one = added * 2 * 0.5  # one side in two languages, half an hour a cell
    assert rest == cost.format(one=f"{one:.1f}", both=f"{2 * one:.1f}", fourfold=f"{8 * one:.1f}")
    page = write_reports(tmp_path).read_text(encoding="utf-8")
    assert f"about {rest}" in page
    lead = page.partition('<p class="lead">')[2].partition("</p>")[0]
    named = [name for name in ("AMD EPYC", "NVIDIA H200") if f"<bdi>{name}</bdi>" in lead]
    assert named == sorted({str(each["gpu"] or each["cpu"]) for each in environments if each})


def test_cells_from_the_cache_say_nothing_of_the_cost(tmp_path: Path) -> None:
    run = {"stage": "train", "key": "0" * 64, "seconds": 0.001, "cached": True, "made_by": "x"}
    put(tmp_path, ("mnrl", "ko", 0), {"AP": {"q": 1.0}}, seconds=0.1, stages=[run])
    put(tmp_path, ("mnrl", "ko", 1), {"AP": {"q": 1.0}}, seconds=7200.0)
    records = read_all(tmp_path)
    assert [record.is_timed for record in records] == [False, True]
    assert mean_hours(records) == {("hours", ""): 2.0}
    assert mean_hours(records[:1]) == {}


def test_gpus_that_encode_together_all_count(tmp_path: Path) -> None:
    run = {"stage": "retrieve", "key": "0" * 64, "seconds": 3600.0, "cached": False, "made_by": "x"}
    run["found"] = {"encode_devices": ["cuda:0", "cuda:1", "cuda:2"]}
    made = {**provenance("mnrl", "ko", 0), "environment": GPU}
    put(tmp_path, ("mnrl", "ko", 0), {"AP": {"q": 1.0}}, seconds=7200.0, stages=[run], provenance=made)
    assert mean_hours(read_all(tmp_path)) == {("GPU hours", "NVIDIA H200"): 4.0}


def test_a_run_that_would_have_found_the_published_difference_is_told_what_finds_the_margin(tmp_path: Path) -> None:
    level(tmp_path, "base", 0.3)
    level(tmp_path, "infonce-random", 0.45, seeds=(-0.01, 0.0, 0.012), environment=GPU)
    level(tmp_path, "infonce-ance", 0.455, seeds=(-0.012, 0.001, 0.01), environment=GPU)
    (row,) = [row for row in contrast_views(collate(tmp_path))[0].rows if row.contrast.control.name == "infonce-random"]
    assert row.words[0][0] == "undecided"
    assert row.published is not None
    assert row.published.value > 2 * row.difference.detectable
    assert re.fullmatch(
        r"\d+ seeds to find 1\.00 \(power \.8\), about \d+\.\d GPU hours \(NVIDIA H200\) more; "
        r"these seeds and queries would have found the published 4\.51 \(power \.8\)",
        row.settles,
    )


def test_of_one_seed_nothing_is_shown_and_a_second_comes_first(tmp_path: Path) -> None:
    level(tmp_path, "base", 0.3)
    level(tmp_path, "hard-label", 0.45, seeds=(0.0,))
    level(tmp_path, "soft-1", 0.6, seeds=(0.0,))
    (row,) = [row for row in contrast_views(collate(tmp_path))[0].rows if row.contrast.control.name == "hard-label"]
    assert row.words == (("undecided", ""),)
    assert row.settles == "a second seed of each trained side first"


def test_over_one_query_no_p_is_printed(tmp_path: Path) -> None:
    for entry, value in (("base", 0.25), ("mnrl", 0.5)):
        for seed in range(1 if entry == "base" else 2):
            put(tmp_path, (entry, "ko", seed), {"AP": {"q": value}})
    (row,) = contrast_views(collate(tmp_path))[0].rows
    assert (row.words, row.p_text, row.settles) == ((("undecided", ""),), "", "")
    write_reports(tmp_path)
    for form in ("html", "md", "tex"):
        text = (tmp_path / f"leaderboard.{form}").read_text(encoding="utf-8")
        assert not re.search(r"\bnan\b", text)
    assert "$$" not in (tmp_path / "leaderboard.tex").read_text(encoding="utf-8")


def test_csv_json_and_markdown_have_the_contrasts(board: Leaderboard, view: View) -> None:
    folder = board.results.path
    write_reports(folder, board)
    with (folder / "contrasts.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == sum(len(each.rows) for each in contrast_views(board))
    first = view.rows[0]
    found = [row for row in rows if (row["entry"], row["language"], row["measure"]) == ("clpl", "average", "nDCG@10")]
    assert float(found[0]["difference"]) == first.difference.value
    assert (found[0]["verdict"], found[0]["published_measure"]) == ("same direction", "nDCG@5")
    document = json.loads((folder / "leaderboard.json").read_text(encoding="utf-8"))
    assert [row["difference"] for row in document["published_contrasts"]] == [float(row["difference"]) for row in rows]
    markdown = (folder / "leaderboard.md").read_text(encoding="utf-8")
    assert "| clpl over infonce-ance | arXiv 2412.17364 | +0.63 (nDCG@5, average) | +1.50 [" in markdown
    assert contrasts_section.CSV in (folder / "leaderboard.html").read_text(encoding="utf-8")


def test_what_differs_is_named_once(board: Leaderboard) -> None:
    assert contrasts_section.differing(board)[0] == "data"

"""The contrasts that a folder measures: which rows are paired, what differs, and the verdicts of committed folders."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from support.fake_records import draw, miracl_board, provenance, put
from support.model_runs import folder_of as models_folder

from harness.evidence.claims.claim import Claim
from harness.evidence.contrasts import measured
from harness.evidence.contrasts.measured import MeasuredContrast
from harness.evidence.contrasts.published import PublishedContrast, published_contrasts
from harness.evidence.leaderboard import Leaderboard, collate
from harness.machine.bundled import results

CLP = "arXiv 2412.17364"


def folder_of(folder: Path, rows: Sequence[str], swept: Mapping[str, Mapping[str, Any]] | None = None) -> Path:
    """Write a run in Korean, two seeds of every row but `base`; `swept` has the values of the rows of a sweep."""
    for name in rows:
        for seed in range(1 if name == "base" else 2):
            known = provenance(name, "ko", seed if name != "base" else None)
            known["entry"] |= {"swept": (swept or {}).get(name, {})}
            put(folder, (name, "ko", seed), draw(name, "ko", seed, 20), provenance=known)
    (folder / "run.json").write_text(json.dumps({"resolved": {"languages": ["ko"]}}), encoding="utf-8")
    return folder


def pairs(board: Leaderboard, paper: str = CLP) -> list[tuple[str, str]]:
    return [(one.entry.name, one.control.name) for one in board.measured_contrasts if one.published.paper == paper]


def find(board: Leaderboard, entry: str, control: str, paper: str = CLP) -> MeasuredContrast:
    (found,) = [
        one
        for one in board.measured_contrasts
        if (one.published.paper, one.entry.name, one.control.name) == (paper, entry, control)
    ]
    return found


def test_a_recipe_is_compared_with_the_same_recipe_of_its_control(tmp_path: Path) -> None:
    rows = ("clpl", "clpl@published", "infonce-ance", "infonce-ance@published")
    board = collate(folder_of(tmp_path, rows))
    assert pairs(board) == [("clpl", "infonce-ance"), ("clpl@published", "infonce-ance@published")]
    corrected, published = board.measured_contrasts
    assert corrected.differs[-1] == "recipe (corrected; there published)"
    assert not any(text.startswith("recipe") for text in published.differs)


def test_without_a_control_of_its_own_recipe_a_row_measures_no_contrast(tmp_path: Path) -> None:
    assert pairs(collate(folder_of(tmp_path, ("clpl", "infonce-ance@published")))) == []


def test_a_control_that_has_one_recipe_goes_with_both(tmp_path: Path) -> None:
    board = collate(folder_of(tmp_path, ("base", "infonce-ance", "infonce-ance@published")))
    assert pairs(board) == [("infonce-ance", "base"), ("infonce-ance@published", "base")]


WEIGHT, EPOCHS = "clpl.penalty_weight", "train.epochs"


def test_each_swept_value_is_compared_with_the_one_control(tmp_path: Path) -> None:
    swept = {f"clpl[{WEIGHT}={value}]": {WEIGHT: value} for value in (0.1, 1.0)}
    board = collate(folder_of(tmp_path, (*swept, "infonce-ance"), swept))
    assert pairs(board) == [(name, "infonce-ance") for name in swept]
    said = [one.differs[-1] for one in board.measured_contrasts]
    assert said == [f"settings ({WEIGHT} {value})" for value in (0.1, 1.0)]


def test_what_is_swept_of_both_is_compared_at_the_same_value(tmp_path: Path) -> None:
    entries = {f"clpl@published[{WEIGHT}=1,{EPOCHS}={n}]": {WEIGHT: 1, EPOCHS: n} for n in (1, 2)}
    controls = {f"infonce-ance@published[{EPOCHS}={n}]": {EPOCHS: n} for n in (1, 2)}
    board = collate(folder_of(tmp_path, (*entries, *controls), {**entries, **controls}))
    assert pairs(board) == list(zip(entries, controls, strict=True))


def test_what_is_swept_of_the_control_alone_is_no_contrast(tmp_path: Path) -> None:
    controls = {f"infonce-ance[infonce.temperature={value}]": {"infonce.temperature": value} for value in (0.1, 0.2)}
    assert pairs(collate(folder_of(tmp_path, ("clpl", *controls), controls))) == []


def test_a_row_is_compared_with_the_control_on_its_own_base_model(tmp_path: Path) -> None:
    board = collate(models_folder(tmp_path))
    assert pairs(board, "arXiv 1705.00652") == [("mnrl@A", "base@A"), ("mnrl@B", "base@B")]
    for one in board.measured_contrasts:
        model = one.entry.model
        assert any(text.startswith(f"base model (org/{model}; there") for text in one.differs)


def test_a_control_that_is_missing_leaves_no_contrast(tmp_path: Path) -> None:
    assert collate(folder_of(tmp_path, ("clpl", "base"))).measured_contrasts == ()


def test_a_language_without_the_control_has_no_difference(tmp_path: Path) -> None:
    folder_of(tmp_path, ("clpl", "infonce-ance", "base"))
    for seed in (0, 1):
        put(tmp_path, ("clpl", "hi", seed), draw("clpl", "hi", seed, 20))
    one = find(collate(tmp_path), "clpl", "infonce-ance")
    assert set(one.differences) == {"ko"}


def test_a_pair_that_two_papers_claim_counts_once_in_the_family(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of(tmp_path, ("soft-1", "base", "mnrl", "mnrl-cached", "mnrl-lora"))
    once = collate(folder).measured_contrasts

    def by_two_papers(claims: Sequence[Claim]) -> list[PublishedContrast]:
        published = published_contrasts(claims)
        return [*published, *(one.model_copy(update={"paper": "another"}) for one in published)]

    monkeypatch.setattr(measured, "published_contrasts", by_two_papers)
    twice = collate(folder).measured_contrasts
    assert [len(once), len(twice)] == [4, 8]
    assert {one.entry.name + one.control.name: one.differences for one in twice} == {
        one.entry.name + one.control.name: one.differences for one in once
    }
    found = sorted(one.differences["ko"][0].p for one in once)
    (contrasts, _) = collate(folder).statistics.by_language
    places = [tuple(map(contrasts.entries.index, (one.entry.name, one.control.name))) for one in once]
    assert found[0] == pytest.approx(min(1.0, 4 * min(contrasts.p[place][0] for place in places)))


def test_a_claim_that_is_comparable_is_direct_and_nothing_differs(tmp_path: Path) -> None:
    one = find(collate(miracl_board(tmp_path)), "clpl@published", "infonce-ance@published")
    assert [(line.claim.language, line.claim.measure, line.verdict) for line in one.direct] == [
        ("ko", "nDCG@5", "inconclusive (underpowered)")
    ]
    assert one.differs == ()


def test_a_claim_is_direct_for_the_row_that_it_is_about_alone(tmp_path: Path) -> None:
    folder = miracl_board(tmp_path)
    for entry, value in (("infonce-ance", 0.5), ("clpl", 0.75)):
        put(folder, (entry, "ko", 0), {"nDCG@5": {"a": value, "b": value}}, suite="miracl")
    board = collate(folder)
    assert len(find(board, "clpl@published", "infonce-ance@published").direct) == 1
    one = find(board, "clpl", "infonce-ance")
    assert one.direct == ()
    assert one.differs[-1] == "recipe (corrected; there published)"


def test_what_differs_on_the_same_data_is_why_the_claim_is_not_comparable(tmp_path: Path) -> None:
    folder = miracl_board(tmp_path)
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    run["suite"] |= {"text": {"title": True}, "base_model": {"id": "org/other", "revision": "1"}}
    (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")
    one = find(collate(folder), "clpl@published", "infonce-ance@published")
    assert one.direct == ()
    assert one.differs == (
        "base model (here org/other, there BAAI/bge-m3)",
        "title (here joined, there dropped)",
    )


def test_what_differs_is_named(tmp_path: Path) -> None:
    board = collate(folder_of(tmp_path, ("soft-1", "hard-label")))
    one = find(board, "soft-1", "hard-label", "arXiv 2408.11868")
    assert one.differs[0] == "data (fake; there not public or not stated)"
    assert one.direct == ()


@pytest.fixture(scope="module")
def wikiqa() -> Leaderboard:
    return collate(results() / "wikiqa")


def test_clpl_over_its_control_has_the_published_direction_with_the_numbers_of_the_leaderboard(
    wikiqa: Leaderboard,
) -> None:
    one = find(wikiqa, "clpl", "infonce-ance")
    lines = [line for line in wikiqa.contrasts if (line.entry, line.baseline) == ("clpl", "infonce-ance")]
    assert set(one.differences) == {line.language for line in lines} == {"ko", "hi", "fa", "average"}
    for line in lines:
        for i, found in enumerate(one.differences[line.language]):
            assert (found.value, found.low, found.high) == (line.delta[i], line.low[i], line.high[i])
            assert line.p[i] <= found.p <= line.p_adjusted[i]  # 11 pairs here, 91 there
    assert one.word("average", 0) == "same direction"
    assert round(100 * one.differences["average"][0].value, 1) == 1.1
    assert one.differs == (
        "data (wikiqa; there miracl)",
        "base model (built by the run; there BAAI/bge-m3)",
        "recipe (corrected; there published)",
    )


def test_training_the_intermediate_layers_alone_reverses_the_published_gain(wikiqa: Leaderboard) -> None:
    one = find(wikiqa, "clpl-intermediate", "clpl")
    assert [one.word(language, 0) for language in ("ko", "hi", "fa", "average")] == ["reversed"] * 4
    assert one.published.main is not None
    assert one.differences["average"][0].value < -0.1 < 0.0139 == pytest.approx(one.published.main.value)


def test_every_contrast_that_wikiqa_measures_is_there_once(wikiqa: Leaderboard) -> None:
    names = [(one.published.paper, one.entry.name, one.control.name) for one in wikiqa.measured_contrasts]
    assert len(set(names)) == len(names) == 11
    assert all(set(one.differences) == {"ko", "hi", "fa", "average"} for one in wikiqa.measured_contrasts)

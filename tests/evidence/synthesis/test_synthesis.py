"""A synthesis: what a study is, which are pooled, and which folders are refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from support.study_folders import over_base, study_folder

from harness.errors import RequestError
from harness.evidence.leaderboard import collate
from harness.evidence.synthesis.choice import overview, read_folders, synthesize
from harness.evidence.synthesis.pooling import ONE_SEED, ContrastSynthesis, Study
from harness.evidence.synthesis.shared_cells import without_shared
from harness.evidence.synthesis.studies import FolderContrasts, folder_contrasts
from harness.results import checksums
from harness.stats.meta_analysis import pooled

TWO = {"ko": 0.02, "fa": 0.06}


def one_contrast(*folders: Path, **options: Any) -> ContrastSynthesis:
    [synthesis] = synthesize(read_folders(folders), **options)
    return synthesis


def named(studies: Sequence[Study]) -> list[tuple[str, str]]:
    return [(Path(study.folder).name, study.language) for study in studies]


def of_folders(*folders: Path) -> list[FolderContrasts]:
    """Return folders as the index reads them."""
    return [folder_contrasts(folder.name, collate(folder), swept=False) for folder in folders]


def test_each_language_of_each_folder_is_a_study_and_by_folder_the_average(tmp_path: Path) -> None:
    a, b = over_base(tmp_path / "a", TWO), over_base(tmp_path / "b", {"hi": 0.1})
    synthesis = one_contrast(a, b)
    assert synthesis.contrast == ("mnrl", "base")
    assert named(synthesis.pooled.studies) == [("a", "ko"), ("a", "fa"), ("b", "hi")]
    assert synthesis.beside is not None
    assert (synthesis.beside.by, named(synthesis.beside.studies)) == ("folder", [("a", "average"), ("b", "average")])
    assert [study.value for study in synthesis.pooled.studies] == pytest.approx([0.02, 0.06, 0.1], abs=0.01)
    assert [study.value for study in synthesis.beside.studies] == pytest.approx([0.04, 0.1], abs=0.01)


def test_the_difference_of_a_study_is_that_of_the_leaderboard(tmp_path: Path) -> None:
    folder = over_base(tmp_path / "a", TWO)
    [measured] = collate(folder).measured_contrasts
    study = one_contrast(folder).pooled.studies[0]
    difference = measured.differences["ko"][0]
    assert (study.value, study.low, study.high, study.error) == (
        *(difference.value, difference.low, difference.high),
        difference.error,
    )


def test_the_pooled_result_is_the_meta_analysis_of_differences_and_squared_errors(tmp_path: Path) -> None:
    synthesis = one_contrast(over_base(tmp_path / "a", TWO), over_base(tmp_path / "b", {"hi": 0.1}))
    for each in synthesis.both:
        expected = pooled([study.value for study in each.studies], [study.error**2 for study in each.studies])
        assert each.result == expected
        assert sum(weight or 0 for weight in each.weights) == pytest.approx(1)
        mean = sum((weight or 0) * study.value for weight, study in zip(each.weights, each.studies, strict=True))
        assert mean == pytest.approx(expected.estimate)


def test_by_folder_the_averages_come_first_and_the_languages_beside_them(tmp_path: Path) -> None:
    synthesis = one_contrast(over_base(tmp_path / "a", TWO), over_base(tmp_path / "b", TWO), by="folder")
    assert [each.by for each in synthesis.both] == ["folder", "language"]
    assert named(synthesis.pooled.studies) == [("a", "average"), ("b", "average")]


def test_one_folder_is_pooled_by_language_alone(tmp_path: Path) -> None:
    assert one_contrast(over_base(tmp_path / "a", TWO)).beside is None


def test_a_study_with_one_seed_of_a_trained_side_is_shown_and_not_pooled(tmp_path: Path) -> None:
    blind = over_base(tmp_path / "blind", {"ko": 0.5}, seeds=(0,))
    synthesis = one_contrast(over_base(tmp_path / "a", TWO), blind)
    assert [study.reason for study in synthesis.pooled.studies] == ["", "", ONE_SEED]
    assert synthesis.pooled.weights[2] is None
    assert synthesis.pooled.result is not None
    assert synthesis.pooled.result.k == 2


def test_a_study_over_one_query_has_no_error_and_is_not_pooled(tmp_path: Path) -> None:
    synthesis = one_contrast(over_base(tmp_path / "a", {"ko": 0.02}), over_base(tmp_path / "b", {"ko": 0.02}, n=1))
    assert [bool(study.reason) for study in synthesis.pooled.studies] == [False, True]
    assert synthesis.pooled.result is None


def test_one_study_is_shown_and_not_pooled(tmp_path: Path) -> None:
    synthesis = one_contrast(over_base(tmp_path / "a", {"ko": 0.02}))
    assert (len(synthesis.pooled.studies), synthesis.pooled.count, synthesis.pooled.result) == (1, 1, None)
    assert synthesis.pooled.weights == (None,)


def test_folders_that_share_cells_are_refused_with_their_names_and_a_cell(tmp_path: Path) -> None:
    a = over_base(tmp_path / "a", TWO)
    shutil.copytree(a, tmp_path / "b")
    with pytest.raises(RequestError) as error:
        one_contrast(a, tmp_path / "b")
    assert f"{a} and {tmp_path / 'b'} share cells, such as mnrl/" in str(error.value)
    assert "of mnrl/base" in str(error.value)


def test_a_shared_control_is_enough_to_refuse(tmp_path: Path) -> None:
    a = over_base(tmp_path / "a", {"ko": 0.02}, data="same")
    b = over_base(tmp_path / "b", {"ko": 0.02}, data="same", seeds=(3, 4, 5))
    with pytest.raises(RequestError, match=r"share cells, such as base/ko/0 \(base/ko/3 in the second\) of mnrl/base"):
        one_contrast(a, b)


def test_a_cell_is_known_by_its_ranking_too_where_its_scores_were_computed_again(tmp_path: Path) -> None:
    a = over_base(tmp_path / "a", {"ko": 0.02}, data="same")
    b = over_base(tmp_path / "b", {"ko": 0.02}, data="same", measures=("nDCG@10", "AP"))
    with pytest.raises(RequestError, match="share cells"):
        one_contrast(a, b)


def test_a_shared_cell_of_another_contrast_than_the_named_one_does_not_matter(tmp_path: Path) -> None:
    gains = {"base": {"ko": 0.0}, "infonce-random": {"ko": 0.01}, "infonce-ance": {"ko": 0.02}}
    a = study_folder(tmp_path / "a", gains, data="same")
    b = study_folder(tmp_path / "b", gains, seeds=(3, 4, 5), data="same")
    folders = read_folders([a, b])
    with pytest.raises(RequestError, match="share cells"):
        synthesize(folders)
    synthesize(folders, "infonce-ance/infonce-random")


def test_on_the_index_the_studies_of_the_later_folder_are_shown_and_not_pooled(tmp_path: Path) -> None:
    first = over_base(tmp_path / "a", TWO)
    shutil.copytree(first, tmp_path / "b")
    folders = of_folders(first, tmp_path / "b", over_base(tmp_path / "c", TWO))
    [synthesis] = overview(without_shared(folders))
    assert [study.reason for study in synthesis.pooled.studies] == ["", "", *["shares cells with a"] * 2, "", ""]
    assert synthesis.beside is not None
    assert synthesis.beside.count == 2


def test_a_folder_is_held_against_those_that_are_pooled_only(tmp_path: Path) -> None:
    first = over_base(tmp_path / "a", {"ko": 0.02}, data="same")
    both = study_folder(tmp_path / "b", {"base": {"ko": 0.0, "fa": 0.0}, "mnrl": TWO}, seeds=(3, 4), data="same")
    third = over_base(tmp_path / "c", {"fa": 0.06}, seeds=(5, 6), data="same")  # shares base/fa with b alone
    marked = without_shared(of_folders(first, both, third))
    assert [rows.reason for folder in marked for rows in folder.rows] == ["", "shares cells with a", ""]


def test_a_folder_named_twice_is_refused(tmp_path: Path) -> None:
    folder = over_base(tmp_path / "a", TWO)
    with pytest.raises(RequestError, match="are one folder; name it once"):
        read_folders([folder, tmp_path / "." / "b" / ".." / "a"])


def test_a_folder_without_a_contrast_is_refused(tmp_path: Path) -> None:
    folder = study_folder(tmp_path / "a", {"base": {"ko": 0.0}, "bm25": {"ko": 0.1}})
    with pytest.raises(RequestError, match=r"a measures no published contrast: no entry together with its control"):
        read_folders([folder])


def test_an_unknown_contrast_is_refused_with_those_that_are_measured(tmp_path: Path) -> None:
    folders = read_folders([over_base(tmp_path / "a", TWO)])
    with pytest.raises(RequestError, match=r"unknown contrast 'mnrl/bse' .*; did you mean 'mnrl/base'\?"):
        synthesize(folders, "mnrl/bse")


def test_folders_of_different_primary_measures_need_a_named_one(tmp_path: Path) -> None:
    a = over_base(tmp_path / "a", TWO)
    b = over_base(tmp_path / "b", TWO, measures=("R@100", "nDCG@10"))
    folders = read_folders([a, b])
    with pytest.raises(RequestError, match=r"has nDCG@10, .*b R@100; name one with --measure: nDCG@10, R@100"):
        synthesize(folders)
    assert synthesize(folders, measure="R@100")[0].measure == "R@100"
    with pytest.raises(RequestError, match="unknown measure 'AP'"):
        synthesize(folders, measure="AP")


def test_folders_without_a_common_measure_are_said_to_have_none(tmp_path: Path) -> None:
    a, b = over_base(tmp_path / "a", TWO, measures=("AP",)), over_base(tmp_path / "b", TWO)
    with pytest.raises(RequestError, match="they have no common measure"):
        one_contrast(a, b)


def test_on_the_index_folders_of_different_primary_measures_are_pooled_apart(tmp_path: Path) -> None:
    folders = of_folders(over_base(tmp_path / "a", TWO), over_base(tmp_path / "b", TWO, measures=("AP",)))
    assert [(each.measure, named(each.pooled.studies)) for each in overview(folders)] == [
        ("nDCG@10", [("a", "ko"), ("a", "fa")]),
        ("AP", [("b", "ko"), ("b", "fa")]),
    ]


def test_on_the_index_a_contrast_of_one_study_is_left_out(tmp_path: Path) -> None:
    assert list(overview(of_folders(over_base(tmp_path / "a", {"ko": 0.02})))) == []


def sweep(folder: Path, values: Sequence[int], *, declared: bool) -> Path:
    """Write a run of `mnrl` in a sweep of its epochs, beside the declared entry where `declared`."""
    names = {f"mnrl[train.epochs={value}]": value for value in values}
    gains = {"base": TWO, **dict.fromkeys(names, TWO), **({"mnrl": TWO} if declared else {})}
    said = {name: {"origin": "mnrl", "swept": {"train.epochs": value}} for name, value in names.items()}
    return study_folder(folder, gains, said=said)


def test_rows_of_a_sweep_are_no_studies_beside_the_declared_entry(tmp_path: Path) -> None:
    studies = one_contrast(sweep(tmp_path / "a", (1, 2), declared=True)).pooled.studies
    assert {study.entry for study in studies} == {"mnrl"}


def test_the_one_row_of_a_sweep_is_a_study_where_the_folder_has_nothing_else(tmp_path: Path) -> None:
    folder = sweep(tmp_path / "a", (2,), declared=False)
    synthesis = one_contrast(folder)
    assert {(study.entry, study.swept, study.reason) for study in synthesis.pooled.studies} == {
        ("mnrl[train.epochs=2]", True, "")
    }
    assert list(overview(of_folders(folder))) == []


def test_several_rows_of_a_sweep_on_one_control_are_shown_and_not_pooled(tmp_path: Path) -> None:
    synthesis = one_contrast(sweep(tmp_path / "a", (1, 2), declared=False))
    assert {study.reason for study in synthesis.pooled.studies} == {"one of 2 rows of a sweep on one control"}
    assert synthesis.pooled.result is None


def test_of_two_recipes_the_corrected_one_is_pooled(tmp_path: Path) -> None:
    said = {"mnrl@published": {"origin": "mnrl", "recipe": "published"}}
    folder = study_folder(tmp_path / "a", {"base": TWO, "mnrl": TWO, "mnrl@published": TWO}, said=said)
    reasons = {study.recipe: study.reason for study in one_contrast(folder).pooled.studies}
    assert reasons == {"corrected": "", "published": "another recipe of the same cells: 'corrected' is pooled"}


def test_the_only_recipe_of_a_folder_is_pooled_as_it_was_run(tmp_path: Path) -> None:
    said = {"mnrl@published": {"origin": "mnrl", "recipe": "published"}}
    published = study_folder(tmp_path / "a", {"base": TWO, "mnrl@published": TWO}, said=said)
    synthesis = one_contrast(published, over_base(tmp_path / "b", TWO))
    assert [(study.recipe, study.reason) for study in synthesis.pooled.studies] == [
        *[("published", "")] * 2,
        *[("corrected", "")] * 2,
    ]


def test_each_base_model_of_a_folder_is_a_study_in_each_language(tmp_path: Path) -> None:
    gains = {f"{entry}@{model}": TWO for entry in ("base", "mnrl") for model in ("e5", "bge")}
    said = {name: {"origin": name.partition("@")[0], "model": name.partition("@")[2]} for name in gains}
    synthesis = one_contrast(study_folder(tmp_path / "a", gains, said=said))
    assert sorted((study.entry, study.control, study.language) for study in synthesis.pooled.studies) == [
        *[("mnrl@bge", "base@bge", language) for language in ("fa", "ko")],
        *[("mnrl@e5", "base@e5", language) for language in ("fa", "ko")],
    ]


def test_folders_that_evaluate_the_same_queries_are_named(tmp_path: Path) -> None:
    a, b = over_base(tmp_path / "a", TWO), over_base(tmp_path / "b", TWO)
    for path in (b / "records").rglob("*.json"):
        record = json.loads(path.read_text())
        if record["language"] == "ko":
            record["provenance"]["data"]["digests"]["queries"] = "queries a ko"
            path.write_text(json.dumps(record))
    assert one_contrast(a, b).repeated_queries == (f"ko of {a} and {b}",)


def test_a_contrast_names_the_folders_that_do_not_measure_it(tmp_path: Path) -> None:
    a = over_base(tmp_path / "a", TWO)
    b = study_folder(tmp_path / "b", {"infonce-ance": TWO, "infonce-random": TWO})
    absent = {synthesis.name: synthesis.absent for synthesis in synthesize(read_folders([a, b]))}
    assert absent == {"mnrl over base": (str(b),), "infonce-ance over infonce-random": (str(a),)}


def test_a_changed_folder_is_refused(tmp_path: Path) -> None:
    folder = over_base(tmp_path / "a", TWO)
    checksums.seal(folder)
    run = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(run, indent=1))
    with pytest.raises(RequestError, match="was changed after it was written"):
        read_folders([folder])

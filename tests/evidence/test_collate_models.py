"""The leaderboard of several base models: each entry against the base of its own model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.model_runs import MEASURES, folder_of

from harness.errors import HarnessError
from harness.evidence.leaderboard import Leaderboard, collate
from harness.evidence.verification.stored_records import prove_records
from harness.results.folder import read_result_folder
from harness.stats.multiple import holm

ENTRIES = ("base", "bm25", "mnrl", "clpl")
ADJUSTED = ("p_adjusted", "rank_best", "rank_worst", "letters", "tied")  # of all entries of the page together


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Leaderboard:
    return collate(folder_of(tmp_path_factory.mktemp("both"), entries=ENTRIES, languages=("ko", "hi")))


@pytest.mark.parametrize("named", [True, False])
def test_the_numbers_of_one_model_are_those_of_its_own_folder(
    tmp_path: Path, both: Leaderboard, *, named: bool
) -> None:
    alone = collate(folder_of(tmp_path, ("A",) if named else (), ENTRIES, languages=("ko", "hi")))
    rows = {(row.entry, row.language): row for row in both.evidence}
    assert len(rows) == 7 * 3
    for row in alone.evidence:
        if row.entry == "bm25" and not named:
            continue  # it is not compared with the base of one of several models
        name = row.entry if named or row.entry == "bm25" else f"{row.entry}@A"
        for field, value in vars(row).items():
            if field not in (*ADJUSTED, "entry"):
                np.testing.assert_array_equal(value, getattr(rows[name, row.language], field), err_msg=field)


def test_p_is_adjusted_over_all_pairs_of_the_page_those_across_models_too(both: Leaderboard) -> None:
    for contrasts in both.statistics.by_language:
        above = np.triu_indices(7, k=1)
        for i in range(len(MEASURES)):
            assert len(above[0]) == 21
            expected = holm(contrasts.p[:, :, i][above])
            np.testing.assert_array_equal(contrasts.p_adjusted[:, :, i][above], expected)


def test_a_difference_is_to_the_base_of_the_same_model(both: Leaderboard) -> None:
    deltas = {row.entry: row.delta[0] for row in both.evidence if row.language == "ko"}
    means = {row.entry: row.mean[0] for row in both.evidence if row.language == "ko"}
    for entry in ("mnrl", "clpl"):
        for model in ("A", "B"):
            assert deltas[f"{entry}@{model}"] == pytest.approx(means[f"{entry}@{model}"] - means[f"base@{model}"])
    assert np.isnan([deltas["base@A"], deltas["base@B"], deltas["bm25"]]).all()
    assert both.baseline_name == "own base"
    assert both.baselines == {"base@A", "base@B"}
    assert both.models == ("A", "B")


def test_a_baseline_may_be_any_entry_or_one_of_each_model(both: Leaderboard) -> None:
    folder = both.results.path
    one, each = collate(folder, "base@A"), collate(folder, "mnrl")
    assert {one.baseline_of(entry) for entry in one.results.measured} == {"base@A"}
    assert not one.own_baselines
    assert each.baseline_of("clpl@B") == "mnrl@B"
    with pytest.raises(HarnessError, match="baseline 'base@C'"):
        collate(folder, "base@C")


def test_records_and_run_file_of_several_models_agree(both: Leaderboard) -> None:
    proof = prove_records(both.results)
    assert not proof.mismatches
    both.results.check_unchanged()


def test_a_record_on_another_model_than_its_name_says_is_a_mismatch(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    path = folder / "records/mnrl@A/ko/0.json"
    path.write_text(path.read_text().replace('"model": "A"', '"model": "B"'))
    findings = prove_records(read_result_folder(folder)).mismatches
    assert any("which its entry is not a row of" in str(finding) for finding in findings)

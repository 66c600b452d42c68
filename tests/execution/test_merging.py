"""Folders of one request, joined: agreement is required, records stay as they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.commands import invoke, read_json, snapshot
from support.fake_records import put_failed
from support.model_runs import folder_of

from harness.errors import HarnessError
from harness.evidence.leaderboard import collate
from harness.execution.merging import merge
from harness.results.checksums import seal


def replaced(file: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        seal(folder, [file])

    return change


def test_models_seeds_entries_and_languages_are_joined_into_what_one_machine_writes(tmp_path: Path) -> None:
    parts = [
        folder_of(tmp_path / "one", ("A",), ("base", "bm25", "mnrl"), (0,)),
        folder_of(tmp_path / "two", ("A",), ("mnrl",), (1,)),
        folder_of(tmp_path / "three", ("B",), ("base", "mnrl"), (0, 1)),
    ]
    whole = folder_of(tmp_path / "whole", ("A", "B"), ("base", "bm25", "mnrl"), (0, 1))
    merged = merge(parts, tmp_path / "joined")
    assert merged.counts == {str(parts[0]): 3, str(parts[1]): 1, str(parts[2]): 3}
    before, after = (
        {name: sha256 for name, (_, sha256) in snapshot(folder / "records").items()}
        for folder in (whole, tmp_path / "joined")
    )
    assert before == after
    run, expected = read_json(tmp_path / "joined/run.json"), read_json(whole / "run.json")
    assert run["resolved"] == expected["resolved"]
    assert run["request"]["methods"] == ["base", "bm25", "mnrl"]
    assert run["request"]["base_model"] == "A=org/A,B=org/B"
    assert run["merged"]["2"]["cells"] == ["mnrl@A/ko/1"]
    assert run["merged"]["3"]["environment"] == {"python": "3.12.1"}
    collate(tmp_path / "joined").results.check_unchanged()


def test_the_names_in_model_cards_are_joined(tmp_path: Path) -> None:
    parts = [folder_of(tmp_path / name, (), ("base", "mnrl"), (seed,)) for name, seed in (("one", 0), ("two", 1))]
    for part, names in zip(parts, ({"a" * 64: "first"}, {"b" * 64: "second"}), strict=True):
        (part / "run.json").write_text(json.dumps({**read_json(part / "run.json"), "model_names": names}))
        seal(part, ["run.json"])
    merge(parts, tmp_path / "joined")
    assert read_json(tmp_path / "joined/run.json")["model_names"] == {"a" * 64: "first", "b" * 64: "second"}


def test_the_command_writes_the_page_and_a_folder_that_verifies(tmp_path: Path) -> None:
    one = folder_of(tmp_path / "one", (), ("base", "mnrl"), (0,))
    two = folder_of(tmp_path / "two", (), ("clpl",), (0, 1))
    result = invoke("merge", one, two, "--out", tmp_path / "joined")
    assert result.status == 0
    assert f"{two}: 2 records" in result.err
    assert "without a record in the joined request: " in result.out.replace("\n", " ")
    assert invoke("verify", tmp_path / "joined", "--hashes-only").status == 0
    assert "clpl" in (tmp_path / "joined/leaderboard.html").read_text(encoding="utf-8")
    assert collate(tmp_path / "joined").results.absent == ("mnrl/ko/1",)


def test_of_a_cell_that_two_have_alike_the_first_one_is_kept(tmp_path: Path) -> None:
    one, two = folder_of(tmp_path / "one"), folder_of(tmp_path / "two")
    path = "records/mnrl@A/ko/0.json"
    replaced(path, '"seconds": 0.0', '"seconds": 9.0')(two)
    assert merge([one, two], tmp_path / "joined").counts == {str(one): 6, str(two): 0}
    assert (tmp_path / "joined" / path).read_bytes() == (one / path).read_bytes()


def test_a_failed_cell_gives_way_to_a_done_one_and_is_kept_without(tmp_path: Path) -> None:
    one, two = folder_of(tmp_path / "one", ()), folder_of(tmp_path / "two", (), ("base",))
    cell = "records/mnrl/ko/1"
    for suffix in ("json", "run.gz", "per_query.parquet"):
        (one / f"{cell}.{suffix}").unlink()
    put_failed(one, ("mnrl", "ko", 1), "out of memory")
    (one / f"{cell}.log").write_text("Traceback", encoding="utf-8")
    (one / "SHA256SUMS").unlink()
    seal(one)
    merge([one, two], tmp_path / "failed")
    assert (tmp_path / f"failed/{cell}.log").read_text(encoding="utf-8") == "Traceback"
    assert read_json(tmp_path / f"failed/{cell}.json")["reason"] == "out of memory"
    merge([one, folder_of(tmp_path / "three", ())], tmp_path / "done")
    assert read_json(tmp_path / f"done/{cell}.json")["status"] == "done"
    assert not (tmp_path / f"done/{cell}.log").exists()


MNRL = "records/mnrl@A/ko/0.json"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"max_train": 9}, ""),
        ({"set": ["train.epochs=2"]}, "they differ in set none → train.epochs=2"),
    ],
)
def test_only_what_can_change_a_number_has_to_agree(tmp_path: Path, changes: dict[str, object], problem: str) -> None:
    """What --max-train changes is in the suite's digest; the words of the request are not compared."""
    one, two = folder_of(tmp_path / "one", ("A",)), folder_of(tmp_path / "two", ("B",), **changes)
    if not problem:
        merge([one, two], tmp_path / "joined")
        return
    with pytest.raises(HarnessError, match=problem):
        merge([one, two], tmp_path / "joined")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (replaced("run.json", '"device": "cpu"', '"device": "cuda"'), "device cpu → cuda"),
        (replaced("run.json", '"title": true', '"title": false'), "text.title true → false"),
        (replaced("run.json", '"method": "mnrl"', '"method": "clpl"'), "entries.mnrl@A.method mnrl → clpl"),
        (replaced("run.json", "org/A", "org/other"), "models.A.changes.base_model.id org/A → org/other"),
        (replaced(MNRL, "corpus of ko", "other corpus"), "data.corpus corpus of ko → other corpus"),
        (replaced(MNRL, '"method": "mnrl"', '"method": "clpl"'), "recipe.method mnrl → clpl"),
    ],
)
def test_folders_that_contradict_each_other_are_refused(
    tmp_path: Path, change: Callable[[Path], None], problem: str
) -> None:
    one, two = folder_of(tmp_path / "one"), folder_of(tmp_path / "two", seeds=(0, 1))
    change(two)
    with pytest.raises(HarnessError) as error:
        merge([one, two], tmp_path / "joined")
    assert problem in str(error.value)
    assert str(two) in str(error.value)
    assert "leave one of" in str(error.value)
    assert not (tmp_path / "joined").exists()


def test_base_models_that_differ_are_called_by_their_names(tmp_path: Path) -> None:
    one, two = folder_of(tmp_path / "one", ()), folder_of(tmp_path / "two", ())
    for folder, digit in ((one, "a"), (two, "b")):
        run = read_json(folder / "run.json")
        run["resolved"]["base_model"] = run["suite"]["base_model"] = {"sha256": digit * 64}
        (folder / "run.json").write_text(json.dumps({**run, "model_names": {digit * 64: folder.name}}))
        seal(folder, ["run.json"])
    with pytest.raises(HarnessError) as error:
        merge([one, two], tmp_path / "joined")
    expected = "they differ in base model: one (sha256 aaaaaaaaaaaa) → two (sha256 bbbbbbbbbbbb); leave"
    assert expected in str(error.value)


def test_a_folder_of_named_models_and_one_without_are_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=r"base model: built .*\(layers 2\), without a name → named A, B; leave"):
        merge([folder_of(tmp_path / "one", ()), folder_of(tmp_path / "two")], tmp_path / "joined")


def test_other_scores_of_one_cell_are_refused_by_its_name(tmp_path: Path) -> None:
    one, two = folder_of(tmp_path / "one"), folder_of(tmp_path / "two")
    cell = "records/mnrl@B/ko/1"
    for suffix in ("json", "per_query.parquet"):  # the scores of another seed
        (two / f"{cell}.{suffix}").write_bytes((two / f"records/mnrl@B/ko/0.{suffix}").read_bytes())
    text = (two / f"{cell}.json").read_text(encoding="utf-8").replace('"seed": 0', '"seed": 1')
    (two / f"{cell}.json").write_text(text, encoding="utf-8")
    seal(two, [f"{cell}.json", f"{cell}.per_query.parquet"])
    with pytest.raises(
        HarnessError, match=r"mnrl@B/ko/1 has other results in .*one than in .*two \(scores per query, "
    ):
        merge([one, two], tmp_path / "joined")


def test_a_changed_file_a_link_and_a_misplaced_record_are_refused(tmp_path: Path) -> None:
    one, two = folder_of(tmp_path / "one", ("A",)), folder_of(tmp_path / "two", ("B",))
    path = two / "records/mnrl@B/ko/0.json"
    content = path.read_bytes()
    path.write_bytes(content + b" ")
    with pytest.raises(HarnessError, match="was changed after it was written"):
        merge([one, two], tmp_path / "joined")
    path.unlink()
    (tmp_path / "elsewhere.json").write_bytes(content)
    path.symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(HarnessError, match=r"0\.json is a link"):
        merge([one, two], tmp_path / "joined")
    path.unlink()
    for entry, problem in (("../../x", "'../../x' cannot be part of a path"), ("x", "is not the place of the cell")):
        path.write_text(json.dumps({**json.loads(content), "entry": entry}), encoding="utf-8")
        seal(two, ["records/mnrl@B/ko/0.json"])
        with pytest.raises(HarnessError, match=problem):
            merge([one, two], tmp_path / "joined")
    assert sorted(item.name for item in tmp_path.iterdir()) == ["elsewhere.json", "one", "two"]


def test_the_target_is_new_and_outside_and_the_folders_are_several(tmp_path: Path) -> None:
    one, two = folder_of(tmp_path / "one", ("A",)), folder_of(tmp_path / "two", ("B",))
    for folders, out, problem in (
        ([one, one], tmp_path / "x", "two or more different folders"),
        ([one, two], two, "is not a new or empty folder"),
        ([one, two], one / "x", "is inside"),
        ([one, tmp_path / "none"], tmp_path / "x", "is not a folder"),
    ):
        with pytest.raises(HarnessError, match=problem):
            merge(folders, out)

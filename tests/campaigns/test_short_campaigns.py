"""One attempt of each campaign that needs no process of its own, on real runs (`make campaign` makes all attempts).

tests/execution/test_endings.py ends and kills runs at moments of its choice.
"""

from __future__ import annotations

import random
import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from campaigns import damage, full_disk, results, runs, signals
from campaigns.__main__ import left
from campaigns.runs import Place, Ran
from campaigns.trials import Ended, NotPossibleError, Trial, carry_out, chosen, in_turns
from support.commands import invoke


def in_this_process(arguments: Sequence[str], place: Place) -> Ran:
    """Return how a command ended, as runs.ran does; its workers come from the fork server of the tests."""
    done = invoke(*arguments[arguments.index("harness") + 1 :])
    return Ran(done.status, done.out, done.err)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "ran", in_this_process)
        yield tmp_path_factory.mktemp("campaign")


@pytest.mark.parametrize(("name", "share"), [("out", 0.5), ("cache", 0.85)])  # the cache is full while it trains
def test_a_run_resumes_when_a_full_disk_has_room_again(place: Path, tmp_path: Path, name: str, share: float) -> None:
    try:
        assert full_disk.full(place, name, share, tmp_path) == ""
    except NotPossibleError as reason:
        pytest.skip(str(reason))


def test_damaged_artifacts_are_made_again(place: Path, tmp_path: Path) -> None:
    assert damage.artifacts(place, "short", damage.TOGETHER, tmp_path) == ""


def test_flipped_bytes_of_a_result_folder_are_named(place: Path, tmp_path: Path) -> None:
    assert damage.folders(place, "short", damage.TOGETHER, tmp_path) == ""


def test_another_byte_of_a_result_is_a_fault(place: Path) -> None:
    expected = runs.reference(place).results
    name = next(iter(expected))
    assert runs.differing(expected, {**expected, name: "0" * 64}) == f"other bytes in {name}"


def test_another_byte_of_a_file_is_a_fault_whatever_its_record_or_manifest_says(place: Path, tmp_path: Path) -> None:
    runs.reference(place)
    made, copied = Place.below(place), Place.below(tmp_path)
    shutil.copytree(made.out, copied.out)
    shutil.copytree(made.cache, copied.cache)
    assert runs.otherwise(place, copied) == ""
    generator = random.Random(0)
    for path in (*copied.cache.glob("train/*/*/*.safetensors"), *copied.out.rglob("*.run.gz")):  # the record's last
        damage.flip(path, generator)
        assert path.name.partition(".")[2] in runs.otherwise(place, copied)


def test_a_signal_that_a_run_does_not_answer_is_a_fault(place: Path, tmp_path: Path) -> None:
    made = Place.below(place)
    runs.reference(place)
    for folders, fault in ((made, []), (Place.below(tmp_path), ["status 0: "])):
        running = runs.begin([sys.executable, "-c", "pass"], folders)
        done = {running.mark} if running.has_record() else set()
        with running.out, running.err:
            assert signals._as_ended(signal.SIGTERM, done, running, running.ended(), []) == fault


def trial(row: str, name: str, times: int = 1) -> Trial:
    return Trial(row, name, lambda folder: "", times)


TRIALS = [*(trial("a", f"{i}", times=2) for i in range(4)), trial("b", "0")]


def test_rows_take_turns_and_a_share_of_each_is_whole_trials() -> None:
    assert [each.row for each in in_turns(TRIALS)] == ["a", "a", "b", "a", "a"]
    assert chosen(TRIALS, [], 0.01) == [TRIALS[0], TRIALS[4]]
    assert chosen(TRIALS, [], 0.5) == [*TRIALS[:2], TRIALS[4]]
    assert chosen(TRIALS, ["b", "c"], 1.0) == TRIALS[4:]


def test_every_trial_of_a_call_ends_as_its_check_says(tmp_path: Path) -> None:
    def refused(folder: Path) -> str:
        raise NotPossibleError("no root")

    def broken(folder: Path) -> str:
        raise ValueError(f"{folder.is_dir()}")

    attempts = [Trial("a", "left", lambda folder: "a process"), Trial("a", "no", refused), Trial("b", "x", broken)]
    ended = {each.trial.name: each for each in carry_out([*attempts, *TRIALS], tmp_path, 2, 60.0)}
    found = {name: (each.fault, each.skipped) for name, each in ended.items()}
    assert found == {
        **{"left": ("a process", ""), "no": ("", "no root"), "x": ("ValueError: True", "")},
        **dict.fromkeys("0123", ("", "")),
    }
    assert list(carry_out(TRIALS, tmp_path, 1, -1.0)) == []


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(results, "FILE", tmp_path / "results.json")
    monkeypatch.setattr(results, "PAGE", tmp_path / "results.md")
    return tmp_path / "results.md"


def test_pieces_of_several_calls_are_joined_in_one_table(kept: Path) -> None:
    first = results.made(Ended(TRIALS[0], seconds=4.0))
    again = {
        ("a", "0"): first,
        ("a", "1"): replace(first, name="1", fault="left | a process", measured="9999-12-31 abc+", seconds=2.0),
        ("b", "0"): replace(first, row="b", name="0", times=1, skipped="no", system="elsewhere"),
    }
    results.keep({("a", "0"): first}, TRIALS)
    results.keep({**results.known(), **again, ("gone", "0"): replace(first, row="gone")}, TRIALS)
    assert results.known() == again
    lines = kept.read_text(encoding="utf-8").splitlines()
    assert lines[2].endswith("; elsewhere. `s`: mean seconds per attempt.")
    dates = f"{first.measured}; 9999-12-31 abc+"
    assert lines[6:] == [
        f"| a | 8 | 4 | 2 | 1.5 | {dates} | 1: left \\| a process |",
        f"| b | 1 | 0 | 0 | 0.0 | {first.measured} | not possible: no |",
    ]


def test_what_is_left_is_what_was_not_kept_as_wanted() -> None:
    made = results.made(Ended(TRIALS[0]))
    known = {("a", "0"): made, ("a", "1"): replace(made, fault="x"), ("a", "2"): replace(made, skipped="x")}
    assert left(TRIALS, known) == TRIALS[1:]

"""One attempt of each campaign that needs no process of its own, on real runs (`make campaign` makes all attempts).

tests/execution/test_endings.py ends and kills runs at moments of its choice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from campaigns import damage, full_disk, runs
from campaigns.runs import Place, Ran
from campaigns.trials import Ended, NotPossibleError, Trial, in_turns, table
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


def trial(row: str, name: str, times: int = 1) -> Trial:
    return Trial(row, name, lambda folder: "", times)


def test_rows_take_turns_and_the_table_counts_what_was_made() -> None:
    trials = [*(trial("a", f"{i}", times=2) for i in range(4)), trial("b", "0")]
    assert [each.row for each in in_turns(trials)] == ["a", "a", "b", "a", "a"]
    ended = [Ended(trials[0], seconds=4.0), Ended(trials[1], fault="left | a process"), Ended(trials[4], skipped="no")]
    assert table(trials, ended).splitlines()[2:] == [
        "| a | 8 | 4 | 2 | 1.0 | 1: left \\| a process |",
        "| b | 1 | 0 | 0 | 0.0 | not possible: no |",
    ]

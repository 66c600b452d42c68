"""SHA256SUMS of an output folder names every file that is not as it was written."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.fake_records import board

from harness.errors import DataError
from harness.machine import plain_files
from harness.report.report_files import write_reports
from harness.results import checksums


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two entries with its report: do not change it."""
    folder = board(tmp_path_factory.mktemp("sealed") / "out", ["base", "mnrl"], {"ko": 20, "fa": 20}, [0, 1])
    write_reports(folder)
    return folder


def a_folder(tmp_path: Path, *names: str) -> Path:
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"what {name} holds", encoding="utf-8")
    checksums.seal(tmp_path)
    return tmp_path


def found(folder: Path) -> list[str]:
    return [str(one) for one in checksums.differences(folder)]


def test_a_report_lists_every_file_below_the_folder(sealed: Path) -> None:
    listed = [line.split("  ", 1)[1] for line in (sealed / "SHA256SUMS").read_text().splitlines()[:-1]]
    there = {path.relative_to(sealed).as_posix() for path in sealed.rglob("*") if path.is_file()}
    assert listed == sorted(there - {"SHA256SUMS"})
    assert {"run.json", "leaderboard.html", "records/mnrl/fa/1.run.gz"} <= set(listed)
    assert found(sealed) == []


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="coreutils are not installed")
def test_sha256sum_reads_the_list(sealed: Path) -> None:
    done = subprocess.run(["sha256sum", "--check", "--quiet", "--strict", "SHA256SUMS"], cwd=sealed, check=False)
    assert done.returncode == 0


def test_of_200_single_byte_corruptions_200_are_named(sealed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(sealed, folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    places = [(path, at) for path in files for at in range(path.stat().st_size)]
    rng = random.Random(0)
    named = 0
    for path, at in rng.sample(places, 200):
        whole = path.read_bytes()
        path.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << rng.randrange(8))]) + whole[at + 1 :])
        named += f"changed: {path.relative_to(folder).as_posix()}" in found(folder)
        path.write_bytes(whole)
    assert named == 200
    assert found(folder) == []


def test_every_byte_of_the_list_itself_is_guarded(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, "a", "records/b")
    whole = (folder / "SHA256SUMS").read_bytes()
    for at in range(len(whole)):
        (folder / "SHA256SUMS").write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert found(folder)[0] == "changed: SHA256SUMS", at
    (folder / "SHA256SUMS").write_bytes(whole[:-1])
    assert found(folder) == ["changed: SHA256SUMS"]


def test_a_missing_file_and_one_that_is_not_listed_are_named(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, "a", "b")
    (folder / "a").unlink()
    (folder / ".hidden").write_text("new")
    assert found(folder) == ["not listed: .hidden", "missing: a"]


def test_a_file_that_somebody_changed_stays_named_after_another_report(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, "leaderboard.csv", "records/mnrl/ko/0.json")
    (folder / "records/mnrl/ko/0.json").write_text("better")
    (folder / "leaderboard.csv").write_text("better too")
    checksums.seal(folder, ["leaderboard.csv"])
    assert found(folder) == ["changed: records/mnrl/ko/0.json"]


def test_only_files_about_to_be_rewritten_leave_the_list(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, "records/mnrl/ko/1.json", "records/mnrl/ko/1.run.gz", "records/mnrl/ko/10.json")
    checksums.unlist(folder, ["records/mnrl/ko/1."])
    assert found(folder) == ["not listed: records/mnrl/ko/1.json", "not listed: records/mnrl/ko/1.run.gz"]


def test_links_are_named_and_neither_listed_nor_followed(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    for name in ("records/a", ".hidden/b", "c"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name, encoding="utf-8")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/d").write_text("d")
    for name, target in (("folder", tmp_path / "elsewhere"), ("file", folder / "c"), ("broken", tmp_path / "none")):
        (folder / name).symlink_to(target)
    assert checksums.files_below(folder) == [".hidden/b", "c", "records/a"]
    checksums.seal(folder)
    assert found(folder) == [f"not a plain file: {name}" for name in ("broken", "file", "folder")]


def rewritten(folder: Path, change: Callable[[str], str]) -> Path:
    """Change the lines of the list, and make its last line fit."""
    *lines, _ = (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines(keepends=True)
    body = change("".join(lines))
    guard = f"# {hashlib.sha256(body.encode()).hexdigest()} of the lines above\n"
    (folder / "SHA256SUMS").write_text(body + guard, encoding="utf-8")
    return folder


def test_what_lies_too_deep_is_named_and_not_read(tmp_path: Path) -> None:
    folder = a_folder(tmp_path / "out", "a.txt")
    below = os.open(folder, os.O_RDONLY)
    try:
        for _ in range(1500):  # more than Python calls within each other, and less than a path may have
            os.mkdir("d", dir_fd=below)
            inner = os.open("d", os.O_RDONLY, dir_fd=below)
            os.close(below)
            below = inner
        os.close(below)
        assert found(folder) == [f"not a plain file: {'/'.join('d' * (plain_files.DEEPEST + 1))}"]
    finally:
        subprocess.run(["rm", "-rf", str(folder)], check=True)  # which shutil cannot


@pytest.mark.parametrize(
    "change",
    [
        lambda text: f"{text}\n",
        lambda text: f"{text}  c\n",
        lambda text: text[1:],
        lambda text: text.replace("  ", " *", 1),
        lambda text: text.upper(),
        lambda text: text + text.splitlines(keepends=True)[0],
        lambda text: f"{text}{'0' * 64}  ../elsewhere\n",
        lambda text: f"{text}{'0' * 64}  /etc/hostname\n",
        lambda text: f"{text}{'0' * 64}  a//b\n",
    ],
)
def test_a_list_with_a_line_of_another_form_is_damaged(tmp_path: Path, change: Callable[[str], str]) -> None:
    folder = a_folder(tmp_path, "a", "b")
    assert found(rewritten(folder, lambda text: text)) == []
    differing = found(rewritten(folder, change))
    assert differing[0] == "changed: SHA256SUMS"
    assert not any("elsewhere" in line or "etc" in line for line in differing)


def test_a_file_that_cannot_be_read_is_damaged_whatever_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = a_folder(tmp_path, "a", "b")

    def refused(folder: Path, name: str) -> str:
        raise PermissionError(13, "Permission denied", name)

    monkeypatch.setattr(plain_files, "sha256", refused)
    assert found(folder) == ["unreadable: a", "unreadable: b"]
    assert found(rewritten(folder, lambda _: "  a\n  b\n"))[0] == "changed: SHA256SUMS"


@pytest.mark.parametrize("name", ["two\nlines", "back\\slash", "tab\tand  spaces", "ⓤ|나"])
def test_a_name_of_odd_characters_is_listed_and_found(tmp_path: Path, name: str) -> None:
    folder = a_folder(tmp_path, name)
    assert found(folder) == []
    (folder / name).write_text("changed")
    assert found(folder) == [f"changed: {name}"]


def test_a_folder_without_a_list_is_rejected_with_what_writes_one(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has no SHA256SUMS; `harness report .*` lists the files as they are now"):
        checksums.differences(tmp_path)


def test_the_next_report_rewrites_a_damaged_list(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, "a")
    (folder / "SHA256SUMS").write_text("nonsense\n")
    checksums.seal(folder)
    assert found(folder) == []

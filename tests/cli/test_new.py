"""`harness new`: a method and a suite that run as they are written, and whose tests pass."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from support.commands import invoke, read_json, spawn

CPU = ("--seeds", "0", "--device", "cpu")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shown(out: str, what: str) -> list[str]:
    """Return the words of the command that is shown as what to do next."""
    (line,) = [line for line in out.splitlines() if line.startswith(f"{what}: ")]
    return shlex.split(line.removeprefix(f"{what}: "))


def check_tests(words: list[str], folder: Path) -> None:
    """Run the tests that a command names, in a new process and by the user's own settings of pytest."""
    assert words[:3] == ["python", "-m", "pytest"]
    tested = spawn("-m", "pytest", "-q", "-p", "no:cacheprovider", *words[3:], cwd=folder)
    assert tested.status == 0, tested.out + tested.err
    assert "passed" in tested.out


def test_the_method_runs_as_written_and_its_test_passes(here: Path) -> None:
    result = invoke("new", "method", "my_loss")
    assert (result.status, result.err) == (0, "")
    assert result.out.splitlines()[:3] == [
        *("wrote methods/my_loss.py", "wrote methods/my_loss.toml", "wrote methods/tests/test_my_loss.py")
    ]
    harness, *words = shown(result.out, "next")
    assert (harness, words) == ("harness", ["run", "--methods-path", "methods", "--methods", "base,mnrl,my_loss"])
    run = invoke(*words[:3], "--methods", "my_loss", "--langs", "ko", *CPU, "--max-train", "24", "--out", here / "out")
    assert run.status == 0, run.err
    record = read_json(here / "out/records/my_loss/ko/0.json")
    assert (record["status"], record["trained"]) == ("done", True)
    assert record["provenance"]["entry"]["equations"]["my_loss"].startswith("l_i = -log(")
    check_tests(shown(result.out, "test"), here)


def test_what_is_written_is_formatted_and_clean_under_ruff(here: Path) -> None:
    assert invoke("new", "method", "my_loss").status == 0
    assert invoke("new", "suite", "my-data").status == 0
    for command in (("check", "--select", "E,F,W,I,UP,B", "--line-length", "120"), ("format", "--diff")):
        checked = spawn(
            "-m", "ruff", *command, *(["--line-length", "120"] if command[0] == "format" else []), ".", cwd=here
        )
        assert checked.status == 0, checked.out + checked.err


def test_several_methods_share_a_folder_and_the_second_command_changes_nothing(here: Path) -> None:
    assert invoke("new", "method", "first", "--out", ".").status == 0
    assert invoke("new", "method", "second", "--out", ".").status == 0
    listed = spawn("-m", "harness", "run", "--methods-path", ".", "--methods", "first,second", "--dry-run", cwd=here)
    assert listed.status == 0, listed.err
    written = (here / "first.py").read_bytes()
    again = spawn("-m", "harness", "new", "method", "first", "--out", ".", cwd=here)
    assert (again.status, again.err) == (
        2,
        "harness: method 'first': there is a plugin of that name; choose another name\n",
    )
    assert (here / "first.py").read_bytes() == written


@pytest.mark.parametrize("name", ["My_Loss", "my-loss", "1st", "_loss", "class", "all", "", "a/b", "naïve", "x" * 64])
def test_a_name_that_no_module_has_is_refused(here: Path, name: str) -> None:
    result = invoke("new", "method", name)
    assert result.status == 2
    assert result.line.startswith(f"harness: method '{name}': a name is that of a Python module: ")
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(("name", "what"), [("clpl", "a plugin"), ("moe", "a plugin"), ("base", "an entry")])
def test_a_name_that_is_taken_is_refused(here: Path, name: str, what: str) -> None:
    result = invoke("new", "method", name)
    assert (result.status, result.line) == (
        2,
        f"harness: method '{name}': there is {what} of that name; choose another name",
    )
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("name", ["torch", "json", "harness", "methods", "tests", "conftest"])
def test_a_name_that_another_module_has_is_refused(here: Path, name: str) -> None:
    result = invoke("new", "method", name, "--out", ".")
    assert (result.status, result.out) == (2, "")
    assert result.line.startswith(f"harness: method '{name}': there is another module of that name")
    assert list(here.iterdir()) == []


def test_a_file_that_exists_is_left_and_nothing_is_written(here: Path) -> None:
    (here / "methods/tests").mkdir(parents=True)
    (here / "methods/tests/test_mine.py").write_text("kept")
    result = invoke("new", "method", "mine")
    assert (result.status, result.line) == (
        2,
        "harness: methods/tests/test_mine.py exists; choose another name, or another folder with --out",
    )
    assert (here / "methods/tests/test_mine.py").read_text() == "kept"
    assert not (here / "methods/mine.py").exists()


def test_the_folder_of_the_installed_methods_is_refused() -> None:
    import methods

    (folder,) = methods.__path__
    result = invoke("new", "method", "mine", "--out", folder)
    assert (result.status, result.line) == (
        2,
        f"harness: {folder} is a folder of installed methods, and its names are taken; name another with --out, "
        "such as --out my_methods",
    )
    assert not (Path(folder) / "mine.py").exists()


@pytest.mark.parametrize("out", ["file", "file/below"])
@pytest.mark.parametrize("kind", ["method", "suite"])
def test_a_file_in_the_place_of_the_folder_is_one_line(here: Path, kind: str, out: str) -> None:
    (here / "file").write_text("kept")
    result = invoke("new", kind, "mine", "--out", out)
    assert (result.status, result.line) == (2, "harness: file is not a folder; name a new one with --out")
    assert (here / "file").read_text() == "kept"


def test_a_file_of_the_suites_name_is_one_line(here: Path) -> None:
    (here / "mine").write_text("kept")
    result = invoke("new", "suite", "mine")
    assert (result.status, result.line) == (2, "harness: mine is not a folder; name a new one with --out")


@pytest.mark.parametrize("kind", ["method", "suite"])
def test_a_folder_that_cannot_be_made_is_one_line(kind: str) -> None:
    result = invoke("new", kind, "mine", "--out", "/proc/below")
    assert result.status == 2
    assert "cannot be written: No such file or directory; choose another --out" in result.line


def test_the_suite_runs_as_written_and_its_test_passes(here: Path) -> None:
    result = invoke("new", "suite", "my-data")
    assert (result.status, result.err) == (0, "")
    assert [line for line in result.out.splitlines() if line.startswith("wrote")] == [
        *("wrote my-data/my-data.toml", "wrote my-data/corpus.jsonl", "wrote my-data/queries.jsonl"),
        *("wrote my-data/qrels/train.tsv", "wrote my-data/qrels/test.tsv", "wrote my-data/test_my_data.py"),
    ]
    harness, *words = shown(result.out, "next")
    run = invoke(*words, *CPU, "--out", here / "out")
    assert (harness, run.status) == ("harness", 0), run.err
    for entry in ("base", "bm25", "mnrl"):
        record = read_json(here / f"out/records/{entry}/en/0.json")
        assert (record["suite"], record["status"], record["n_queries"]) == ("my-data", "done", 2)
    check_tests(shown(result.out, "test"), here)


def test_the_manifest_is_what_suite_init_writes_for_the_same_data(here: Path) -> None:
    assert invoke("new", "suite", "my-data", "--out", "first").status == 0
    written = (here / "first/my-data.toml").read_text(encoding="utf-8")
    (here / "first").rename(here / "my-data")
    (here / "my-data/my-data.toml").unlink()
    assert invoke("suite", "init", "my-data").status == 0
    again = (here / "my-data/my-data.toml").read_text(encoding="utf-8")
    assert again == written.replace("Data of the folder first", "Data of the folder my-data")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("My Data", "suite 'My Data': a name has lower-case letters, digits and '-', and begins with a letter; "),
        ("mini", "suite 'mini': there is a bundled suite of that name; choose another name"),
        ("full", "full is not an empty folder; name another with --out, or run `harness suite init full` for data "),
    ],
)
def test_a_suite_that_cannot_be_made_is_one_line(here: Path, name: str, why: str) -> None:
    (here / "full").mkdir()
    (here / "full/kept.txt").write_text("kept")
    result = invoke("new", "suite", name)
    assert (result.status, result.line.startswith(f"harness: {why}")) == (2, True), result.line
    assert sorted(path.name for path in here.rglob("*")) == ["full", "kept.txt"]

"""The command line: exit statuses, and one line and no output for whatever is wrong."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
from support.commands import DATA, REPOSITORY, invoke, read_json, spawn, tiny_suite, write_plugin

from harness.machine.bundled import manifests

MINI = manifests() / "mini.toml"


def refused(out: Path, *arguments: str | Path) -> str:
    """Return the one line of a run that is refused; fails where anything was written to `out`."""
    result = invoke("run", "--out", out, *arguments)
    assert result.status == 2
    assert result.out == ""
    assert not out.exists()
    assert result.line.startswith("harness: ")
    return result.line.removeprefix("harness: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--methods", "base,cplp"], "unknown method 'cplp'; did you mean 'clpl'? Available: all, base,"),
        (["--suite", "mni"], "unknown suite 'mni'; did you mean 'mini'? Available: "),
        (["--suite", "nowhere/mine.toml"], "--suite nowhere/mine.toml: no such file; correct the path of the manifest"),
        (["--suite", "./mini"], "--suite ./mini: no such file; did you mean the bundled suite 'mini'?"),
        (
            ["--suite", str(MINI.with_name("mimi.toml"))],
            f"--suite {MINI.with_name('mimi.toml')}: no such file; did you",
        ),
        (["--langs", "ko,hj"], "unknown language 'hj' in suite mini; did you mean 'hi'? Available: fa, hi, ko"),
        (["--measures", "nDCG@10,nDGC"], "measure 'nDGC' is not one that ir_measures knows"),
        (
            ["--set", "clpl.penalty=1"],
            "--set clpl.penalty=1: unknown setting 'penalty' in clpl; did you mean 'penalty_weight",
        ),
        (["--set", "train.epoch=1"], "unknown setting 'epoch' in train; did you mean 'epochs'? Available: "),
        (["--set", "cplp.penalty_weight=1"], "unknown setting 'cplp' in --set; did you mean 'clpl'? Available: "),
        (["--seeds", "0,1,0"], "seed 0 is given twice; give each seed once"),
        (["--seeds", "0,one"], "--seeds 0,one: seeds are comma-separated integers"),
        (["--seeds", "0,1.5"], "--seeds 0,1.5: seeds are comma-separated integers"),
        (["--seeds", ","], "--seeds: the list is empty"),
        (["--seeds=-1"], "seed -1 is negative"),
        (["--max-train", "0"], "--max-train 0 is not a positive number of queries"),
        (["--data-dir", "nowhere"], "--data-dir nowhere is not a folder"),
        (["--methods-path", "nowhere"], "--methods-path "),
        (
            ["--base-model", "nobody/nothing"],
            "base model 'nobody/nothing' is neither a folder nor found",
        ),
        (
            ["--base-model", "nobody/nothing@main"],
            "base model 'nobody/nothing' is neither a folder nor found",
        ),
        (
            ["--base-model", "/nowhere/at/all"],
            "base model '/nowhere/at/all' is neither a folder nor the ID of a hub model",
        ),
        (["--base-model", ""], "base model '' is neither a folder nor the ID of a hub model"),
        (["--cache-dir", ""], "Invalid value for '--cache-dir': the path is empty"),
        (["--measures", "nDCG@0"], "measure 'nDCG@0' has a cut-off below 1"),
        (["--jobs", "0"], "Invalid value for '--jobs'"),
        (["--executor", "lsf"], "Invalid value for '--executor'"),
        (["--epochs", "1"], "No such option: --epochs"),
    ],
)
def test_a_wrong_request_is_one_line_and_status_2(tmp_path: Path, arguments: list[str], message: str) -> None:
    assert refused(tmp_path / "out", *arguments).startswith(message)


def test_a_method_whose_needs_the_suite_does_not_offer_is_one_line(tmp_path: Path) -> None:
    line = refused(tmp_path / "out", "--suite", tiny_suite(tmp_path / "suite"), "--methods", "nli-simcse")
    assert line == "nli-simcse on suite tiny, en: no nli; leave the method out, or add nli to the suite's manifest"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[text]", "[text]\nbogus = 1", "text.bogus: unknown key"),
        ('path = "corpus.jsonl"', 'path = "../corpus.jsonl"', "path '../corpus.jsonl' leaves its folder"),
        ('sha256 = "', 'sha256 = "0', "files.0.sha256"),
        ("[mining]", "[mining", "is not valid TOML"),
        (
            "[training.ranking]",
            "[training.rank]",
            "tiny.toml: training.rank: unknown name; use 'ranking', 'regression' or 'nli'",
        ),
        ('reader = "beir"', 'reader = "bier"', "unknown reader 'bier'"),
        ("passages = 3", "passages = 2", "tiny.toml: passages = 2 stated, 3 found; restore the files, or write"),
    ],
)
def test_a_wrong_manifest_is_one_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    manifest = tiny_suite(tmp_path / "suite")
    text = manifest.read_text(encoding="utf-8")
    assert old in text
    manifest.write_text(text.replace(old, new, 1), encoding="utf-8")
    line = refused(tmp_path / "out", "--suite", manifest, "--methods", "bm25", "--data-dir", tmp_path / "suite")
    assert message in line


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("corpus.jsonl", DATA["corpus.jsonl"][:-20], "corpus.jsonl line 3: truncated or broken JSON"),
        ("train.tsv", DATA["train.tsv"][:-3], "train.tsv line 3"),
        ("queries.jsonl", DATA["queries.jsonl"] + b'{"_id": "q4", "text": "\xff"}\n', "queries.jsonl line 4: byte"),
        ("corpus.jsonl", DATA["corpus.jsonl"].replace(b"d3", b"d1"), "duplicate document id 'd1'"),
        ("queries.jsonl", DATA["queries.jsonl"].replace(b"q3", b"q1"), "duplicate query id 'q1'"),
        ("dev.tsv", DATA["dev.tsv"].replace(b"q3", b"q9"), "judgment of unknown query 'q9'"),
        ("dev.tsv", DATA["dev.tsv"].replace(b"d3", b"d9"), "corpus lacks: 1 (first: 'd9', judged for query 'q3')"),
        ("corpus.jsonl", b"", "files.0.bytes: must be greater than 0, not 0"),
        ("dev.tsv", b"query-id\tcorpus-id\tscore\n", "dev.tsv: holds no judgment"),
        ("queries.jsonl", DATA["queries.jsonl"].replace(b"which food is a grain", b" "), "query 'q3': empty text"),
    ],
)
def test_wrong_data_are_one_line_with_file_and_line(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    assert content != DATA[name]
    manifest = tiny_suite(tmp_path / "suite", {name: content})
    line = refused(tmp_path / "out", "--suite", manifest, "--methods", "bm25", "--data-dir", tmp_path / "suite")
    assert message in line


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("queries.jsonl", b"which drink is made from beans", b"which  food is a grain"),
        ("train.tsv", b"q2\td2", b"q3\td3"),
    ],
)
def test_a_dev_query_is_left_out_of_training_under_any_id_and_counted(
    tmp_path: Path, name: str, old: bytes, new: bytes
) -> None:
    manifest = tiny_suite(tmp_path / "suite", {name: DATA[name].replace(old, new)})
    assert invoke("run", "--suite", manifest, "--methods", "bm25", "--out", tmp_path / "out").status == 0
    provenance = read_json(tmp_path / "out/records/bm25/en/0.json")["provenance"]
    assert provenance["data"]["train_queries"] == 1
    assert provenance["rows"]["training queries with the text of a dev query"] == 1


def test_a_data_file_with_another_hash_than_the_manifest_says_is_one_line(tmp_path: Path) -> None:
    manifest = tiny_suite(tmp_path / "suite")
    corpus = tmp_path / "suite/corpus.jsonl"
    corpus.write_bytes(DATA["corpus.jsonl"].replace(b"grain", b"plant"))
    folders = ("--data-dir", tmp_path / "suite", "--cache-dir", tmp_path / "cache")
    line = refused(tmp_path / "out", "--suite", manifest, "--methods", "bm25", *folders)
    assert line.startswith(f"data file {corpus} is damaged: expected sha256 ")


def test_a_dry_run_refuses_what_the_run_would_and_keeps_nothing(tmp_path: Path) -> None:
    manifest = tiny_suite(tmp_path / "suite")
    (tmp_path / "suite/corpus.jsonl").write_bytes(DATA["corpus.jsonl"].replace(b"grain", b"plant"))
    folders = ("--data-dir", tmp_path / "suite", "--out", tmp_path / "out", "--cache-dir", tmp_path / "cache")
    request = ("run", "--suite", manifest, "--methods", "bm25", *folders)
    dry = invoke(*request, "--dry-run")
    assert not (tmp_path / "cache" / "prepare").exists()
    assert not (tmp_path / "out").exists()
    real = invoke(*request)
    assert (dry.status, dry.line) == (real.status, real.line)
    assert real.status == 2
    assert "1 of 1 cells to run" in dry.out


def test_an_edited_data_file_is_noticed_where_its_prepared_form_is_cached(tmp_path: Path) -> None:
    manifest, corpus = tiny_suite(tmp_path / "suite"), tmp_path / "suite/corpus.jsonl"
    folders = ("--data-dir", tmp_path / "suite", "--cache-dir", tmp_path / "cache")
    assert invoke("run", "--out", tmp_path / "first", "--suite", manifest, "--methods", "bm25", *folders).status == 0
    corpus.write_bytes(DATA["corpus.jsonl"].replace(b"grain", b"plant"))
    line = refused(tmp_path / "out", "--suite", manifest, "--methods", "bm25", *folders)
    assert line.startswith(f"data file {corpus} is damaged: expected sha256 ")
    corpus.unlink()  # what is missing is in the cache
    assert invoke("run", "--out", tmp_path / "again", "--suite", manifest, "--methods", "bm25", *folders).status == 0


def test_the_same_small_suite_without_an_error_is_run(tmp_path: Path) -> None:
    arguments = ("--suite", tiny_suite(tmp_path / "suite"), "--methods", "bm25", "--data-dir", tmp_path / "suite")
    result = invoke("run", "--out", tmp_path / "out", *arguments)
    assert result.status == 0, result.err
    record = json.loads((tmp_path / "out/records/bm25/en/0.json").read_text(encoding="utf-8"))
    assert record["measures"] == {"nDCG@10": 1.0}


def test_an_output_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    assert "cannot be written" in refused(tmp_path / "file" / "out", "--methods", "bm25", "--langs", "ko")
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


def test_an_output_folder_with_other_files_is_one_line_and_keeps_them(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years", encoding="utf-8")
    result = invoke("run", "--methods", "bm25", "--langs", "ko", "--out", tmp_path)
    assert result.status == 2
    assert result.line.endswith("is not an empty folder and has no run.json; name another one after --out")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_an_output_folder_that_is_a_file_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    result = invoke("run", "--methods", "bm25", "--langs", "ko", "--out", tmp_path / "file")
    assert result.status == 2
    assert result.line == f"harness: {tmp_path}/file is a file, not a folder; name a folder after --out"
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


def test_what_a_folder_keeps_of_its_request_is_said_before_anything_else(tmp_path: Path) -> None:
    suite = tiny_suite(tmp_path / "suite")
    given = ("--suite", suite, "--methods", "bm25", "--seeds", "4,5", "--data-dir", tmp_path / "suite")
    first, again = (invoke("run", *given, "--out", tmp_path / "out") for _ in range(2))
    assert (first.status, again.status) == (0, 0), first.err + again.err
    assert "as in" not in first.err + again.err
    options = f"--suite {suite}, --methods bm25, --seeds 4,5, --data-dir {tmp_path}/suite"
    for more in ((), ("--dry-run",)):
        line = invoke("run", "--out", tmp_path / "out", *more).err.splitlines()[0]
        assert line == (
            f"as in {tmp_path}/out/run.json: {options}; --methods, --langs, --seeds and named base models add to it, "
            "for other values name another --out"
        )
    assert json.loads((tmp_path / "out/run.json").read_text(encoding="utf-8"))["request"]["seeds"] == [4, 5]


def test_a_cache_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    line = refused(tmp_path / "out", "--methods", "bm25", "--langs", "ko", "--cache-dir", tmp_path / "file" / "cache")
    assert line.startswith(f"cache folder {tmp_path}/file/cache cannot be written")


def test_a_folder_that_is_not_a_base_model_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    line = refused(tmp_path / "out", "--methods", "base", "--langs", "ko", "--base-model", tmp_path / "model")
    assert line.endswith("is not a sentence-transformers folder: modules.json is missing")


def test_a_base_model_that_does_not_load_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model/modules.json").write_text("[{", encoding="utf-8")
    arguments = ("run", "--methods", "base", "--langs", "ko", "--base-model", str(tmp_path / "model"), "--out", "out")
    result = spawn("-m", "harness", *arguments, cwd=tmp_path)
    assert result.status == 2
    assert f"harness: base model {tmp_path}/model does not load: " in result.line
    assert not (tmp_path / "out").exists()


def test_ray_that_is_not_installed_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *paths: None if name == "ray" else find(name, *paths))
    line = refused(tmp_path / "out", "--methods", "bm25", "--langs", "ko", "--executor", "ray")
    assert line == "--executor ray: ray is not installed; pip install 'harness-embeddings[ray]'"


def test_a_plugin_that_cannot_be_imported_is_one_line(tmp_path: Path) -> None:
    write_plugin(tmp_path / "methods", "mine", "import no_such_module")
    line = refused(tmp_path / "out", "--methods", "mine", "--methods-path", tmp_path / "methods")
    assert "fails when it is imported: ModuleNotFoundError" in line


def test_a_plugin_that_exits_when_it_is_imported_is_one_line(tmp_path: Path) -> None:
    write_plugin(tmp_path / "methods", "mine", "raise SystemExit(5)")
    line = refused(tmp_path / "out", "--methods", "mine", "--methods-path", tmp_path / "methods")
    assert "fails when it is imported: SystemExit: 5" in line


def test_an_entry_that_names_a_method_as_an_adapter_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('[mine]\ntitle = "t"\nabout = "a"\nmethod = "mnrl"\nadapters = ["mnrl"]\n')
    line = refused(tmp_path / "out", "--methods", "mine", "--methods-path", tmp_path)
    assert line == "entry 'mine': adapters names 'mnrl', which is not an adapter"


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["list", "suites", "--methods-path", "."], "--methods-path does not apply to `harness list suites`"),
        (["list", "methods", "--suite", "mini"], "--suite does not apply to `harness list methods`"),
        (["report", ".", "--index", "--no-texts"], "--texts or --no-texts"),
        (["report", ".", "--index", "--format", "csv"], "--format"),
        (["report", ".", "--index", "--data-dir", "."], "--data-dir"),
    ],
)
def test_an_option_that_would_be_ignored_is_rejected(arguments: list[str], option: str) -> None:
    result = invoke(*arguments)
    assert result.status == 2
    assert option in result.line


def test_an_output_that_cannot_hold_a_letter_is_no_failure() -> None:
    folders = ("results/wikiqa-experts", "results/wikiqa-penalty")
    result = spawn("-m", "harness", "compare", *folders, cwd=REPOSITORY, PYTHONIOENCODING="ascii")
    assert (result.status, result.err) == (0, "")
    assert "nDCG@10 ? 100" in result.out


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["list", "methods"], ["list", "suites"]])
def test_help_and_lists_have_status_0(arguments: list[str]) -> None:
    result = invoke(*arguments)
    assert (result.status, result.err) == (0, "")
    assert result.out


@pytest.mark.parametrize(
    ("arguments", "message"), [(["lsit"], "No such command 'lsit'"), (["list", "metods"], "Invalid")]
)
def test_an_unknown_command_is_one_line_and_status_2(arguments: list[str], message: str) -> None:
    result = invoke(*arguments)
    assert result.status == 2
    assert result.line.startswith(f"harness: {message}")


def test_the_methods_are_listed_with_their_recipes() -> None:
    lines = {line.split()[0]: line for line in invoke("list", "methods").out.splitlines()}
    assert len(lines) == 14 + 14  # practices, ablations, and the authors' checkpoints
    assert lines["clpl"].endswith("(also @published)")
    assert not lines["mnrl"].endswith("(also @published)")


def test_nothing_measured_has_status_3(tmp_path: Path) -> None:
    result = invoke("report", tmp_path)
    assert result.status == 3
    assert result.line.startswith(f"harness: no records below {tmp_path}/records")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["list", "methods"], ["list", "suites"]])
def test_help_and_lists_import_no_heavy_library(arguments: list[str]) -> None:
    heavy = ["beir", "datasets", "ir_datasets", "mteb", "pandas", "ray", "scipy", "sentence_transformers", "torch"]
    script = (
        "import sys\nfrom harness.cli.main import main\n"
        f"status = main({arguments!r})\nprint('loaded', [name for name in {heavy!r} if name in sys.modules])\n"
        "sys.exit(status)"
    )
    result = spawn("-c", script, cwd=REPOSITORY)
    assert (result.status, result.err) == (0, "")
    assert result.out.splitlines()[-1] == "loaded []"


def test_the_module_runs_the_command(tmp_path: Path) -> None:
    result = spawn("-m", "harness", "run", "--methods", "cplp", cwd=tmp_path)
    assert (result.status, result.out) == (2, "")
    assert result.line.startswith("harness: unknown method 'cplp'; did you mean 'clpl'?")
    assert list(tmp_path.iterdir()) == []

"""Forgeries of a result folder, each with a SHA256SUMS made to fit, and by what `harness verify` names it.

The folder is that of `forged_run`: ko of `mini` with MTEB tasks, entries of every kind, and one failed cell.
FILES change what a report shows. RECORDS change what a cell left, and the report is written again from it. RERUN do the
same without any contradiction in the folder: only a rerun of the cell can tell.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.commands import invoke

from harness.keys import file_sha256
from harness.results import checksums, ranking_file
from harness.results import record as records
from harness.types import Scores

Change = Callable[[Path], None]
Table = dict[str, Any]


@dataclass(frozen=True)
class Forgery:
    """One forgery: what is changed, how, and a text of the line that names it; `cell` is the one to rerun."""

    what: str
    change: Change
    named: str
    cell: str = ""


def seal(folder: Path) -> None:
    """Make SHA256SUMS fit the folder as it is."""
    (folder / checksums.SUMS).unlink(missing_ok=True)
    checksums.seal(folder)


def report(folder: Path) -> None:
    """Write tables and pages again from the records as they are; they stay as they were if no report can be written."""
    invoke("report", folder)


def digit(name: str, pattern: str) -> Change:
    """Return a change of the last digit of the number that is the first group of a pattern."""

    def change(folder: Path) -> None:
        path = folder / name
        text = path.read_text(encoding="utf-8")
        match = re.search(pattern, text, re.DOTALL)
        assert match, f"{name} has no {pattern}"
        last = match.end(1) - 1
        path.write_text(f"{text[:last]}{(int(text[last]) + 1) % 10}{text[last + 1 :]}", encoding="utf-8")

    return change


def replaced(name: str, old: str, new: str) -> Change:
    """Return a change of the first place of a text."""

    def change(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text, f"{name} has no {old!r}"
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def verdict(folder: Path) -> None:
    """Give the first row of the leaderboard a verdict."""
    path = folder / "leaderboard.csv"
    lines = path.read_text(encoding="utf-8").split("\n")
    path.write_text("\n".join([lines[0], f"{lines[1]}reproduced", *lines[2:]]), encoding="utf-8")


def dropped_row(folder: Path) -> None:
    path = folder / "leaderboard.csv"
    lines = path.read_text(encoding="utf-8").split("\n")
    path.write_text("\n".join(lines[:-2] + lines[-1:]), encoding="utf-8")


def other_version(folder: Path) -> None:
    """Change a number, and let report.json say that another version wrote it."""
    digit("leaderboard.csv", r"mnrl-cv,ko,nDCG@10,(\d\.\d\d\d)")(folder)
    path = folder / "report.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    for settings in content.values():
        settings["generator"]["sources"] = "0" * 64
    path.write_text(json.dumps(content), encoding="utf-8")


def edited(cell: str, change: Callable[[Table], None]) -> Change:
    """Return a change of a record, with the report written again from it."""

    def edit(folder: Path) -> None:
        path = folder / f"records/{cell}.json"
        content = json.loads(path.read_text(encoding="utf-8"))
        change(content)
        for suffix in content["files"]:
            content["files"][suffix] = file_sha256(path.with_name(f"{path.stem}.{suffix}"))
        path.write_text(json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1) + "\n", encoding="utf-8")
        report(folder)

    return edit


def put(*place: str | int, value: Callable[[Any], Any]) -> Callable[[Table], None]:
    """Return a change of one value of a record."""

    def change(content: Table) -> None:
        table: Any = content
        for name in place[:-1]:
            table = table[name]
        table[place[-1]] = value(table[place[-1]])

    return change


def more(value: float) -> float:
    return value + 0.02


def scores_raised(folder: Path) -> None:
    """Raise one query's score, its record's means and hashes too."""
    path = folder / "records/bm25/ko/0.json"
    scores = _scores(folder)
    query = min(scores["nDCG@10"], key=scores["nDCG@10"].__getitem__)
    scores["nDCG@10"][query] = 1.0
    records.rewrite(folder, records.read(path).model_copy(update={"measures": _means(scores)}), scores)
    report(folder)


def ranking_changed(folder: Path) -> None:
    """Swap the first two passages of every query of a run."""
    path = folder / "records/bm25/ko/0.json"
    ranking = _ranking(folder)
    swapped = {
        query: [(second, high), (first, low), *rest] for query, ((first, high), (second, low), *rest) in ranking.items()
    }
    records.write(folder, records.read(path), _scores(folder), swapped)
    report(folder)


def ranking_and_scores_raised(folder: Path) -> None:
    """Put the relevant passage of every query first, with the scores that this ranking has."""
    from harness.machine.store import Store, default_root
    from harness.request import suite
    from harness.request.cell import Place
    from harness.stages.prepare import prepare
    from harness.stages.score import score

    place = Place(default_root())
    data = prepare(suite.load("mini"), "ko", place, Store(place.cache))
    path = folder / "records/bm25/ko/0.json"
    ranking = {}
    for query, rows in _ranking(folder).items():
        docs = sorted((doc for doc, _ in rows), key=lambda doc, query=query: -data.dev[query].get(doc, 0))
        ranking[query] = [(doc, value) for doc, (_, value) in zip(docs, rows, strict=True)]
    record = records.read(path)
    scores = score(ranking, data.dev, tuple(record.measures))
    records.write(folder, record.model_copy(update={"measures": _means(scores)}), scores, ranking)
    report(folder)


def _ranking(folder: Path) -> dict[str, list[tuple[str, float]]]:
    run = ranking_file.read_run(folder / "records/bm25/ko/0.run.gz")
    return {query: list(rows.items()) for query, rows in run.items()}


def _scores(folder: Path) -> dict[str, dict[str, float]]:
    from harness.results.per_query import Reader

    return Reader(folder).read(records.read(folder / "records/bm25/ko/0.json")).by_measure()


def _means(scores: Scores) -> dict[str, float]:
    return {measure: sum(values.values()) / len(values) for measure, values in scores.items()}


def without_seed(folder: Path) -> None:
    for path in (folder / "records/mnrl-cv/ko").glob("1.*"):
        path.unlink()
    report(folder)


def without_failure(folder: Path) -> None:
    (folder / "records/mnrl/ko/0.json").unlink()
    report(folder)


def renamed_entry(folder: Path) -> None:
    """Call an entry otherwise, in its records and in their folder."""
    (folder / "records/soft-1").rename(folder / "records/mine")
    for path in (folder / "records/mine").rglob("*.json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({**content, "entry": "mine"}), encoding="utf-8")
    report(folder)


def renamed_page(folder: Path) -> None:
    (folder / "entries/bm25.html").rename(folder / "entries/mine.html")


def other_suite(folder: Path) -> None:
    path = folder / "run.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["suite"]["training"]["ranking"]["epochs"] = 30
    path.write_text(json.dumps(content), encoding="utf-8")
    report(folder)


PAGE = "leaderboard.html"
FILES = (
    Forgery(
        "mean in leaderboard.csv",
        digit("leaderboard.csv", r"bm25,ko,nDCG@10,(\d\.\d+)"),
        "row mini/bm25/ko/nDCG@10, mean is",
    ),
    Forgery("bound in leaderboard.csv", digit("leaderboard.csv", r"bm25,ko,nDCG@10,\d\.\d+,(\d\.\d+)"), "ci_low is"),
    Forgery(
        "p in leaderboard.csv", digit("leaderboard.csv", r"mnrl-cv,ko,nDCG@10,[^\n]*,([\d.]+),\n"), "p_adjusted is"
    ),
    Forgery("verdict in leaderboard.csv", verdict, "verdict is 'reproduced'"),
    Forgery("row dropped from leaderboard.csv", dropped_row, "leaderboard.csv: row"),
    Forgery("number in a file said to be of another version", other_version, "mean is"),
    Forgery("leaderboard.md", digit("leaderboard.md", r"(\d\d\.\d\d) "), "leaderboard.md: line"),
    Forgery("leaderboard.tex", digit("leaderboard.tex", r"(\d\d\.\d\d)"), "leaderboard.tex: line"),
    Forgery("leaderboard.json", digit("leaderboard.json", r'"mean": (\d\.\d+)'), "leaderboard.json: "),
    Forgery("table of the page", digit(PAGE, r"<td[^>]*>.*?(\d\d\.\d\d)"), f"{PAGE}: line"),
    Forgery(
        "figure of the page",
        digit(PAGE, r'<svg class="drawn".*?<(?:circle|path|rect|line)[^>]*?="[^"]*?(\d+\.\d+)'),
        f"{PAGE}: line",
    ),
    Forgery("data of the page's script", digit(PAGE, r'"scores":.*?(\d\.\d+)'), f"{PAGE}: line"),
    Forgery("evidence.csv", digit("evidence.csv", r"mnrl-cv,ko,nDCG@10,[^\n]*?(\d\.\d+)"), "evidence.csv: row"),
    Forgery("claims.csv", replaced("claims.csv", "not comparable", "reproduced"), "claims.csv: row"),
    Forgery("geometry.csv", digit("geometry.csv", r"mnrl-cv,ko,0,uniformity,-?\d\.\d+,(-?\d\.\d+)"), "after is"),
    Forgery("tasks.csv", digit("tasks.csv", r"KLUE-STS[^\n]*?(\d\.\d+)"), "tasks.csv: row"),
    Forgery("signatures.csv", digit("signatures.csv", r"queries:(\d+)"), "signature is"),
    Forgery(
        "page of an entry", digit("entries/mnrl-cv.html", r"<td[^>]*>[^<]*?(\d\d\.\d\d)"), "entries/mnrl-cv.html: line"
    ),
    Forgery(
        "cell on the page of an entry",
        digit("entries/mnrl-cv.html", r'id="ko-1".*?(\d\d\.\d\d)'),
        "entries/mnrl-cv.html: line",
    ),
    Forgery(
        "score on the page of queries", digit("queries/ko.html", r'"scores":\s*\[(\d\.?\d*)'), "queries/ko.html: line"
    ),
    Forgery(
        "text on the page of queries", replaced("queries/ko.html", '"text":"', '"text":"x'), "queries/ko.html: line"
    ),
    Forgery("page of an entry renamed", renamed_page, "entries/mine.html: no report"),
    Forgery("table deleted", lambda folder: (folder / "leaderboard.tex").unlink(), "leaderboard.tex: missing"),
)
RECORDS = (
    Forgery("mean in a record", edited("bm25/ko/0", put("measures", "nDCG@10", value=lambda _: 0.9)), "its record 0.9"),
    Forgery("number of queries", edited("bm25/ko/0", put("n_queries", value=lambda n: n + 1)), "names 257 queries"),
    Forgery("score of one query", scores_raised, "not those of the stored ranking"),
    Forgery("ranking", ranking_changed, "not those of the stored ranking"),
    Forgery(
        "depth of the search",
        edited("bm25/ko/0", put("provenance", "evaluation", "depth", value=lambda _: 50)),
        "evaluation.depth 100 → 50",
    ),
    Forgery(
        "prompt",
        edited("base/ko/0", put("provenance", "text", "query_prompt", value=lambda _: "query: ")),
        "text.query_prompt",
    ),
    Forgery(
        "setting of an entry",
        edited("mnrl-cv/ko/0", put("provenance", "entry", "mining_rounds", value=lambda _: 2)),
        "entry.mining_rounds 1 → 2",
    ),
    Forgery(
        "base model",
        edited("base/ko/0", put("provenance", "base_model", "layers", value=lambda _: 12)),
        "base_model.layers 2 → 12",
    ),
    Forgery(
        "digest of the judgments",
        edited("bm25/ko/0", put("provenance", "data", "digests", "dev", value=lambda _: "0" * 64)),
        "dev",
    ),
    Forgery(
        "digest of the training rows",
        edited("bm25/ko/0", put("provenance", "data", "digests", "train", value=lambda _: "0" * 64)),
        "data digest of train",
    ),
    Forgery("suite in run.json", other_suite, "run.json: suite_digest is not that of its suite"),
    Forgery("seed dropped", without_seed, "records/mnrl-cv/ko/1.json: requested"),
    Forgery("failure deleted", without_failure, "records/mnrl/ko/0.json: requested"),
    Forgery("entry renamed", renamed_entry, "requests no entry of this name"),
    Forgery(
        "geometry before training",
        edited("mnrl-cv/ko/0", put("geometry", "before", "uniformity", value=more)),
        "geometry before training differs",
    ),
    Forgery(
        "geometry of an untrained entry",
        edited("base/ko/0", put("geometry", "after", "uniformity", value=more)),
        "geometry changed, and nothing was trained",
    ),
    Forgery(
        "mean of folds",
        edited("mnrl-cv/ko/0", put("cross_validation", "measures", "nDCG@10", "mean", value=more)),
        "cross_validation: the mean of nDCG@10",
    ),
    Forgery(
        "main score of a task",
        edited("base/ko/0", put("tasks", "KLUE-STS", "value", value=more)),
        "the value of KLUE-STS is not its",
    ),
)


def task(content: Table) -> None:
    """Invent a score of a task, consistently."""
    sts = content["tasks"]["KLUE-STS"]
    sts["value"] += 0.02
    sts["scores"][sts["main_score"]] = sts["value"]


def folds(content: Table) -> None:
    """Raise the score of every fold, and their mean."""
    table = content["cross_validation"]["measures"]["nDCG@10"]
    table["per_fold"] = [value + 0.02 for value in table["per_fold"]]
    table["mean"] = sum(table["per_fold"]) / len(table["per_fold"])


def rerun(what: str, cell: str, change: Callable[[Table], None], named: str) -> Forgery:
    return Forgery(what, edited(cell, change), named, cell)


TRAINING = ("provenance", "training")
RERUN = (
    (
        rerun("score of an MTEB task", "base/ko/0", task, "tasks.KLUE-STS.value"),
        rerun(
            "geometry after training",
            "mnrl-cv/ko/0",
            put("geometry", "after", "alignment", value=more),
            "geometry.after.alignment",
        ),
        rerun("cross-validation", "mnrl-cv/ko/1", folds, "cross_validation.measures.nDCG@10.mean"),
        rerun(
            "scores of cut vectors",
            "mnrl-matryoshka/ko/0",
            put("by_dimension", "16", "nDCG@10", value=more),
            "by_dimension.16.nDCG@10",
        ),
        rerun(
            "losses",
            "mnrl-matryoshka/ko/1",
            put(*TRAINING, "losses", value=lambda losses: [loss / 2 for loss in losses]),
            "training.losses",
        ),
        rerun("agreement of experts", "soft-1/ko/0", put("agreement", "W", value=more), "agreement.W"),
        rerun(
            "rows seen",
            "soft-1/ko/1",
            put(*TRAINING, "rows_seen", "soft_labels", value=lambda rows: rows * 2),
            "training.rows_seen",
        ),
        Forgery("ranking with its scores", ranking_and_scores_raised, "the mean of", "bm25/ko/0"),
    ),
    (
        rerun(
            "hash of the base model",
            "base/ko/0",
            put("provenance", "base_model_sha256", value=lambda _: "0" * 64),
            "base_model_sha256",
        ),
        rerun(
            "training steps", "mnrl-cv/ko/0", put(*TRAINING, "steps", value=lambda steps: steps * 2), "training.steps"
        ),
        rerun(
            "hash of the weights",
            "mnrl-cv/ko/1",
            put("provenance", "model", "weights", value=lambda old: dict.fromkeys(old, "0" * 64)),
            "weights",
        ),
        rerun(
            "precision of training",
            "soft-1/ko/0",
            put("provenance", "computation", "train_dtype", value=lambda _: "bfloat16"),
            "computation.train_dtype",
        ),
    ),
)

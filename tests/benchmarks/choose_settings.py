"""Choose a suite's training settings on held-out training queries, never on dev.

    python tests/benchmarks/choose_settings.py mini --holdout 0.25 --out results/settings/mini.csv \
        --entry mnrl train.learning_rate=1e-3,2e-3 train.epochs=2,3

A quarter of the training queries is held out and evaluated instead of dev (`evaluation.holdout`). Every combination of
the values runs for every language with one seed. Prints, and appends to the CSV: nDCG@10 and its gain over the untuned
base per language, their mean, and the mean seconds per cell. A combination that is in the CSV is not run again.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import tempfile
from pathlib import Path
from typing import Any

from harness.execution.local import LocalExecutor
from harness.machine.store import default_root
from harness.request import entries
from harness.request.cell import Cell, Place
from harness.request.overrides import override
from harness.request.settings import on_suite
from harness.request.suite import Suite, load
from harness.results import record
from harness.stages.base_override import with_base_model
from harness.stages.model_prompts import with_model_prompts


def cells_of(suite: Suite, entry: str, settings: list[str], place: Place) -> list[Cell]:
    """Return one cell per language for one combination of settings."""
    rows = [on_suite(row, suite) for row in entries.resolve([entry], entries.declared())]
    suite, rows = override(settings, suite, rows)
    return [Cell(suite, row, language, 0, place) for row in rows for language in suite.languages]


def effective(cell: Cell) -> str:
    """Return every setting of a training, so that a row can be read without the manifest of its day."""
    plugin = {
        f"{name}.{field}": value for name, fields in cell.entry.settings.items() for field, value in fields.items()
    }
    training = {f"train.{field}": value for field, value in cell.training.model_dump().items() if value is not None}
    return " ".join(f"{name}={value}" for name, value in {**plugin, **training}.items())


def measure(cells: list[Cell], jobs: int) -> tuple[dict[str, float], float]:
    """Return language → nDCG@10, and the mean seconds per cell."""
    with tempfile.TemporaryDirectory() as folder:
        outcomes = list(LocalExecutor(jobs).run(cells, Path(folder), lambda *_: None))
        for outcome in outcomes:
            if outcome.reason:
                raise SystemExit(f"{outcome.cell}: {outcome.reason}")
        scores = {result.language: result.measures["nDCG@10"] for result in record.read_all(Path(folder))}
    return scores, sum(outcome.seconds for outcome in outcomes) / len(outcomes)


def main() -> None:
    """Run the grid."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite")
    parser.add_argument("--entry", required=True)
    parser.add_argument("--holdout", type=float, default=0.25)
    parser.add_argument("--max-train", type=int)
    parser.add_argument("--base-model", help="a folder, or HUB_ID[@REVISION], in place of the suite's")
    parser.add_argument("--langs", help="of the suite's languages, separated by commas")
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("grid", nargs="*", metavar="NAME.FIELD=V1,V2")
    options = parser.parse_intermixed_args()
    suite = load(options.suite)
    if options.base_model:
        suite = with_model_prompts(with_base_model(suite, options.base_model), given=True)
    languages = list(suite.languages)
    if options.langs:
        chosen = {name: suite.languages[name] for name in options.langs.split(",")}
        suite = suite.model_copy(update={"languages": chosen})
    evaluation = suite.evaluation.model_copy(update={"holdout": options.holdout})
    suite = suite.model_copy(update={"evaluation": evaluation, "max_train": options.max_train})
    place = Place(default_root(), options.data_dir)
    base, _ = measure(cells_of(suite, "base", [], place), options.jobs)
    axes = [
        [f"{axis.partition('=')[0]}={value}" for value in axis.partition("=")[2].split(",")] for axis in options.grid
    ]
    for settings in itertools.product(*axes):
        cells = cells_of(suite, options.entry, list(settings), place)
        if known(options.out, suite.name, options.entry, effective(cells[0]), list(suite.languages)):
            continue
        scores, seconds = measure(cells, options.jobs)
        row = [suite.name, options.entry, effective(cells[0])]
        row += [
            f"{scores[language]:.4f} {scores[language] - base[language]:+.4f}" if language in scores else ""
            for language in languages
        ]
        row += [f"{sum(scores.values()) / len(scores):.4f}", f"{seconds:.1f}"]
        print("\t".join(row), flush=True)
        if options.out:
            append(options.out, ["suite", "entry", "settings", *languages, "mean", "seconds"], row)


def known(path: Path | None, *wanted: Any) -> bool:
    """Return whether the CSV has a row of this suite, entry and settings with a score of every language."""
    if path is None or not path.exists():
        return False
    *name, languages = wanted
    with path.open(encoding="utf-8", newline="") as file:
        return any(
            [row["suite"], row["entry"], row["settings"]] == name and all(row[language] for language in languages)
            for row in csv.DictReader(file)
        )


def append(path: Path, header: list[str], row: list[str]) -> None:
    """Append a row to a CSV file, after the header if the file is new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if new:
            writer.writerow(header)
        writer.writerow(row)


if __name__ == "__main__":
    main()

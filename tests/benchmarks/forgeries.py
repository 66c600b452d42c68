"""Forgeries of shown numbers, each with hashes made to fit, and whether `harness verify` names them.

python tests/benchmarks/forgeries.py [--folder DIR]

Runs six entries in Korean on `mini` with MTEB tasks of a stand-in, forges copies of the folder (tests/support/
forgeries.py) and verifies each. Those that only a rerun can tell are made side by side, one in a cell. Prints
a table; exit status 1 if one is not named. DIR keeps the run between calls.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

ENTRIES = "base,bm25,mnrl,mnrl-cv,mnrl-matryoshka,soft-1"
Row = tuple[str, str, str]  # what was forged, how it was found, the line that names it ("" for none)


def finished(top: Path) -> Path:
    """Return the folder of the run below `top`, made if it is absent: its only cell of `mnrl` has failed."""
    from support import hub_standin
    from support.commands import invoke
    from support.fake_records import put_failed
    from support.forgeries import report, seal
    from support.suite_with_tasks import manifest

    folder = top / "run"
    if not (folder / "SHA256SUMS").is_file():
        if not (top / "hub").is_dir():
            hub_standin.fill(top / "hub")
        settings = ("--max-train", "40", "--set", "train.epochs=1")
        request = ("--suite", manifest(top), "--methods", ENTRIES, "--langs", "ko", "--seeds", "0,1", *settings)
        done = invoke("run", *request, "--device", "cpu", "--out", folder)
        assert done.status == 0, done.err
        for path in (folder / "records/mnrl/ko").iterdir():
            path.unlink()
        put_failed(folder, ("mnrl", "ko", 0), "killed", suite="mini")
        put_failed(folder, ("mnrl", "ko", 1), "killed", suite="mini")
    report(folder)  # by this version, where the run is kept from before
    seal(folder)
    return folder


def line_of(output: str, named: str) -> str:
    """Return the first line of an output that holds a text, "" if none does."""
    return next((line.lstrip("- ") for line in output.splitlines() if named in line.replace("\\", "")), "")


def without_rerun(folder: Path) -> Iterator[Row]:
    """Yield what became of the forgeries that the folder itself contradicts."""
    from support.commands import invoke
    from support.forgeries import FILES, RECORDS, seal

    for forgery in (*FILES, *RECORDS):
        with tempfile.TemporaryDirectory() as scratch:
            copy = Path(shutil.copytree(folder, Path(scratch) / "forged"))
            forgery.change(copy)
            seal(copy)
            done = invoke("verify", copy, "--tables-only")
        line = line_of(done.out, forgery.named) if done.status == 1 else ""
        yield forgery.what, "tables" if forgery in FILES else "records", line


def with_rerun(folder: Path) -> Iterator[Row]:
    """Yield what became of the forgeries that only a rerun can tell."""
    from support.commands import invoke
    from support.forgeries import RERUN, seal

    for together in RERUN:
        with tempfile.TemporaryDirectory() as scratch:
            copy = Path(shutil.copytree(folder, Path(scratch) / "forged"))
            for forgery in together:
                forgery.change(copy)
            seal(copy)
            tables = invoke("verify", copy, "--tables-only")
            assert tables.status == 0, f"found without a rerun: {tables.out}"
            done = invoke("verify", copy, "--cells", ",".join(forgery.cell for forgery in together))
        rows = [line for line in done.out.splitlines() if "| failed |" in line]
        for forgery in together:
            of_cell = "\n".join(row for row in rows if row.startswith(f"| {forgery.cell} "))
            yield forgery.what, "rerun", line_of(of_cell, forgery.named)


def shown(row: Row) -> bool:
    """Print a row and return whether its forgery was named."""
    what, found_by, line = row
    print(f"| {what} | {found_by} | {line or 'not named'} |", flush=True)
    return bool(line)


def main() -> None:
    """Print one row per forgery, and how many were named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        top = (options.folder or Path(scratch)).absolute()
        top.mkdir(parents=True, exist_ok=True)
        os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HOME": str(top / "hub"), "HARNESS_CACHE": str(top / "cache")}
        folder = finished(top)
        print("| forged | found by | named as |\n|:--|:--|:--|")
        named = [shown(row) for rows in (without_rerun(folder), with_rerun(folder)) for row in rows]
    print(f"\n{sum(named)} of {len(named)} forgeries were named.")
    sys.exit(not all(named))


if __name__ == "__main__":
    main()

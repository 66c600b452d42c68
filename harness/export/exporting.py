"""The export of a result folder to one of four targets.

    mteb    a results folder that `mteb.ResultCache(OUT).load_results()` loads
    trec    runs and judgments as text, with an ir_metadata file beside each run
    card    every trained model with a Hugging Face model card
    tei     every model as Text Embeddings Inference and sentence-transformers serve it

Failed cells are left out and counted; each target reports what else it leaves out.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from harness.errors import DataError, RequestError, reason_of
from harness.export.chosen_cells import Cells
from harness.export.run_export import RunExport
from harness.machine import determinism, plain_files
from harness.machine.store import Store
from harness.results.checksums import files_below, is_there, seal
from harness.results.folder import read_result_folder
from harness.results.stored_files import problem

Target = Literal["mteb", "trec", "card", "tei"]


def export(
    folder: Path, to: Target, out: Path | None, cache: Path, cells: Cells | None = None
) -> tuple[Path, list[str]]:
    """Write the done records of a result folder, or those of `cells`, to `out` (FOLDER/export/TO if it is None).

    Returns the folder written to, and a line for everything that was left out. Raises NothingMeasured if no cell is
    done, RequestError if `out` is not empty or cannot be written, or if there is no model for the target, and DataError
    for damaged records.
    """
    results = read_result_folder(folder)
    records, failed = (cells or Cells()).of(results)
    for record in records:
        if why := problem(folder, record):
            raise DataError(f"record {record.name} in {folder} cannot be exported: {why}; rerun the request")
    out = out or _inside(folder, to)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise RequestError(f"{out} is not an empty folder; pass another one to --out")
    left_out = [f"{failed} of {len(records) + failed} cells failed and are left out"] if failed else []
    run = RunExport(results, records, out, Store(cache))
    try:
        out.mkdir(parents=True, exist_ok=True)
        left_out += _writer(to)(run)
    except RequestError:
        if not any(out.iterdir()):
            out.rmdir()
        raise
    except OSError as error:
        raise RequestError(f"{out} cannot be written: {error.strerror}; pass another folder to --out") from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # provenance is open: records of others hold any
        raise DataError(
            f"{folder} has a record whose provenance --to {to} cannot read ({reason_of(error)}); leave that cell out"
        ) from error
    _seal_if_inside(folder, out)
    return out, left_out


def _inside(folder: Path, to: Target) -> Path:
    """Return where an export goes by default; raises RequestError where a link leads out of the folder."""
    try:
        return plain_files.place(folder, f"export/{to}")
    except OSError as error:
        raise RequestError(f"{folder / 'export' / to} cannot be written: {error.strerror}; pass --out") from error


def _seal_if_inside(folder: Path, out: Path) -> None:
    """Add the exported files to the folder's checksums if they were written into it and it has any."""
    if out.resolve().is_relative_to(folder.resolve()) and is_there(folder):
        inside = out.resolve().relative_to(folder.resolve())
        seal(folder, [f"{inside.as_posix()}/{name}" for name in files_below(out)])


def _writer(to: Target) -> Callable[[RunExport], list[str]]:
    """Return the target's writer; only that target's libraries are imported."""
    if to == "mteb":
        from harness.export.mteb_results import write as write_mteb

        return write_mteb
    if to == "trec":
        from harness.export.trec_files import write as write_trec

        return write_trec
    if to == "tei":
        determinism.set_environment()  # libraries show no progress bars of their own
        from harness.export.served_models import write as write_tei

        return write_tei
    from harness.export.model_card import write as write_card

    return write_card

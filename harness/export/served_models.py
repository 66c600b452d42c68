"""Records → models to serve: OUT/<entry>/<language>/<seed>/, a folder for TEI and sentence-transformers.

The model as it was scored, its network as ONNX where the extra `serve` is installed, IDENTITY.sha256, and SERVING.md:
how it is started, what its vectors depend on, and when stored vectors are stale.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.errors import RequestError, short_reason
from harness.export import tei
from harness.export.markdown_templates import template
from harness.export.onnx_network import BOUND, FILE, missing_packages, write_onnx
from harness.export.run_export import RunExport
from harness.export.scored_models import scored_model, why_absent
from harness.export.tei_folder import IDENTITY, write_copy, write_identity
from harness.results.record import Record

NOTE = "SERVING.md"
TEMPLATE = "serving.md.j2"


def write(run: RunExport) -> list[str]:
    """Write one folder per model that TEI serves; returns a line for each model or network that is left out.

    Raises RequestError where no model is written, with the reason.
    """
    left_out, written = [], 0
    for record in run.records:
        model = scored_model(run, record) if record.weights_sha256 else None
        if reason := _unserved(run, record, model):
            left_out.append(f"{record.name} is not served: {reason}")
            continue
        assert model is not None
        left_out += _write(run, record, model)
        written += 1
    if not written:
        others = f" (and {len(left_out) - 1} more)" if len(left_out) > 1 else ""
        raise RequestError(f"no model for TEI: {left_out[0]}{others}")
    return left_out


def _unserved(run: RunExport, record: Record, model: Path | None) -> str:
    if not record.weights_sha256:
        return "it has no model; TEI serves encoders"
    if model is None:
        absent = why_absent(record)
        return absent.replace("the command below", f"`{run.command(record)}`")
    return tei.problem(model)


def _write(run: RunExport, record: Record, model: Path) -> list[str]:
    text = record.table("text")
    prompts = {"query": str(text.get("query_prompt", "")), "document": str(text.get("passage_prompt", ""))}
    lengths = [int(text["query_max_length"]), int(text["passage_max_length"])]
    folder = run.path(record, "")
    write_copy(model, folder, prompts, max(lengths))
    identity = write_identity(folder)
    onnx, reason = _onnx(folder)
    context = {
        "record": record,
        "prompts": prompts,
        "lengths": lengths,
        "pooling": tei.pooling_mode(folder),
        "encode_dtype": record.value("computation", "encode_dtype") or "float32",
        "identity": identity,
        "identity_file": IDENTITY,
        "served_as": _served_as(record, identity),
        "images": {"CPU": f"{tei.IMAGE}:cpu-{tei.VERSION}", "NVIDIA GPU": f"{tei.IMAGE}:cuda-{tei.VERSION}"},
        "version": tei.VERSION,
        "onnx": onnx,
        "bound": BOUND,
        "command": run.command(record),
    }
    (folder / NOTE).write_text(template(TEMPLATE).render(context), encoding="utf-8")
    return [f"the ONNX network of {record.name} is left out: {reason}"] if reason else []


def _served_as(record: Record, identity: str) -> str:
    """Return the folder's name in the container, which TEI's /info reports: the cell and the start of the identity."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", f"{record.name}-{identity[:12]}")


def _onnx(folder: Path) -> tuple[Mapping[str, Any], str]:
    """Write the ONNX network; returns its file and difference to torch, or {} and why it is left out."""
    if missing := missing_packages():
        return {}, f"{', '.join(missing)} not installed; run pip install 'harness-embeddings[serve]', and export again"
    try:
        difference = write_onnx(folder)
    except Exception as error:  # torch's exporter raises its own errors, and those of the network's code
        shutil.rmtree((folder / FILE).parent, ignore_errors=True)
        return {}, f"torch cannot export it ({short_reason(error)}); TEI on a CPU reads the weights then"
    if not difference <= BOUND:
        shutil.rmtree((folder / FILE).parent)
        return {}, f"its vectors differ from torch's by {difference:.1e}, more than {BOUND:.0e}; serve the weights"
    return {"file": FILE, "difference": f"{difference:.1e}"}, ""

"""How far vectors of an exported ONNX network are from torch's, on a real encoder: `harness export --to tei`.

    python tests/benchmarks/onnx_vectors.py --base-model FOLDER [--texts 96]

Exports a copy of the folder, and compares passages of `mini` in each language and the texts that each export compares.
Prints one line of JSON; the bound of an export is 1e-4 (harness.export.onnx_network.BOUND).
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from itertools import islice
from pathlib import Path

from harness.data.load import load
from harness.export.onnx_network import BOUND, FILE, difference, write_onnx
from harness.export.tei_folder import write_copy
from harness.request import suite as suites
from harness.vectors.encoder import open_model

BATCH = 8  # TEI's largest on a CPU


def main() -> None:
    """Export and compare the model of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base-model", type=Path, required=True, help="a sentence-transformers folder")
    parser.add_argument("--texts", type=int, default=96, help="passages that are compared, a third per language")
    options = parser.parse_args()
    texts = passages(options.texts // 3)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "model"
        write_copy(options.base_model, folder, {}, 512)
        started = time.perf_counter()
        by_export = write_onnx(folder)
        seconds = time.perf_counter() - started
        batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
        by_passages = difference(open_model(folder, "cpu"), folder / FILE, batches)
        size = (folder / FILE).stat().st_size
    found = {"texts_of_an_export": by_export, f"{len(texts)}_passages_of_mini": by_passages, "bound": BOUND}
    print(json.dumps({"largest_difference": found, "export_seconds": round(seconds, 1), "onnx_bytes": size}))


def passages(number: int) -> list[str]:
    """Return the first passages of each language of `mini`."""
    suite = suites.load("mini")
    with tempfile.TemporaryDirectory() as cache:
        return [
            passage
            for language in suite.languages
            for passage in islice(load(suite, language, data_dir=None, cache_dir=Path(cache)).passages.values(), number)
        ]


if __name__ == "__main__":
    main()

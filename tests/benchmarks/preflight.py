"""What the checks before the first cell cost on a real encoder, and how near its vectors are to the library's.

    python tests/benchmarks/preflight.py --base-model FOLDER

FOLDER is an encoder in sentence-transformers' format. The request is `mnrl` on the suite `mini` in one language, with
the encoder as its base. Printed are the CPU seconds of the checks on top of opening the model, and the largest
difference of a component between the harness's vectors and those of the library's own `encode_query` and
`encode_document`, over texts of the suite. Beyond 5 s or 1e-6, it ends with an error.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.machine import determinism

determinism.set_environment()

import numpy as np  # noqa: E402

from harness.execution import plan  # noqa: E402
from harness.execution.preflight import preflight  # noqa: E402
from harness.machine.store import Store  # noqa: E402
from harness.request.cell import Cell  # noqa: E402
from harness.request.request import Request  # noqa: E402
from harness.stages import base_model  # noqa: E402
from harness.stages.prepare import prepare  # noqa: E402
from harness.vectors.embedding import budget_of  # noqa: E402
from harness.vectors.encoder import Encoder, Role, open_model  # noqa: E402

MOST = {"CPU seconds": 5.0, "difference": 1e-6}
ROLES: tuple[Role, Role] = ("query", "passage")


def main() -> None:
    """Print both figures; exit with an error where one is beyond its limit."""
    options = parsed()
    with tempfile.TemporaryDirectory(prefix="preflight-") as cache:
        request = Request(
            methods=("base", "mnrl"),
            languages=(options.language,),
            seeds=(0,),
            base_model=str(options.base_model),
            settings=tuple(options.set),
            device="cpu",
        )
        cells, store = plan.make(request, Path(cache)).cells, Store(Path(cache))
        prepare(cells[0].suite, options.language, cells[0].place, store)
        seconds = on_top_of_opening(cells, store)
        text = cells[0].suite.text
        lengths = f"queries of {text.query_max_length} and passages of {text.passage_max_length} tokens"
        print(f"checks on top of opening the model, {lengths}: {seconds:.1f} CPU seconds")
        difference = max(difference_of(cells[0], store, options, role) for role in ROLES)
    if seconds > MOST["CPU seconds"] or difference > MOST["difference"]:
        raise SystemExit(f"beyond the limits {MOST}")


def parsed() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base-model", type=Path, required=True)
    parser.add_argument("--language", default="ko")
    parser.add_argument("--texts", type=int, default=64, help="per role")
    parser.add_argument("--set", action="append", default=[], help="as of `harness run`")
    return parser.parse_args()


def on_top_of_opening(cells: list[Cell], store: Store) -> float:
    """Return the CPU seconds of the checks, without those of opening the model, which they do by `check_opens`."""
    suite, place = cells[0].suite, cells[0].place
    base_model.check_opens(suite, place, store)  # libraries are imported, files are read once
    opening, _ = timed(lambda: base_model.check_opens(suite, place, store))
    checks, _ = timed(lambda: preflight(cells, store))
    return checks - opening


def difference_of(cell: Cell, store: Store, options: argparse.Namespace, role: Role) -> float:
    """Return the largest difference of a component from the library's vectors of the first texts of a role."""
    from sentence_transformers import SentenceTransformer

    data = prepare(cell.suite, cell.language, cell.place, store)
    texts = list((data.queries if role == "query" else data.passages).values())[: options.texts]
    encoder = Encoder(open_model(options.base_model, "cpu"), cell.suite.text)
    ours = encoder.encode(texts, role, budget_of(cell))
    library = SentenceTransformer(str(options.base_model), device="cpu")
    library.max_seq_length = encoder.length(role)
    call: Callable[..., Any] = library.encode_query if role == "query" else library.encode_document
    theirs = call(texts, prompt=encoder.prompt(role), normalize_embeddings=encoder.normalized)
    difference = float(np.abs(ours - theirs).max())
    print(f"{len(texts)} texts as {role}, prompt '{encoder.prompt(role)}': largest difference {difference:.2e}")
    return difference


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the CPU seconds of this process, and the result."""
    started = time.process_time()
    result = work()
    return time.process_time() - started, result


if __name__ == "__main__":
    main()

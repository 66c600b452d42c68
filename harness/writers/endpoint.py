"""Queries from an OpenAI-compatible server, several requests at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from harness.request.manifest import Writer
from harness.writers.endpoint_access import read_access
from harness.writers.endpoint_client import PassageFailed, Server, open_client
from harness.writers.question import Question, Reply, Unanswered


def ask(writer: Writer, questions: Sequence[Question]) -> Iterator[tuple[Question, Reply]]:
    """Yield answers as they arrive, with at most `HARNESS_ENDPOINT_CONCURRENCY` open requests.

    Raises Unanswered at the end if some passages failed. After too many consecutive failures no further request is
    sent; answers to open requests are still yielded.
    """
    access = read_access()
    reasons: list[str] = []
    consecutive, sending = 0, True
    queue = iter(questions)
    with open_client(access) as client, ThreadPoolExecutor(access.concurrency) as pool:
        server = Server(access, client, writer)
        pending: dict[Future[Reply], Question] = {}
        while True:
            while sending and len(pending) < access.concurrency and (question := next(queue, None)) is not None:
                pending[pool.submit(server.answer, question)] = question
            if not pending:
                break
            for future in wait(pending, return_when=FIRST_COMPLETED).done:
                question = pending.pop(future)
                try:
                    reply = future.result()
                except PassageFailed as error:
                    reasons.append(f"passage '{question.doc_id}': {error}")
                    consecutive += 1
                    sending = sending and consecutive < error.limit
                else:
                    consecutive = 0
                    yield question, reply
    if reasons:
        failures = "1 failure" if len(reasons) == 1 else f"{len(reasons)} failures"
        raise Unanswered(f"{failures}, last {reasons[-1]}")

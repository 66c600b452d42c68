"""XOR-Retrieve of XOR-TyDi QA (Asai et al. 2021, arXiv 2010.11856): questions in seven languages, passages in English.

    questions    xor_dev_retrieve_eng_span_v1_1.jsonl: {"id", "question", "lang", "answers": [text, …], …}
    passages     enwiki_20190201_w100.tsv, in DPR's format: a header and rows of id, text and title, separated by tabs
                 and quoted as in CSV; it may be compressed by gzip

A passage is relevant if its text holds one of the answers (harness.data.readers.answer_matches). As in the official
evaluation, the answers "yes" and "no" are none. That evaluation looks for an answer in the first 2,000 or 5,000 tokens
of what is retrieved (R@2kt, R@5kt), exactly as spelled: of passages of 100 words, this is nearly Success@20 and
Success@50, and no published number is comparable.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.data import validation
from harness.data.raw_data import Passage, RetrievalData, Stream
from harness.data.readers.answer_matches import MOST, matches
from harness.data.text_files import RESTORE, json_lines, member
from harness.errors import DataError, quantity
from harness.machine import bounded

HEADER = ["id", "text", "title"]
NO_SPANS = ("yes", "no")


def read(paths: Sequence[Path], subset: str) -> RetrievalData:
    """Return the questions whose `lang` is `subset`, all to be evaluated, and all passages.

    The passages are read once to find the answers and once more as they are used. Left out and counted: questions
    without an answer other than yes or no, those that no passage answers, and those that more than MOST passages do.
    """
    if len(paths) != 2:
        raise DataError(
            f"reader 'xor-retrieve' takes two files, questions and passages, not {len(paths)}; correct them"
        )
    questions, corpus = paths
    queries: dict[str, str] = {}
    answers: dict[str, list[str]] = {}
    for query, text, spans in _questions(questions, subset):
        queries[query] = text
        if spans:
            answers[query] = spans
    validation.check_not_empty(queries, str(questions), f'question with "lang": "{subset}"')
    judgments, frequent = matches(answers, passages(corpus))
    validation.check_not_empty(judgments, str(corpus), "passage that answers a question")
    return RetrievalData(
        passages=Stream(lambda: passages(corpus)),
        queries={query: queries[query] for query in judgments},
        train={},
        dev=judgments,
        report={
            "questions answered by yes or no alone": len(queries) - len(answers),
            "questions that no passage answers": len(answers) - len(judgments) - len(frequent),
            f"questions that more than {MOST:,} passages answer": len(frequent),
        },
    )


def _questions(path: Path, subset: str) -> Iterator[tuple[str, str, list[str]]]:
    """Yield id, text and the answers that are spans, of the questions of one language."""
    seen: set[str] = set()
    for where, row in json_lines(path, "id", "question", "lang", "answers"):
        if validation.string(row.get("lang"), where, "lang") != subset:
            continue
        query = validation.check_new_id(validation.identifier(row.get("id"), where), seen, where, "question")
        seen.add(query)
        texts = [validation.text(answer, where, "answer") for answer in member(row, "answers", list, where)]
        spans = [text for text in texts if text not in NO_SPANS]
        yield query, validation.text(row.get("question"), where, "question"), spans


def passages(path: Path) -> Iterator[tuple[str, Passage]]:
    """Yield the passages of a file in DPR's format; raises DataError, with its line, for a row of another form."""
    number = 0
    try:
        for number, line in enumerate(bounded.lines(path), start=1):
            where = f"{path} line {number}"
            row = next(csv.reader([line.decode("utf-8-sig" if number == 1 else "utf-8")], delimiter="\t"), [])
            if len(row) != len(HEADER):
                raise DataError(f"{where}: {quantity(len(row), 'field')}, not {', '.join(HEADER)}; {RESTORE}")
            if number == 1:
                if row != HEADER:
                    raise DataError(f"{where}: the header is not {', '.join(HEADER)}; is it a file in DPR's format?")
                continue
            doc, text, title = row
            yield validation.identifier(doc, where), Passage(title, validation.string(text, where, "text"))
    except UnicodeDecodeError as error:
        raise DataError(f"{path} line {number}: not UTF-8 ({error.reason}); {RESTORE}") from error
    except csv.Error as error:
        raise DataError(f"{path} line {number}: truncated or broken row ({error}); {RESTORE}") from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path} line {number + 1}: the gzip file is truncated ({error}); {RESTORE}") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}; check the path and its permissions") from error

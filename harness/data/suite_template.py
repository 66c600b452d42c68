"""The text of the manifest that `harness suite init` writes: every number with its reason or its source.

A tab stands between a value and its comment: `aligned` puts the comments of a block below each other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from harness.errors import quantity

FEW_PAIRS = 320  # below: batches of 8, and 10 epochs of a small encoder, so that training has more than a few steps

HEAD = """\
# Written by `harness suite init`. Values marked "guessed" were derived from the data: check them.
# Unknown keys are errors; docs/own-suite.md says what every table means.
name = {name}
title = {name}
description = {description}
licence = "not stated"\t# guessed: say under which licence the texts may be used
{negative_queries}
[text]
{prompts}title_join = " "\t# as BEIR and MTEB join title and text; passages with a title: {titled} of {passages}
query_max_length = {query_length}\t# tokens; guessed: holds every query by its number of words
passage_max_length = {passage_length}\t# tokens; guessed: holds 95 % of the passages by their number of words

{base_model}
[evaluation]
measures = ["nDCG@10", "R@100", "RR@10", "AP"]
primary = "nDCG@10"\t# as in BEIR and MTEB
depth = 100\t# the deepest cut-off of the measures
encode_batch_size = 64\t# changes only the speed and the last bits of a vector

[mining]
depth = 10\t# candidates kept for each training query

[[experts]]\t# who scores pairs for the entries that learn from scores
name = "bm25"
ranker = "bm25"

[[experts]]
name = "char-tfidf"
ranker = "tfidf"
settings = {{ analyzer = "char_wb", shortest = 2, longest = 4 }}\t# n-grams within words: inflected forms overlap

[[experts]]
name = "base"
encoder = "base"

{training}
[languages.{language}.retrieval]
reader = "beir"
licence = "not stated"
citation = "not stated"
{split}{missing}files = [\t# `harness data pin` adds sha256 and bytes, once the files are final
{files}]

[languages.{language}.counts]\t# counted; a difference is an error
passages = {passages}
train_queries = {train_queries}
dev_queries = {dev_queries}\t# queries that are evaluated
"""
PROMPTS = 'prompts = "model"\t# as the base model declares them; query_prompt and passage_prompt state others\n'
NEGATIVE_QUERIES = 'negative_queries = "data"\t# the training queries of mined passages\n'
SPLIT = 'split = "{split}"\t# guessed: or the other one\n'
MISSING = (
    "missing_positives = {number}\t# relevant judgments of passages that the corpus lacks (first: {first}), counted\n"
    "\t# as not retrieved; if the corpus should have them, complete it and delete this line\n"
)
BUILT_BASE = """\
[base_model]\t# built from the passages, on CPU without a download; the shape of the bundled suite's
vocab_size = 8000
hidden_size = 64
intermediate_size = 256\t# four times hidden, as in XLM-R
layers = 2
attention_heads = 2
initialisation_seed = 0\t# fixed, so that all entries and seeds start from the same bytes
"""
BUILT_TRAINING = """\
[training.ranking]\t# guessed: {why}; not tuned on these data
epochs = {epochs}
batch_size = {batch_size}
learning_rate = 1e-3\t# for a small encoder that is not pretrained, as the bundled suite's
warmup = 0.1
dropout = 0.0\t# so small a network underfits

[training.regression]\t# squared error, in smaller steps
epochs = {epochs}
batch_size = {batch_size}
learning_rate = 5e-4
warmup = 0.1
dropout = 0.0

[settings]\t# guessed: the bundled suite's, for 64 dimensions
mnrl = {{ temperature = 0.1 }}
infonce = {{ temperature = 0.1, negatives = 1 }}
clpl = {{ temperature = 0.1, negatives = 1 }}\t# as its control, infonce
soft_labels = {{ negatives = 2 }}
"""
PRETRAINED_TRAINING = """\
[training.ranking]\t# guessed: usual for pretrained encoders; not tuned on these data
epochs = 1
batch_size = {batch_size}
learning_rate = 2e-5\t# as in sentence-transformers' examples (FlagEmbedding's: 1e-5)
warmup = 0.1\t# as in the examples of both

[training.regression]\t# squared error needs more steps
epochs = 2
batch_size = {batch_size}
learning_rate = 2e-5
warmup = 0.1

[settings]\t# guessed: FlagEmbedding's temperature, the same for all; sentence-transformers' default is 0.05
mnrl = {{ temperature = 0.02 }}
infonce = {{ temperature = 0.02 }}
clpl = {{ temperature = 0.02 }}
"""


def training(pretrained: bool, pairs: int) -> str:
    """Return the tables of training and of plugin settings for a base and a number of training pairs."""
    few = pairs < FEW_PAIRS
    if pretrained:
        return PRETRAINED_TRAINING.format(batch_size=8 if few else 32)
    why = (
        f"{quantity(pairs, 'pair')}, so small batches and 10 epochs"
        if few
        else "as in the bundled suite, where they were tuned"
    )
    return BUILT_TRAINING.format(why=why, epochs=10 if few else 3, batch_size=8 if few else 32)


def render(values: Mapping[str, object]) -> str:
    """Return the manifest with these values in their places and its comments aligned."""
    return aligned(HEAD.format(**values))


def aligned(text: str) -> str:
    r"""Return a text with the tab before every comment replaced by blanks, to one column in each block of lines.

    >>> print(aligned("a = 1\t# one\nlong = 2\t# two\n\nb = 3\t# three"))
    a = 1    # one
    long = 2 # two
    <BLANKLINE>
    b = 3 # three
    """
    return re.sub(r"(?:.+\n?)+", lambda block: _aligned_block(block[0]), text)


def _aligned_block(block: str) -> str:
    rows = [line.partition("\t") for line in block.splitlines()]
    width = max((len(value) for value, tab, _ in rows if tab), default=0)
    lines = [f"{value:{width}} {comment}" if tab else value for value, tab, comment in rows]
    return "\n".join(lines) + "\n" * block.endswith("\n")

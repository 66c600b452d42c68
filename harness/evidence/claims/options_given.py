"""Options of a run that make its numbers others than the suite's: each is a difference to every published number.

An option counts for the entries that it reaches: `--set evaluate.…` and `--set text.…` for all, a plugin's setting for
those that use it, training settings for those that are trained. Rows of the user's own and written queries make the run
another experiment, and count for all of its entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from harness.evidence.claims.claim import Claim
from harness.evidence.claims.conditions import APPLICABLE
from harness.results.folder import ResultFolder
from harness.results.run_file import SuiteAsRun

CONDITIONS_SET: Mapping[str, str] = {  # target of --set → the condition that it changes
    "text.title": "title",
    "text.title_join": "title_join",
    "text.prompts": "query_prompt",
    "text.query_prompt": "query_prompt",
    "text.passage_prompt": "passage_prompt",
    "text.query_max_length": "query_length",
    "text.passage_max_length": "passage_length",
    "evaluate.precision": "precision",
    "evaluate.query_precision": "query_precision",
}
COMPARED = ("evaluate.depth", "evaluate.holdout")  # by their values, whatever the source says
WITHOUT_EFFECT = (
    "evaluate.measures",
    "evaluate.primary",
    "evaluate.dimensions",
    "evaluate.encode_batch_size",
    "evaluate.encode_tokens",
)
OF_TRAINING = ("train", "entry")


def options_given(claim: Claim, results: ResultFolder) -> Iterator[str]:
    """Yield the options that set a claim's number apart from what the suite and the entry declare."""
    suite = results.run.suite
    if suite is not None:
        yield from _rows_of_the_user(claim, suite)
        if suite.max_train and claim.kind == "trained":
            yield f"at most {suite.max_train} training queries"
    settings = results.run.request.settings if results.run.request else ()
    if changes := [setting for setting in settings if _counts(setting.partition("=")[0], claim)]:
        yield f"settings changed ({', '.join(changes)})"


def _rows_of_the_user(claim: Claim, suite: SuiteAsRun) -> Iterator[str]:
    languages: Iterable[str] = claim.of or (claim.language,)
    if any(language in suite.train_files for language in languages):
        yield "training rows of --train-file"
    for option, writer in (("--augment", suite.augmentation), ("--negative-queries", suite.negative_queries)):
        if isinstance(writer, Mapping):
            yield f"queries written for training ({option} {writer.get('kind', '')})"


def _counts(target: str, claim: Claim) -> bool:
    """Return whether a setting reaches a claim's entry and no comparison of values covers it."""
    name = target.partition(".")[0]
    if target in WITHOUT_EFFECT or target in COMPARED:
        return False
    if target in CONDITIONS_SET:
        condition = CONDITIONS_SET[target]
        return condition in APPLICABLE[claim.kind] and condition not in claim.conditions.known()
    if name in OF_TRAINING or target == "text.train_passage_max_length":
        return claim.kind == "trained"
    return name in claim.plugins

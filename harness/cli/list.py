"""The `list` command."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options
from harness.cli.columns import aligned
from harness.cli.output import say
from harness.errors import RequestError

if TYPE_CHECKING:
    from harness.evidence.claims.claim import Claim


class Listed(StrEnum):
    """What can be listed."""

    methods = "methods"
    suites = "suites"
    claims = "claims"


def list_(
    what: Annotated[Listed, typer.Argument(help="What to list.")],
    methods_path: options.MethodsPath = None,
    suite: Annotated[str | None, typer.Option(help="List the claims about this suite only.")] = None,
) -> None:
    """List the available methods, suites or published claims."""
    if methods_path is not None and what is not Listed.methods:
        raise RequestError(f"--methods-path does not apply to `harness list {what}`; remove it")
    if suite is not None and what is not Listed.claims:
        raise RequestError(f"--suite does not apply to `harness list {what}`; remove it")
    lines = {Listed.methods: _methods(methods_path), Listed.suites: _suites(), Listed.claims: _claims(suite)}
    for line in lines[what]:  # the generators run only when they are read
        say(line)


def _methods(methods_path: Path | None) -> Iterator[str]:
    from harness.request.entries import declared

    for name, declaration in declared(methods_path).items():
        recipes = " (also @published)" if declaration.published else ""
        recipes += " (not in 'all')" if declaration.practice else ""
        yield f"{name:<20} {declaration.about}{recipes}"


def _suites() -> Iterator[str]:
    from harness.request import suite

    for name in suite.names():
        yield f"{name:<12} {suite.load(name).title}"
        for variant in suite.variants(name):
            yield f"  {name}@{variant:<22} {suite.load(f'{name}@{variant}').title}"


def _claims(suite: str | None) -> Iterator[str]:
    from harness.evidence.claims import claims_file
    from harness.report.sections.claim_words import conditions_text

    claims = claims_file.load()
    if suite is not None:
        claims = claims_file.about(claims, suite)
    if not claims:
        yield f"no published claim is about suite {suite}"
        return
    head = ("paper", "row", "entry", "suite", "language", "measure", "published", "base model")
    yield from aligned([head, *map(_row, claims)])
    yield ""
    for paper, source in {claim.paper: claim.source for claim in claims}.items():
        yield f"{paper}: {source}"
    yield ""
    yield "measured with"
    for (paper, row), claim in {(claim.paper, claim.row): claim for claim in claims}.items():
        yield f"{paper}, {row}: {claim.private or conditions_text(claim)}"


def _row(claim: Claim) -> tuple[str, ...]:
    from harness.report.numbers import published

    about = (claim.paper, claim.row, claim.entry or "(none)", claim.suite or "(none)", claim.language, claim.measure)
    return (*about, published(claim.value), claim.base_model.replace("{language}", claim.language) or "(none)")

"""The `list` command."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options
from harness.cli.columns import print_columns
from harness.cli.output import console, say
from harness.errors import RequestError

if TYPE_CHECKING:
    from harness.evidence.claims.claim import Claim


HEAD = ("paper", "row", "entry", "suite", "language", "measure", "published", "base model")


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
    if what is Listed.methods:
        _print_methods(methods_path)
    elif what is Listed.suites:
        _print_suites()
    else:
        _print_claims(suite)


def _print_methods(methods_path: Path | None) -> None:
    from harness.request.entries import declared

    rows = []
    for name, declaration in declared(methods_path).items():
        recipes = " (also @published)" if declaration.published else ""
        recipes += " (not in 'all')" if declaration.practice else ""
        rows.append((name, f"{declaration.about}{recipes}"))
    print_columns(rows, whole=(0,))


def _print_suites() -> None:
    from harness.request import suite

    rows = []
    for name in suite.names():
        rows.append((name, suite.load(name).title))
        rows += [(f"  {name}@{of}", suite.load(f"{name}@{of}").title) for of in suite.variants(name)]
    print_columns(rows, whole=(0,))


def _print_claims(suite: str | None) -> None:
    from harness.evidence.claims import claims_file
    from harness.report.console import has_width, print_lines
    from harness.report.sections.claim_words import conditions_text

    claims = claims_file.load()
    if suite is not None:
        claims = claims_file.about(claims, suite)
    if not claims:
        say(f"no published claim is about suite {suite}")
        return
    terminal = console()
    if has_width(terminal):
        print_lines(terminal, _by_row(claims))
    else:
        print_columns([HEAD, *map(_row, claims)])
    sources = {claim.paper: claim.source for claim in claims}
    rows = {(claim.paper, claim.row): claim for claim in claims}
    conditions = (f"{paper}, {row}: {claim.private or conditions_text(claim)}" for (paper, row), claim in rows.items())
    print_lines(
        terminal, ["", *(f"{paper}: {source}" for paper, source in sources.items()), "", "measured with", *conditions]
    )


def _by_row(claims: Sequence[Claim]) -> Iterator[str]:
    """Yield the claims row by row of their papers, the numbers of a measure on one line: eight columns are too wide."""
    values: dict[tuple[str, ...], list[str]] = {}
    for claim in claims:
        paper, row, entry, suite, language, measure, value, base = _row(claim)
        heading = f"{paper}, {row}: {entry} on {suite}, {base}"
        values.setdefault((heading, measure), []).append(f"{language} {value}")
    before = ""
    for (heading, measure), numbers in values.items():
        if heading != before:
            yield heading
        yield f"  {measure}: {', '.join(numbers)}"
        before = heading


def _row(claim: Claim) -> tuple[str, ...]:
    from harness.report.numbers import published

    about = (claim.paper, claim.row, claim.entry or "(none)", claim.suite or "(none)", claim.language, claim.measure)
    return (*about, published(claim.value), claim.base_model.replace("{language}", claim.language) or "(none)")

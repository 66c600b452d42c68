"""Published contrasts: that one entry scores higher than another, lower, or the same; with the published differences.

They come from two files of results/: every claim of claims.toml that names a control is one, and contrasts.toml adds
those of papers whose numbers are not claims here. A recipe is no part of a contrast: `clpl@published` over
`infonce-ance@published` is the contrast of `clpl` over `infonce-ance`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from harness.errors import DataError, unknown
from harness.evidence.claims.claim import Claim
from harness.machine.bundled import results
from harness.machine.json_toml import read_toml
from harness.request import entries
from harness.schema import Strict, explain
from harness.stats.effect import NEAR_ZERO
from harness.stats.entry_scores import AVERAGE

FILE = "contrasts.toml"

Claimed = Literal["higher", "lower", "equal"]


class PublishedDifference(Strict):
    """Entry less control, in units of the measure, as the numbers of the source give it."""

    suite: str  # "": not one of ours
    language: str
    measure: str
    value: float


class PublishedContrast(Strict):
    """One contrast of one source; `entry` and `control` are names of declared entries."""

    paper: str
    source: str
    entry: str
    control: str
    claimed: Claimed
    statement: str = ""
    data: str = ""  # what the source measured on, "" where it is not known
    base_model: str = ""  # the same of its base model
    recipe: str = "corrected"
    differences: tuple[PublishedDifference, ...] = ()

    @property
    def main(self) -> PublishedDifference | None:
        """The difference to quote first: the average over languages if there is one; None without any."""
        averages = [difference for difference in self.differences if difference.language == AVERAGE]
        return next(iter((*averages, *self.differences)), None)

    def in_language(self, language: str) -> PublishedDifference | None:
        """The published difference of a language, or of the average; None without."""
        return next((difference for difference in self.differences if difference.language == language), None)


class RowPair(Strict):
    """Two rows of one paper in claims.toml, whose difference is that of the contrast."""

    paper: str
    row: str
    control_row: str


class Written(Strict):
    """A contrast as contrasts.toml writes it."""

    paper: str
    source: str
    entry: str
    control: str
    claimed: Claimed = "higher"
    statement: str
    data: str = ""
    base_model: str = ""
    rows: RowPair | None = None


class ContrastsFile(Strict):
    """The whole file."""

    contrasts: tuple[Written, ...]


def published_contrasts(claims: Sequence[Claim], path: Path | None = None) -> list[PublishedContrast]:
    """Return the contrasts of the claims, then those of contrasts.toml or the file at `path`.

    Raises DataError for a file that cannot be read, names an unknown entry or row, repeats a contrast, or names rows
    that share no number.
    """
    return [*_of_claims(claims), *_of_file(path or results() / FILE, claims)]


def bare(entry: str) -> str:
    """Return an entry's name without its recipe."""
    return entry.partition("@")[0]


def _of_claims(claims: Sequence[Claim]) -> Iterator[PublishedContrast]:
    groups: dict[tuple[str, str, str], list[Claim]] = {}
    for claim in claims:
        if claim.entry and claim.control:
            groups.setdefault((claim.paper, claim.entry, claim.control), []).append(claim)
    for group in groups.values():
        first = group[0]
        differences = tuple(_differences(group, [other for other in claims if other.entry == first.control]))
        if differences:
            yield PublishedContrast(
                paper=first.paper,
                source=first.source,
                entry=bare(first.entry),
                control=bare(first.control),
                claimed=_claimed(differences),
                statement=first.row,
                data=first.suite,
                base_model=first.base_model,
                recipe=first.entry.partition("@")[2] or "corrected",
                differences=differences,
            )


def _differences(group: Iterable[Claim], controls: Iterable[Claim]) -> Iterator[PublishedDifference]:
    """Yield the differences of claims to those of the same paper on the control, where exactly one is there."""
    by_place: dict[tuple[str, str, str, str], list[float]] = {}
    for control in controls:
        by_place.setdefault(_place(control), []).append(control.value)
    for claim in group:
        values = by_place.get(_place(claim), [])
        if len(values) == 1:
            yield PublishedDifference(
                suite=claim.suite, language=claim.language, measure=claim.measure, value=claim.value - values[0]
            )


def _place(claim: Claim) -> tuple[str, str, str, str]:
    return claim.paper, claim.suite, claim.language, claim.measure


def _claimed(differences: Sequence[PublishedDifference]) -> Claimed:
    """Return what the numbers claim: the sign of the average where there is one, else of their mean."""
    averages = [difference.value for difference in differences if difference.language == AVERAGE]
    values = averages or [difference.value for difference in differences]
    mean = sum(values) / len(values)
    if abs(mean) < NEAR_ZERO:
        return "equal"
    return "higher" if mean > 0 else "lower"


def _of_file(path: Path, claims: Sequence[Claim]) -> Iterator[PublishedContrast]:
    try:
        table = read_toml(path)
    except (OSError, ValueError) as error:
        raise DataError(f"contrasts file {path} cannot be read: {error}; fix it") from error
    try:
        file = ContrastsFile.model_validate(table)
    except ValidationError as error:
        raise DataError(f"contrasts file {path}: {explain(error)}; fix it") from error
    declared = entries.declared()
    known = {(claim.paper, bare(claim.entry), bare(claim.control)) for claim in claims if claim.control}
    for written in file.contrasts:
        where = f"contrast '{written.paper}, {written.entry} over {written.control}' in {path}"
        for name in (written.entry, written.control):
            if name not in declared:
                raise DataError(str(unknown("entry", name, declared, where)))
        contrast = (written.paper, written.entry, written.control)
        if contrast in known:
            raise DataError(f"{where} is there twice, or a claim of claims.toml too; remove one")
        known.add(contrast)
        yield PublishedContrast(
            **written.model_dump(exclude={"rows"}),
            differences=_of_rows(written.rows, claims, where) if written.rows else (),
        )


def _of_rows(rows: RowPair, claims: Sequence[Claim], where: str) -> tuple[PublishedDifference, ...]:
    by_row: Mapping[str, list[Claim]] = {
        name: [claim for claim in claims if (claim.paper, claim.row) == (rows.paper, name)]
        for name in (rows.row, rows.control_row)
    }
    for name, found in by_row.items():
        if not found:
            known = dict.fromkeys(claim.row for claim in claims if claim.paper == rows.paper)
            raise DataError(str(unknown(f"row of {rows.paper}", name, known, where)))
    differences = tuple(_differences(by_row[rows.row], by_row[rows.control_row]))
    if not differences:
        raise DataError(f"{where}: its two rows share no suite, language and measure; name two that do")
    return differences

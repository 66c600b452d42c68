"""How the change of the geometry in training goes with the gain in the primary measure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.evidence.leaderboard import Leaderboard
from harness.results.record import Record
from harness.stats.agreement import spearman
from harness.stats.entry_scores import BASE
from harness.stats.sphere import QUANTITIES


@dataclass(frozen=True)
class Correlation:
    """Spearman's ρ of the change in each quantity with the gain, over `cells` of one language or of all."""

    language: str  # empty: all languages
    cells: int
    rho: tuple[float | None, ...]  # one per quantity


@dataclass(frozen=True)
class CellChange:
    """One trained cell: the change of each quantity, and the gain over the untuned base."""

    language: str
    change: dict[str, float]
    gain: float


def gain(board: Leaderboard, record: Record) -> float | None:
    """Return the primary measure of a trained record minus that of the base in its language, None without a base."""
    base = board.records_by_pair.get((BASE, record.language))
    if not (record.trained and base):
        return None
    return record.measures[board.primary] - base[0].measures[board.primary]


def change(record: Record, quantity: str) -> float:
    """Return a quantity after training minus the quantity before."""
    return record.geometry["after"][quantity] - record.geometry["before"][quantity]


def cell_changes(board: Leaderboard, records: Iterable[Record]) -> list[CellChange]:
    """Return the changes of the records that have a gain."""
    changes = []
    for record in records:
        record_gain = gain(board, record)
        if record_gain is not None:
            by_quantity = {quantity: change(record, quantity) for quantity in QUANTITIES}
            changes.append(CellChange(record.language, by_quantity, record_gain))
    return changes


def correlations(languages: Sequence[str], cells: Sequence[CellChange]) -> list[Correlation]:
    """Return the correlation over all cells, then that of each language if there are several."""
    whole = _correlation("", cells)
    if len(languages) == 1:
        return [whole]
    return [whole, *(_correlation(name, [cell for cell in cells if cell.language == name]) for name in languages)]


def _correlation(language: str, cells: Sequence[CellChange]) -> Correlation:
    gains = [cell.gain for cell in cells]
    rho = tuple(spearman([cell.change[quantity] for cell in cells], gains) for quantity in QUANTITIES)
    return Correlation(language, len(cells), rho)


def findings(whole: Correlation, cells: Sequence[CellChange], measure: str) -> list[str]:
    """Return in sentences the direction of the correlations, beside the findings of the papers."""
    rho = dict(zip(QUANTITIES, whole.rho, strict=True))
    paper = "arXiv 2308.03103 found that uniformity, not alignment, went with retrieval quality"
    uniformity, alignment = rho["uniformity"], rho["alignment"]
    if uniformity is None or alignment is None:
        first = f"Over {whole.cells} trained cells beside a base, these correlations are not defined; {paper}."
    else:
        stronger = "uniformity" if abs(uniformity) > abs(alignment) else "alignment"
        first = (
            f"Over {whole.cells} trained cells, ρ with the gain in {measure} is {uniformity:z.2f} for uniformity and "
            f"{alignment:z.2f} for alignment (below 0: larger gains where it fell), stronger for {stronger}; {paper}."
        )
    fell = sum(cell.change["anisotropy"] < 0 for cell in cells)
    second = f"Anisotropy fell in {fell} of these cells; arXiv 2408.11868 leaves open whether it does."
    return [first, second] if cells else [first]

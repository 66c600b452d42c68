"""What a step of the verification proves, contradicts or leaves open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.results.record import Record


@dataclass(frozen=True)
class Finding:
    """Something about one file (or kind of file) of a folder; str() is the line that a reader sees."""

    file: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.what}"


@dataclass(frozen=True)
class Proof:
    """The result of one step: what holds, what is contradicted, and what could not be decided, with the reason."""

    proven: tuple[Finding, ...] = ()
    mismatches: tuple[Finding, ...] = ()
    unproven: tuple[Finding, ...] = ()

    @classmethod
    def joined(cls, proofs: Iterable[Proof]) -> Proof:
        """Return several proofs as one, in their order."""
        proofs = tuple(proofs)
        return cls(
            tuple(finding for proof in proofs for finding in proof.proven),
            tuple(finding for proof in proofs for finding in proof.mismatches),
            tuple(finding for proof in proofs for finding in proof.unproven),
        )


def file_of(record: Record) -> str:
    """Return the name of a record's file, relative to its folder."""
    return f"records/{record.name}.json"

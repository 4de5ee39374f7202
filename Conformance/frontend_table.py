"""The table that the frontends' scripts of whole architectures print."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import onnx

from costs import operation_types
from measured import fastest

TIMEOUT = 900
"""In seconds, of a conversion."""
RATIO = 20
"""How many times less time mcc takes than the framework's own export, at least."""


@dataclass
class Row:
    """A model as mcc reads it, and what the framework's exporter with the best simplifier behind it makes of it."""

    name: str
    verdict: str = "agrees"
    """`agrees`, or what differs or fails."""
    operations: int = 0
    """What `simplify` leaves."""
    transpositions: int = 0
    seconds: float = 0
    """Of the fastest conversion as it is."""
    simplify_seconds: float = 0
    """Of the fastest conversion with `simplify`."""
    their_operations: int | None = None
    their_transpositions: int | None = None
    their_seconds: float | None = None
    """Of the framework's exporter alone."""

    @property
    def agrees(self) -> bool:
        return self.verdict == "agrees"

    @property
    def is_above(self) -> bool:
        """Whether the peer leaves fewer operations."""
        return self.agrees and self.their_operations is not None and self.operations > self.their_operations

    @property
    def ratio(self) -> float | None:
        """How many times longer the peer takes, even without its simplifier."""
        return self.their_seconds / self.simplify_seconds if self.their_seconds is not None and self.simplify_seconds else None

    def __str__(self) -> str:
        theirs = "-" if self.their_operations is None else f"{self.their_operations}"
        moved = "" if self.their_transpositions is None else f"{self.transpositions}/{self.their_transpositions}"
        export = "-" if self.their_seconds is None else f"{self.their_seconds:.2f}"
        ratio = "-" if self.ratio is None else f"{self.ratio:.0f}"
        above = ", ABOVE the peer" if self.is_above else ""
        return (
            f"{self.name:44} {self.operations:6} {theirs:>6} {moved:>8} {self.seconds:8.2f} {self.simplify_seconds:8.2f}"
            f" {export:>8} {ratio:>6}  {self.verdict}{above}")


def judge(mcc: str, row: Row, model: list[Path], folder: Path, difference: Callable[[Path], str | None]) -> None:
    """Fills in what mcc makes of a model, as it is and simplified; `difference` says what differs in a file, if anything does."""
    plain, simplified = folder / "judged.onnx", folder / "judged-simplified.onnx"
    words = [mcc, *map(str, model)]
    try:
        # Both are measured before either is judged: who judges may take so much memory that the system forgets mcc's files.
        converting, simplifying = fastest(words, plain, TIMEOUT), fastest([*words, "-passes=simplify"], simplified, TIMEOUT)
        for run in converting, simplifying:
            if run.code != 0:
                row.verdict = run.errors.strip()[-900:]
                return
        row.seconds, row.simplify_seconds = converting.seconds, simplifying.seconds
        types = operation_types(onnx.load(simplified, load_external_data=False))
        row.operations, row.transpositions = len(types), types.count("Transpose")
        if found := difference(plain):
            row.verdict = found
        elif found := difference(simplified):
            row.verdict = f"simplified: {found}"
    finally:
        for file in plain, simplified:
            file.unlink(missing_ok=True)


class Table:
    """Rows, printed as they come."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        print(f"{'model':44} {'left':>6} {'peer':>6} {'Transp.':>8} {'mcc s':>8} {'simpl. s':>8} {'export s':>8} {'ratio':>6}", flush=True)

    def add(self, row: Row) -> None:
        self.rows.append(row)
        print(row, flush=True)

    def conclude(self) -> int:
        """Prints what the rows come to, and says whether that is as it has to be: 0, else 1."""
        failing = [row.name for row in self.rows if not row.agrees]
        above = [row.name for row in self.rows if row.is_above]
        ratios = [(row.ratio, row.name) for row in self.rows if row.agrees and row.ratio is not None]
        print(f"{len(self.rows) - len(failing)} of {len(self.rows)} agree{': not ' + ', '.join(failing) if failing else ''}")
        compared = sum(row.agrees and row.their_operations is not None for row in self.rows)
        print(f"{len(above)} of {compared} leave more operations than the peer{': ' + ', '.join(above) if above else ''}")
        if ratios:
            slow = [f"{name} ({ratio:.0f})" for ratio, name in ratios if ratio < RATIO]
            print(f"the peer takes at least {min(ratios)[0]:.0f} times as long ({min(ratios)[1]}){'; less than ' + str(RATIO) + ': ' + ', '.join(slow) if slow else ''}")
        return 0 if self.rows and not failing and not above else 1

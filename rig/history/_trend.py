"""Figures and verdicts over the runs of a history: how they went, and where they changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rig.history._changes import Shift, change_points
from rig.history._store import Figure, Store
from rig.records import Verdict

_BARS = "▁▂▃▄▅▆▇█"
_LONGEST = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Trend:
    """One figure over the runs that have it: the same board, kind, clock, variant and conditions, oldest run first."""

    kind: str
    figures: tuple[Figure, ...]
    shifts: tuple[Shift, ...]

    @property
    def figure(self) -> Figure:
        """The newest one: it says what they all are."""
        return self.figures[-1]

    @property
    def values(self) -> tuple[float, ...]:
        """The medians."""
        return tuple(figure.p50 for figure in self.figures)

    @property
    def line(self) -> str:
        """The last medians as a line of bars, from the least to the greatest of them."""
        values = self.values[-_LONGEST:]
        low, high = min(values), max(values)
        if low == high:
            return _BARS[0] * len(values)
        return "".join(_BARS[round((value - low) / (high - low) * (len(_BARS) - 1))] for value in values)


def trends(store: Store, *, board: str | None, kind: str, metric: str | None) -> list[Trend]:
    """Every figure that matches, with the places where it changed. Figures of two clocks are never one trend."""
    rows: dict[tuple[object, ...], list[Figure]] = {}
    for f in store.figures(board=board, kind=kind, metric=metric):
        key = (f.board, f.experiment, f.variant, f.path, f.metric, f.unit, f.clock, tuple(f.conditions.items()))
        rows.setdefault(key, []).append(f)
    return [
        Trend(
            kind=kind,
            figures=tuple(figures),
            shifts=tuple(change_points([f.p50 for f in figures], exact=all(f.exact for f in figures))),
        )
        for figures in rows.values()
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class VerdictChange:
    """A claim whose verdict is another than that of the run before that decided it."""

    run: str
    board: str
    claim: str
    before: Verdict
    after: Verdict
    reason: str


def verdict_changes(verdicts: Iterable[tuple[str, str, str, Verdict, str]]) -> list[VerdictChange]:
    """Where verdicts changed, oldest first. A run that did not decide a claim says nothing of it.

    :param verdicts: run, board, claim, verdict, reason, oldest run first.
    """
    last: dict[tuple[str, str], Verdict] = {}
    found: list[VerdictChange] = []
    for run, board, claim, verdict, reason in verdicts:
        if verdict is Verdict.NOT_RUN:
            continue
        before = last.get((board, claim), verdict)
        if before is not verdict:
            found.append(VerdictChange(run=run, board=board, claim=claim, before=before, after=verdict, reason=reason))
        last[board, claim] = verdict
    return found

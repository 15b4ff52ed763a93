"""Words and small readings that the criteria share.

A missing or incomplete figure is never read as a refutation of what it would have shown, unless its absence is the
finding itself (a sample that the publisher was told is accepted and no reader got).
"""

from __future__ import annotations

from collections.abc import Callable

from rig.claims._claim import Figures, fact
from rig.records import Evidence, Measurement, Metric
from rig.records.vocabulary import LongLife

NO_SHM = "no figures with shared memory: its firmware did not run"
NO_CONTROL = "no figures of the control (shared memory off, through the Agent)"


def number(value: float) -> str:
    """With thousands separators; two decimals only where there are some."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def readers(count: object) -> str:
    """``1 reader``, ``2 readers``."""
    return "1 reader" if count == 1 else f"{count} readers"


def long_life(figures: Figures) -> tuple[str, str, list[Evidence]]:
    """Of many rounds in one start: what is wrong with them, words to end a confirmation with, and the facts."""
    wrong, words, facts = "", "", []
    for m in figures.measured(Metric.LIFE_WRONG, "shm"):
        told = m.read(LongLife)
        seen = (
            f"{told.rounds:,} rounds in one start: {told.heard:,} of {told.owed:,} callbacks, {told.damaged:,} "
            f"damaged, {told.misplaced:,} misplaced, {told.refused:,} calls refused, {told.buffers_leaked} buffers and "
            f"{told.entities_leaked} entities leaked"
        )
        facts.append(fact(seen, m))
        words = f"; as good after {told.rounds:,} rounds in one start"
        wrong = wrong or (seen if m.value else "")
    return wrong, words, facts


def unsupported(figures: Figures, metric: str, name: Callable[[Measurement], str]) -> tuple[str, list[Evidence]]:
    """Conditions that the middleware cannot do: words to end a reason with, and one fact each."""
    found = [m for m in figures.all(metric, "shm") if not m.samples and m.gap.unsupported]
    facts = [fact(f"{name(m)}: not tried, {m.gap.unsupported}", m) for m in found]
    names = ", ".join(dict.fromkeys(name(m) for m in found))
    return (f"; not supported here: {names}" if found else ""), facts

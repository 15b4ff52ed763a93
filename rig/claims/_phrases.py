"""Wordings and small helpers that the criteria share.

A missing or incomplete figure never refutes a claim, unless its absence is the finding itself: a sample that publish
accepted and no reader got.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rig.claims._claim import Figures, fact
from rig.records import Condition, Evidence, Measurement, Metric
from rig.records.vocabulary import LongLife, Rows

NO_SHM = "no figures with shared memory: its firmware did not run"
NO_CONTROL = "no figures of the control (shared memory off, through the Agent)"


def number(value: float) -> str:
    """With thousands separators; two decimals only where there are some."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def readers(count: object) -> str:
    """``1 reader``, ``2 readers``."""
    return "1 reader" if count == 1 else f"{count} readers"


def long_life(figures: Figures) -> tuple[str, str, list[Evidence]]:
    """Of many rounds in one start: what is wrong, the last words of a confirmation, and the facts."""
    wrong, words, facts = "", "", []
    for m in figures.measured(Metric.LIFE_WRONG, "shm"):
        told = m.read(LongLife)
        case = f"{m.conditions['case']}: " if "case" in m.conditions else ""
        seen = (
            f"{case}{told.rounds:,} rounds in one start: {told.heard:,} of {told.owed:,} callbacks, {told.damaged:,} "
            f"damaged, {told.misplaced:,} misplaced, {told.refused:,} calls refused, {told.buffers_leaked} buffers and "
            f"{told.entities_leaked} entities leaked"
        )
        facts.append(fact(seen, m))
        words = f"; as good after {told.rounds:,} rounds in one start"
        # Of writers that leave samples behind the order of these is no matter of who came and went.
        gone = told.refused or told.buffers_leaked or told.entities_leaked or told.heard < told.owed
        wrong = wrong or (seen if (gone if case else m.value) else "")
    return wrong, words, facts


def unsupported(figures: Figures, metric: str, name: Callable[[Measurement], str]) -> tuple[str, list[Evidence]]:
    """Conditions that the middleware does not support: the last words of a reason, and one fact for each."""
    found = [m for m in figures.all(metric, "shm") if not m.samples and m.gap.unsupported]
    facts = [fact(f"{name(m)}: not tried, {m.gap.unsupported}", m) for m in found]
    names = ", ".join(dict.fromkeys(name(m) for m in found))
    return (f"; not supported here: {names}" if found else ""), facts


def in_array(m: Measurement) -> bool:
    """Whether a figure was taken under a row of a covering array."""
    return Condition.ALIGNMENT in m.conditions


def under(m: Measurement) -> str:
    """The row of a covering array in words, without conditions at their usual values."""
    words = []
    for name, value in m.conditions.items():
        known = Condition.named(name)
        if known is None or value == known.usual or (known is Condition.AGENT and value == "steady"):
            continue
        words.append(f"{value} buffers" if known is Condition.BUFFERS else known.says(value))
    return ", ".join(words)


def covered(figures: Figures, found: Iterable[Measurement]) -> tuple[str, list[Evidence]]:
    """What a covering array contained: the last words of a reason, and facts, including the combinations left out."""
    array = next(iter(figures.measured(Metric.ROWS, "shm")), None)
    if array is None:
        return "", []
    told = array.read(Rows)
    rows = {tuple(sorted(m.conditions.items())) for m in found if m.samples}
    factors = ", ".join(f"{name.replace('_', ' ')} ({count})" for name, count in told.levels.items())
    text = f"{number(array.value)} rows, with every combination of {told.strength} of the factors {factors}"
    facts = [fact(text, array)]
    facts += [fact(f"left out, {words}", array) for words in told.left_out]
    impossible = [m for m in found if not m.samples and (m.gap.unsupported or m.gap.unavailable)]
    facts += [fact(f"{under(m)}: not tried, {m.gap.unsupported or m.gap.unavailable}", m) for m in impossible]
    return f"; the same under {len(rows)} combinations of {len(told.levels)} factors" if rows else "", facts

"""Words and numbers as every output writes them: one vocabulary for terminal, page and comparison."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rig.records import Condition, Fault, Measurement, Scalar, Summary, Verdict

VERDICT_SIGNS = {Verdict.CONFIRMED: "+", Verdict.REFUTED: "x", Verdict.INCONCLUSIVE: "?", Verdict.NOT_RUN: "-"}
_MIB = 1 << 20
_KIB = 1 << 10

CLOCKS = {
    "virtual": "virtual, which counts the instructions that the emulated core executed: not time",
    "dwt": "dwt, which counts cycles of the core",
    "timer": "a timer of the MCU",
    "host": "the monotonic clock of the host",
}


def evidence_lines(fault: Fault) -> list[str]:
    """Where the firmware stood at a fault and where the rest of the evidence is; nothing if none was kept."""
    lines = [f"the firmware stood at {fault.place}"] if fault.place else []
    return [*lines, f"evidence: {fault.evidence}/fault.txt"] if fault.evidence else lines


def verdict_word(verdict: Verdict) -> str:
    """``not_run`` as people write it."""
    return verdict.value.replace("_", " ")


def metric_words(metric: str) -> str:
    """A metric's name in words, without the unit that stands in a column of its own."""
    return metric.removesuffix("_bytes").replace("_", " ")


def format_number(value: float) -> str:
    """Digits in groups of three; at most two decimals."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def short_number(value: float) -> str:
    """A number for a label: as tables have it, and three significant digits from 10,000 on."""
    for limit, sign in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= limit:
            return f"{value / (1e3 if sign == 'k' else limit):.3g}{sign}"
    return format_number(value)


def format_bounds(summary: Summary, statistic: str) -> str:
    """The 95 % interval of a statistic, to stand behind it; nothing where it is the figure itself or not known."""
    low, high = summary.intervals.get(statistic, (None, None))
    if low == high:
        return ""
    return f" ({'?' if low is None else format_number(low)} to {'?' if high is None else format_number(high)})"


def format_bytes(value: float) -> str:
    """Bytes in the largest binary unit that keeps the figure exact, else in digits."""
    whole = int(value)
    if whole >= _MIB and whole % _MIB == 0:
        return f"{whole // _MIB} MiB"
    if whole >= _KIB and whole % _KIB == 0:
        return f"{whole // _KIB} KiB"
    return f"{format_number(value)} B"


def plural(count: int, noun: str) -> str:
    """``1 claim``, ``2 claims``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def format_conditions(conditions: Mapping[str, Scalar], *, full: bool = False) -> str:
    """The conditions in which rows of one metric differ, short; ``full``: also those that rows mostly share."""
    words = []
    for key, value in conditions.items():
        known = Condition.named(key)
        if known is None or type(value) is not known.kind:
            words.append(f"{key} {value}")
        elif full or not (known.quiet or value == known.usual):
            words.append(known.says(value))
    return ", ".join(words)


def by_conditions(measurements: Iterable[Measurement]) -> dict[tuple[str, str, str], dict[str, Measurement]]:
    """(board, metric, conditions in words) -> variant -> measurement; no two are merged that differ in anything.

    Rows of one board, and of one metric, stand together, in the order in which they were first measured.
    """
    rows: dict[tuple[str, str, str], dict[str, Measurement]] = {}
    for m in measurements:
        pair = rows.setdefault((m.board, m.metric, format_conditions(m.conditions)), {})
        if m.variant in pair:
            pair = rows.setdefault((m.board, m.metric, format_conditions(m.conditions, full=True)), {})
        pair[m.variant] = m
    boards = list(dict.fromkeys(board for board, _, _ in rows))
    metrics = list(dict.fromkeys((board, metric) for board, metric, _ in rows))
    return dict(sorted(rows.items(), key=lambda row: (boards.index(row[0][0]), metrics.index(row[0][:2]))))

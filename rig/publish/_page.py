"""The content of the report before it is HTML: headline, key figures, tables. Has no markup, and decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rig.errors import Outcome
from rig.publish import _series as series
from rig.publish._formats import (
    VERDICT_SIGNS,
    by_conditions,
    format_bounds,
    format_bytes,
    format_number,
    metric_words,
    plural,
    verdict_word,
)
from rig.records import NOT_ASKED, ClaimResult, Measurement, RunRecord, Verdict

# What needs a reader's eye comes first.
_ORDER = (Verdict.REFUTED, Verdict.INCONCLUSIVE, Verdict.CONFIRMED, Verdict.NOT_RUN)


@dataclass(frozen=True, kw_only=True, slots=True)
class Headline:
    """How the run ended: ``tone`` is one of good, bad, doubt, broken."""

    tone: str
    sign: str
    word: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyFigure:
    """One headline number: with shared memory, and beside it the control."""

    label: str
    value: str
    unit: str
    control: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimRow:
    """A claim, with its evidence by what was measured: (what, in words, and the lines of it)."""

    claim: ClaimResult
    evidence: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimGroup:
    """Claims of one board that came to the same."""

    word: str
    sign: str
    verdict: str
    claims: tuple[ClaimRow, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One metric under one set of conditions; ``shm`` and ``network`` are cells as text."""

    metric: str
    first: bool
    conditions: str
    shm: tuple[str, ...]
    network: tuple[str, ...]
    unit: str
    clock: str
    exact: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ExperimentTable:
    """Rows of one experiment; ``single`` if no row has more than one sample, so that one value says it all."""

    experiment: str
    single: bool
    rows: tuple[Row, ...]


_OUTCOMES: dict[str, tuple[str, str, str, str]] = {
    Outcome.PASSED: ("good", "+", "passed", "Every claim that ran is confirmed."),
    Outcome.REFUTED: ("bad", "x", "refuted", "At least one claim does not hold; the evidence is below."),
    Outcome.INCONCLUSIVE: ("doubt", "?", "inconclusive", "At least one claim could not be decided."),
    Outcome.FAULT: (
        "broken",
        "!",
        "fault",
        "Something that the rig stands on broke. What it kept from being measured is not decided, and counts for no "
        "claim and against none; everything measured until then is here.",
    ),
    Outcome.INTERRUPTED: (
        "broken",
        "!",
        "interrupted",
        "The run was interrupted. What was measured until then is here; the rest is not decided.",
    ),
}
ENOUGH: Mapping[str, int] = {"p95": 20, "p99": 100}
"""Samples below which a percentile is but another name for the greatest of them."""

_KILLED = (
    "broken",
    "!",
    "not finished",
    "The run ended before it could say how. This report is made from its event log: what was measured until then.",
)


def outcome(record: RunRecord) -> Headline:
    """The run's own word for how it ended; a run that left none was killed."""
    tone, sign, word, text = _OUTCOMES.get(record.run.outcome or "", _KILLED)
    return Headline(tone=tone, sign=sign, word=word, text=text)


def counts(claims: Iterable[ClaimResult]) -> list[tuple[Verdict, str, str, int]]:
    """Verdict, sign, word and how many; only those that occur."""
    found = [claim.verdict for claim in claims]
    return [(v, VERDICT_SIGNS[v], verdict_word(v), found.count(v)) for v in _ORDER if v in found]


def summary(record: RunRecord, board: str) -> str:
    """One sentence: what this run says of one board."""
    claims = [claim for claim in record.claims if claim.board == board and claim.reason != NOT_ASKED]
    ran = [claim for claim in claims if claim.verdict is not Verdict.NOT_RUN]
    if not ran:
        return "No claim was decided." if claims else "The run ended before any claim was decided."
    confirmed = [claim for claim in ran if claim.verdict is Verdict.CONFIRMED]
    parts = [f"{len(confirmed)} of {plural(len(ran), 'claim')} that ran {_are(len(confirmed))} confirmed"]
    for verdict in (Verdict.REFUTED, Verdict.INCONCLUSIVE):
        ids = [claim.id for claim in ran if claim.verdict is verdict]
        if ids:
            parts.append(f"{verdict_word(verdict)}: {', '.join(ids)}")
    idle = len(claims) - len(ran)
    if idle:
        parts.append(f"{idle} did not run")
    return "; ".join(parts) + "."


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def groups(claims: Sequence[ClaimResult]) -> list[ClaimGroup]:
    """Claims by verdict, the gravest first."""
    return [
        ClaimGroup(
            word=verdict_word(verdict),
            sign=VERDICT_SIGNS[verdict],
            verdict=verdict.value,
            claims=tuple(
                ClaimRow(claim=claim, evidence=_evidence(claim)) for claim in claims if claim.verdict is verdict
            ),
        )
        for verdict in _ORDER
        if any(claim.verdict is verdict for claim in claims)
    ]


def _evidence(claim: ClaimResult) -> tuple[tuple[str, tuple[str, ...]], ...]:
    by_metric: dict[str, list[str]] = {}
    for each in claim.evidence:
        by_metric.setdefault(each.metric, []).append(each.text)
    return tuple((metric_words(metric), tuple(texts)) for metric, texts in by_metric.items())


def key_figures(measurements: Sequence[Measurement]) -> list[KeyFigure]:
    """The few numbers to read first; each only if it was measured with shared memory."""
    figures = [
        _latency(measurements),
        _largest(measurements),
        _over_readers(measurements, "bytes_copied_per_sample", "Payload bytes copied per sample", "bytes"),
        _over_readers(measurements, "resident_copies", "Places in RAM that hold a sample", ""),
        _over_readers(measurements, "payload_bytes_written", "Payload bytes written again, as traced", "bytes"),
        _over_readers(measurements, "link_bytes_per_sample", "Bytes on the link per sample", "bytes"),
        _call_total(measurements),
    ]
    return [figure for figure in figures if figure is not None]


def _latency(measurements: Sequence[Measurement]) -> KeyFigure | None:
    pair = series.latency_by_payload(measurements)
    if pair is None or not pair.shm:
        return None
    payload = min(pair.shm)
    mine, other = pair.shm[payload], pair.network.get(payload)
    control = "no control"
    if other is not None:
        ratio = f", {other.p50 / mine.p50:,.0f} times that" if mine.p50 > 0 else ""
        control = f"through the Agent {format_number(other.p50)}{ratio}"
    return KeyFigure(
        label=f"Publish to callback, {payload} B, p50", value=format_number(mine.p50), unit=pair.unit, control=control
    )


def _largest(measurements: Sequence[Measurement]) -> KeyFigure | None:
    found = series.largest_message(measurements)
    if "shm" not in found:
        return None
    value, _, unit = format_bytes(found["shm"].value).partition(" ")
    control = f"through the Agent {format_bytes(found['network'].value)}" if "network" in found else "no control"
    return KeyFigure(label="Largest message, whole", value=value, unit=unit, control=control)


def _over_readers(measurements: Sequence[Measurement], metric: str, label: str, unit: str) -> KeyFigure | None:
    pair = series.by_readers(measurements, metric)
    if pair is None or not pair.shm:
        return None
    readers = max(pair.shm)
    other = pair.network.get(readers)
    return KeyFigure(
        label=f"{label}, {plural(readers, 'reader')}",
        value=format_number(pair.shm[readers].p50),
        unit=unit,
        control=f"network {format_number(other.p50)}" if other is not None else "no control",
    )


def _call_total(measurements: Sequence[Measurement]) -> KeyFigure | None:
    table = {readers: row for readers, row in series.calls(measurements).items() if "shm" in row}
    if not table:
        return None
    readers = max(table)
    row = table[readers]
    control = f"network {format_number(sum(row['network'].values()))}" if "network" in row else "no control"
    return KeyFigure(
        label=f"Transport, lock, wait and allocation calls per sample, {plural(readers, 'reader')}",
        value=format_number(sum(row["shm"].values())),
        unit="",
        control=control,
    )


def tables(measurements: Sequence[Measurement]) -> list[ExperimentTable]:
    """Every measurement of one board, by experiment; shared memory beside the network."""
    experiments = dict.fromkeys(m.experiment for m in measurements)
    return [_table(name, [m for m in measurements if m.experiment == name]) for name in experiments]


def _table(experiment: str, measurements: Sequence[Measurement]) -> ExperimentTable:
    single = all(len(m.samples) <= 1 for m in measurements)
    rows: list[Row] = []
    last = ""
    for (_, metric, conditions), pair in by_conditions(measurements).items():
        one = next(iter(pair.values()))
        rows.append(
            Row(
                metric=metric_words(metric),
                first=metric != last,
                conditions=conditions,
                shm=_cells(pair.get("shm"), single),
                network=_cells(pair.get("network"), single),
                unit=one.unit,
                clock=one.clock or "",
                exact="shm" in pair and pair["shm"].exact,
            )
        )
        last = metric
    return ExperimentTable(experiment=experiment, single=single, rows=tuple(rows))


def _cells(measurement: Measurement | None, single: bool) -> tuple[str, ...]:
    """``n, p50, p95, p99, p99.9, max``, or the one value; empty where nothing was measured, or too little for it."""
    width = 1 if single else 6
    if measurement is None:
        return ("",) * width
    s = measurement.summary
    if s is None:
        return ("none",) if single else ("0", "none", "", "", "", "")
    if single:
        return (format_number(s.p50),)
    if len(set(measurement.samples)) == 1:  # one figure, however often: there is nothing to say of its spread
        return (str(s.count), format_number(s.p50), "", "", "", "")
    bounds = {name: "" if measurement.exact else format_bounds(s, name) for name in ("p50", "p99")}
    middle, high = (f"{format_number(getattr(s, name))}{words}" for name, words in bounds.items())
    return (
        str(s.count),
        middle,
        format_number(s.p95) if s.count >= ENOUGH["p95"] else "",
        high if s.count >= ENOUGH["p99"] else "",
        "" if s.p999 is None else format_number(s.p999),
        format_number(s.max),
    )

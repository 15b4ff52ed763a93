"""The criterion on copies: three witnesses, each reported by itself, never averaged.

The firmware counts what its memcpy family moves. The rig scans RAM at the last callback. On a board that can be traced,
every write is seen: also a copy by a loop that no counter knows, and one that is overwritten before the scan.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rig.claims._claim import Decision, Figures, confirmed, fact, inconclusive, refuted
from rig.claims._phrases import NO_SHM, covered, in_array, number, readers, under
from rig.records import Condition, Evidence, Measurement, Metric
from rig.records.vocabulary import Held, Repeats, WriteTrace

_Table = dict[int, dict[int, Measurement]]  # payload -> readers -> measurement
_MOST_NAMED = 4
_BACKEND = "rig_mw_"  # functions of a backend of the bench: not the middleware's


def copies(figures: Figures) -> Decision:
    """Bytes copied do not grow with the readers, the sample stands in RAM once, and no byte is written again."""
    rows = [m for metric in _WITNESSES for m in figures.all(metric, "shm") if in_array(m)]
    counted = _by_readers(_plain(figures, Metric.BYTES_COPIED))
    seen = _by_readers(_plain(figures, Metric.RESIDENT_COPIES))
    if not counted or not seen:
        return inconclusive(NO_SHM)
    if any(not m.samples for row in (*counted.values(), *seen.values()) for m in row.values()):
        return inconclusive("not every sample was delivered, so its copies could not be counted")
    tried = _plain(figures, Metric.PAYLOAD_WRITTEN)
    traced = _by_readers([m for m in tried if m.samples])
    said = [*_scan(seen), *_trace(traced)]
    counters = list(_counters(counted))
    blind = [m for m in tried if not m.samples]
    evidence = [evidence for evidence, _copied in (*counters, *said)]
    evidence += [fact(_blindness(m), m) for m in blind]
    evidence += [
        fact(f"control, {readers(m.conditions['readers'])}: {number(m.value)} x in RAM", m)
        for m in figures.all(Metric.RESIDENT_COPIES, "network")
        if m.samples
    ]
    evidence += _disagreements(counted, seen, traced)
    also, facts = covered(figures, rows)
    evidence += facts
    copied = [words for _evidence, words in said if words]
    for words, m in _copied_in(rows):
        copied.append(words)
        evidence.append(fact(words, m))
    if copied:
        return refuted(copied[0], evidence)
    # What the counters count need not be payload: a link that is in use moves bytes of its own meanwhile. Where every
    # write was traced and none was a payload byte's, that is known.
    alone = next((words for _evidence, words in counters if words), "")
    doubts = [_blindness(m) for m in blind if not m.gap.unavailable]
    doubts += [
        f"{under(m)}: {m.gap.missing or 'the sample was not delivered'}"
        for m in rows
        if not (m.samples or m.gap.unsupported or m.gap.unavailable)
    ]
    if alone and not _traced_throughout(counted, traced):
        doubts.append(f"{alone}, and no other witness saw a copy: it may be the link's own work")
    if doubts:
        return inconclusive(doubts[0], evidence)
    if traced:
        once = (
            "each sample stands once in RAM, and none of its bytes is written a second time, for any number of readers"
        )
        return confirmed(once + ("; what the counters saw is not of the sample" if alone else "") + also, evidence)
    return confirmed(
        f"bytes copied are the same for every number of readers, and each sample stands once in RAM{also}", evidence
    )


_WITNESSES = (Metric.BYTES_COPIED, Metric.RESIDENT_COPIES, Metric.PAYLOAD_WRITTEN)


def _plain(figures: Figures, metric: Metric) -> list[Measurement]:
    """Figures by payload and readers alone, with shared memory."""
    return [m for m in figures.all(metric, "shm") if not in_array(m)]


def _copied_in(rows: Sequence[Measurement]) -> Iterator[tuple[str, Measurement]]:
    """Rows of the array in which scan or trace saw a copy. What the counters count need not be payload: they are judged
    where only the readers vary.
    """
    for m in rows:
        if m.metric == Metric.RESIDENT_COPIES and m.samples and m.value != 1:
            names = ", ".join(place.symbol or place.address for place in m.read(Held).places) or "nowhere"
            yield f"{under(m)}: the payload stands {number(m.value)} x in RAM ({names})", m
        elif m.metric == Metric.PAYLOAD_WRITTEN and m.samples and m.value:
            again = f"{number(m.value)} bytes are written again after the application wrote them"
            yield f"{under(m)}: {again} ({_writers(m)})", m


def _traced_throughout(counted: _Table, traced: _Table) -> bool:
    """Whether every payload was traced with the fewest and with the most readers."""
    return all({min(row), max(row)} <= traced.get(payload, {}).keys() for payload, row in counted.items())


def _counters(counted: _Table) -> Iterator[tuple[Evidence, str]]:
    for payload, row in counted.items():
        values = {count: (min(m.samples), max(m.samples)) for count, m in row.items()}
        text = ", ".join(f"{count}: {number(high)}" for count, (_, high) in values.items())
        own = {count: m.read(Repeats).by_the_backend for count, m in row.items()}
        if any(own.values()):
            text += f"; of these the bench's backend's own, which wants one piece: {_by_count(own)}"
        grows = len({bound for pair in values.values() for bound in pair}) > 1
        yield (
            fact(f"{payload} B payload, bytes copied by readers: {text}", next(iter(row.values()))),
            f"bytes copied of a {payload} B payload differ with the readers ({text})" if grows else "",
        )


def _by_count(values: dict[int, float]) -> str:
    return ", ".join(f"{count}: {number(value)}" for count, value in values.items())


def _scan(seen: _Table) -> Iterator[tuple[Evidence, str]]:
    for payload, count, m in _rows(seen):
        names = ", ".join(place.symbol or place.address for place in m.read(Held).places) or "nowhere"
        stands = f"stands {number(m.value)} x in RAM ({names})"
        yield (
            fact(f"{payload} B payload, {readers(count)}: {stands}", m),
            "" if m.value == 1 else f"{readers(count)}: a {payload} B payload {stands}",
        )


def _trace(traced: _Table) -> Iterator[tuple[Evidence, str]]:
    for payload, count, m in _rows(traced):
        again = f"{number(m.value)} bytes are written again after the application wrote them"
        again += f" ({_writers(m)})" if m.value else f" (all {number(m.read(WriteTrace).writes)} writes traced)"
        yield (
            fact(f"{payload} B payload, {readers(count)}: {again}", m),
            f"{readers(count)}, {payload} B payload: {again}" if m.value else "",
        )


def _writers(m: Measurement) -> str:
    """``8,192 by memcpy for on_message to copies+0x400``, the largest first."""
    rows = sorted(m.read(WriteTrace).writers, key=lambda row: -row.bytes)
    words = []
    for row in rows[:_MOST_NAMED]:
        caller = f" for {row.caller}" if row.caller else ""
        if row.function.startswith(_BACKEND) or row.caller.startswith(_BACKEND):
            caller += ", the bench's backend's own,"
        words.append(f"{number(row.bytes)} by {row.function}{caller} to {row.symbol or row.address}")
    if len(rows) > _MOST_NAMED:
        words.append(f"and {len(rows) - _MOST_NAMED} more")
    return ", ".join(words)


def _blindness(m: Measurement) -> str:
    if m.gap.unavailable:
        return f"the third witness, a trace of every write, is not available on this board: {m.gap.unavailable}"
    where = f"{m.conditions['payload_bytes']} B payload, {readers(m.conditions['readers'])}"
    return f"{where}: the trace of writes is no evidence: {m.gap.missing or 'the sample was not delivered'}"


def _disagreements(counted: _Table, seen: _Table, traced: _Table) -> Iterator[Evidence]:
    """Where not all witnesses saw the same: a copy, or none."""
    for payload, count, scan in _rows(seen):
        said = {f"the scan of RAM saw {_some(scan.value - 1, 'further place')}": scan.value > 1}
        counter = counted.get(payload, {}).get(count)
        if counter is not None:
            copied = max(counter.samples)
            said = {f"the counters saw {_some(copied, 'byte')} copied": copied > 0} | said
        trace = traced.get(payload, {}).get(count)
        if trace is not None:
            said[f"the trace saw {_some(trace.value, 'byte')} written again"] = trace.value > 0
        if len(set(said.values())) > 1:
            text = f"{payload} B payload, {readers(count)}: the witnesses disagree: {'; '.join(said)}"
            yield fact(text, trace or scan)


def _some(count: float, noun: str) -> str:
    return f"{number(count) if count > 0 else 'no'} {noun}{'' if count in (0, 1) else 's'}"


def _rows(table: _Table) -> Iterator[tuple[int, int, Measurement]]:
    return ((payload, count, m) for payload, row in table.items() for count, m in row.items())


def _by_readers(measurements: Sequence[Measurement]) -> _Table:
    table: _Table = {}
    for m in measurements:
        table.setdefault(m.whole(Condition.PAYLOAD_BYTES), {})[m.whole(Condition.READERS)] = m
    return table

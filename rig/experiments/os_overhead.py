"""Calls to the transport, the lock, the allocator and the OS for one sample."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rig.bench import Counter, Exchange, Status
from rig.experiments._arrangement import arranged, publish, told
from rig.experiments._experiment import Experiment
from rig.experiments._factors import Payload, covering, levels
from rig.records import Measurement, Metric, Scalar
from rig.records.vocabulary import Calls, LinkUse
from rig.station import Setting

_PAYLOAD = 64
# A middleware may look at the link at every so many spins: a multiple of what is usual keeps the share exact.
_FEW = 16
_COUNTERS = {
    Metric.TRANSPORT_CALLS: (Counter.WRITES, Counter.READS),
    Metric.LOCK_CALLS: (Counter.LOCKS,),
    Metric.WAIT_CALLS: (Counter.WAITS,),
    Metric.ALLOCATION_CALLS: (Counter.ALLOCATIONS,),
    # Reads that brought nothing: as many as the time that was spent waiting holds, and no work.
    Metric.POLL_CALLS: (Counter.POLLS,),
}

_USUAL = ("reliable", "sessions", "other_pairs")
FACTORS = (*_USUAL, "payload", "readers", "pending", "buffers")


def measure(setting: Setting) -> Iterator[Measurement]:
    """Some samples, one after another; calls divided by samples, and the bytes they put on the link."""
    count = _FEW if setting.quick or setting.path == "agent" else 4 * _FEW
    for readers in (1, 4):
        found = _exchange(setting, count, readers)
        if found.seen.refused and found.seen.status is Status.NO_BUFFER:
            found = _exchange(setting, _FEW, readers)  # as many as the link takes without an acknowledgement
        yield from _figures(setting, found, readers)
    if setting.path == "shm":
        yield from _array(setting)


def _array(setting: Setting) -> Iterator[Measurement]:
    """The same calls under a covering array: no condition may need many."""
    few: dict[str, Sequence[object]] = {  # what a call may depend on: the rest of the levels is for bytes
        "payload": (Payload.ODD, Payload.EDGE, Payload.MTU),
        "readers": (1, 9),
        "pending": (0, 7),
        "buffers": (1, 16),
    }
    array = covering(setting, levels(setting, *_USUAL, **few))
    yield told(setting, "os-overhead", array)
    for row in array.rows:
        with arranged(setting, row) as state:
            if state.impossible is not None:
                yield setting.measurement(
                    "os-overhead", Metric.LOCK_CALLS, [], conditions=row.conditions, detail=state.impossible
                )
                continue
            count = _FEW // row.burst * row.burst
            seen = publish(setting, state, first=setting.fresh_sequences(count), count=count)
            yield from _calls(setting, seen, count, row.conditions)


@dataclass(frozen=True, kw_only=True)
class _Found:
    """One exchange of ``count`` samples, and what it put on the link (None: there is no link)."""

    count: int
    seen: Exchange
    link_bytes: int | None
    submessages: int


def _exchange(setting: Setting, count: int, readers: int) -> _Found:
    _, topology = setting.begin(buffers=4, readers=readers)
    setting.settle()
    before = setting.link.traffic() if setting.link is not None else None
    seen = setting.bench.exchange(
        session=topology.session,
        writer=topology.writer,
        count=count,
        length=_PAYLOAD,
        readers=readers,
        deadline=3.0,
        timeout=60.0,
    )
    if before is None or setting.link is None:
        return _Found(count=count, seen=seen, link_bytes=None, submessages=0)
    after = setting.link.traffic()
    return _Found(
        count=count,
        seen=seen,
        link_bytes=after.total_bytes - before.total_bytes,
        submessages=after.total_data - before.total_data,
    )


def _figures(setting: Setting, found: _Found, readers: int) -> Iterator[Measurement]:
    seen, count = found.seen, found.count
    conditions: dict[str, Scalar] = {"payload_bytes": _PAYLOAD, "readers": readers}
    yield from _calls(setting, seen, count, conditions)
    if found.link_bytes is not None:
        yield setting.measurement(
            "os-overhead",
            Metric.LINK_BYTES,
            [found.link_bytes / count] if seen.complete else [],
            conditions=conditions,
            detail=LinkUse(samples=count, data_submessages=found.submessages),
            exact=False,
        )


def _calls(setting: Setting, seen: Exchange, count: int, conditions: Mapping[str, Scalar]) -> Iterator[Measurement]:
    for metric, counters in _COUNTERS.items():
        calls = sum(seen.counters[c] for c in counters)
        by_kind = {c: seen.counters[c] for c in counters}
        yield setting.measurement(
            "os-overhead",
            metric,
            [calls / count] if seen.complete else [],
            conditions=conditions,
            detail=Calls(
                samples=count,
                missing=seen.shortfall,
                writes=by_kind.get(Counter.WRITES),
                reads=by_kind.get(Counter.READS),
                locks=by_kind.get(Counter.LOCKS),
                waits=by_kind.get(Counter.WAITS),
                allocations=by_kind.get(Counter.ALLOCATIONS),
                polls=by_kind.get(Counter.POLLS),
            ),
        )


EXPERIMENT = Experiment(id="os-overhead", title="calls and link bytes per sample", measure=measure)

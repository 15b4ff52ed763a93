"""How often a payload is copied: the firmware's counters, a scan of RAM, and a trace of every write."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from rig.bench import BLOCK, RUN, Counter, Exchange, PayloadWrites, Place, Topology, Trace, payload
from rig.experiments._arrangement import Arranged, arranged, publish, told
from rig.experiments._experiment import READERS, Experiment
from rig.experiments._factors import READERS as ROW_READERS
from rig.experiments._factors import covering, levels
from rig.records import Measurement, Metric, Scalar
from rig.records.vocabulary import Held, HeldPlace, Repeats, WriteTrace, Written
from rig.station import Setting

_REPEATS = 3
_QUICKLY_TRACED = (READERS[0], READERS[-1])  # also the control's in a quick run
_QUICK_BYTES = 256  # a trace takes the time of every word
_TRACED_READERS, _TRACED_BYTES = 2, 64  # rows up to these are traced: what a callback writes is traced as well
_QUICKLY_TRACED_ROWS = 2
_BLOCKS_OF_A_ROW = 4  # a copy of more than a quarter is seen in a row; a smaller one where only readers and sizes vary

FACTORS = ("payload", "alignment", "readers", "reliable", "sessions", "pending", "buffers", "other_pairs", "silent")


def measure(setting: Setting) -> Iterator[Measurement]:
    """For each number of readers: bytes copied per sample, the places that hold a sample at its last callback, and who
    wrote its bytes on the way there. Then the same under the conditions of a covering array.
    """
    sizes = [size for size in setting.payloads() if size >= BLOCK]
    if setting.quick or setting.path == "agent":
        limit = min(_QUICK_BYTES, setting.mtu * setting.history // 4)
        sizes = [size for size in sizes if size <= limit][-1:]
    for size in sizes:
        for readers in READERS if setting.path == "shm" or not setting.quick else _QUICKLY_TRACED:
            yield from _one(setting, size, readers)
    if setting.path == "shm" and setting.trace is None:
        conditions: dict[str, Scalar] = {"payload_bytes": sizes[-1], "readers": READERS[0]}
        yield _traced(setting, [], conditions, WriteTrace(unavailable=setting.untraceable))
    if setting.path == "shm":
        yield from _array(setting)


def _array(setting: Setting) -> Iterator[Measurement]:
    array = covering(setting, levels(setting, *FACTORS, readers=ROW_READERS))
    yield told(setting, "copies", array)
    cheap = [row for row in array.rows if row.readers <= _TRACED_READERS and not row.pending]
    cheap = [row for row in cheap if RUN <= row.payload_bytes <= _TRACED_BYTES]
    # Odd lengths and two sessions first: they are what the sizes above do not have.
    cheap.sort(key=lambda row: (row.payload_bytes % 4 == 0, row.sessions == 1, row.readers, row.number))
    traced = {row.number for row in (cheap[:_QUICKLY_TRACED_ROWS] if setting.quick else cheap)}
    for row in array.rows:
        with arranged(setting, row) as state:
            yield from _row(setting, state, traced=row.number in traced)


def _row(setting: Setting, state: Arranged, *, traced: bool) -> Iterator[Measurement]:
    """The counters and the scan see the last sample of a burst; the trace, where there is one, has its own exchange."""
    row = state.row
    if state.impossible is not None:
        yield setting.measurement(
            "copies", Metric.RESIDENT_COPIES, [], conditions=row.conditions, detail=state.impossible
        )
        return
    size = row.payload_bytes
    first = setting.fresh_sequences(row.burst)
    places: list[Place] = []
    held: list[int] = []

    def look() -> None:
        places.extend(setting.scan(payload(first + row.pending, size), most=_BLOCKS_OF_A_ROW))
        held.append(resident(places, size))

    seen = publish(setting, state, first=first, on_hold=look if size >= BLOCK else None)
    yield setting.measurement(
        "copies",
        Metric.BYTES_COPIED,
        [seen.counters[Counter.COPY_BYTES] / row.burst] if seen.complete else [],
        conditions=row.conditions,
        detail=Repeats(repeats=1, missing=seen.shortfall),
    )
    if size >= BLOCK:
        yield setting.measurement(
            "copies",
            Metric.RESIDENT_COPIES,
            held if seen.complete else [],
            conditions=row.conditions,
            detail=Held(places=tuple(_held(place) for place in places), missing=seen.shortfall),
        )
    if traced and setting.trace is not None:
        yield _trace(setting, size, row.conditions, lambda first, **how: publish(setting, state, first=first, **how))


def _one(setting: Setting, size: int, readers: int) -> Iterator[Measurement]:
    conditions = {"payload_bytes": size, "readers": readers}
    _, topology = setting.begin(buffers=2, readers=readers)
    counted, own = _counted(setting, topology, size)
    yield setting.measurement(
        "copies",
        Metric.BYTES_COPIED,
        counted,
        conditions=conditions,
        detail=Repeats(repeats=_REPEATS, by_the_backend=own),
    )
    places: list[Place] = []
    held: list[int] = []

    sequence = setting.fresh_sequence()  # what an earlier sample left in RAM must not be taken for this one

    def look() -> None:
        places.extend(setting.scan(payload(sequence, size)))
        held.append(resident(places, size))

    seen = _publish(setting, topology, size, sequence, on_hold=look)
    yield setting.measurement(
        "copies",
        Metric.RESIDENT_COPIES,
        held if seen.complete else [],
        conditions=conditions,
        detail=Held(places=tuple(_held(place) for place in places)),
    )
    if setting.trace is not None and setting.path == "shm" and (not setting.quick or readers in _QUICKLY_TRACED):
        yield _trace(
            setting,
            size,
            conditions,
            lambda first, **how: _publish(setting, topology, size, first, **how),
        )


def _publish(
    setting: Setting,
    topology: Topology,
    size: int,
    sequence: int,
    *,
    on_hold: Callable[[], None] | None = None,
    within: Callable[[Callable[[], None]], None] | None = None,
) -> Exchange:
    setting.settle()
    return setting.bench.exchange(
        session=topology.session,
        writer=topology.writer,
        count=1,
        length=size,
        readers=len(topology.readers),
        first=sequence,
        deadline=3.0,
        quiet=within is not None,
        on_hold=on_hold,
        within=within,
    )


def _counted(setting: Setting, topology: Topology, size: int) -> tuple[list[int], float]:
    """The firmware's own count, per sample; and how much of a sample's the bench's backend copied itself."""
    copied: list[int] = []
    before = setting.bench.statistics().copied
    for repeat in range(_REPEATS):
        seen = _publish(setting, topology, size, 1 + repeat)
        if seen.complete:
            copied.append(seen.counters[Counter.COPY_BYTES])
    return copied, (setting.bench.statistics().copied - before) / _REPEATS


def _trace(
    setting: Setting, size: int, conditions: Mapping[str, Scalar], exchange_one: Callable[..., Exchange]
) -> Measurement:
    """Bytes of one sample that were written anywhere after the application wrote it.

    It has an exchange of its own, because the board's time stops at every write; the link is held back, since it does
    not wait. The application's own write is traced too: a trace that lacks a part of it is no evidence.
    """
    assert setting.trace is not None
    trace = setting.trace
    sequence = setting.fresh_sequence()
    traces: list[Trace] = []
    held: list[bool] = []
    exchange = exchange_one(
        sequence,
        on_hold=lambda: held.append(True),
        within=lambda start: traces.append(trace(payload(sequence, size), start)),
    )
    (seen,) = traces
    blind = seen.blind
    if not blind and seen.serialised != size:
        blind = f"the application wrote {size} bytes of payload, and the trace saw {seen.serialised} of them"
    whole = bool(held) and exchange.complete and not blind
    return _traced(
        setting,
        [sum(writer.bytes for writer in seen.copies)] if whole else [],
        conditions,
        WriteTrace(
            writers=tuple(_written(writer) for writer in seen.copies),
            serialised=seen.serialised,
            writes=seen.writes,
            missing=blind,
        ),
    )


def _traced(setting: Setting, samples: list[int], conditions: Mapping[str, Scalar], detail: WriteTrace) -> Measurement:
    return setting.measurement("copies", Metric.PAYLOAD_WRITTEN, samples, conditions=conditions, detail=detail)


def _held(place: Place) -> HeldPlace:
    return HeldPlace(symbol=place.symbol, address=f"{place.address:#010x}", offset=place.offset, bytes=place.length)


def _written(writer: PayloadWrites) -> Written:
    return Written(
        function=writer.function,
        caller=writer.caller,
        address=f"{writer.address:#010x}",
        symbol=writer.symbol,
        offset=writer.offset,
        bytes=writer.bytes,
    )


def resident(places: Sequence[Place], size: int) -> int:
    """How many times a payload of ``size`` bytes is in RAM: the largest number of places that hold one block of it.

    So a copy cut into fragments counts once, and a second copy of only a part is not missed.
    """
    counts = [0] * (size // BLOCK)
    for place in places:
        begin = place.offset // BLOCK
        for block in range(begin, begin + place.length // BLOCK):
            counts[block] += 1
    return max(counts, default=0)


EXPERIMENT = Experiment(id="copies", title="payload bytes copied, and copies resident in RAM", measure=measure)

"""How often a payload is copied: the firmware's counters, the rig's own look at RAM, and a trace of every write."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict

from rig.bench import BLOCK, Counter, Exchange, Topology, Trace, payload
from rig.experiments._experiment import READERS, Experiment
from rig.records import Measurement, Scalar
from rig.station import Setting

_REPEATS = 3
_QUICKLY_TRACED = (READERS[0], READERS[-1])


def measure(setting: Setting) -> Iterator[Measurement]:
    """For each number of readers: bytes copied per sample, the places that hold a sample at its last callback, and who
    wrote its bytes on the way there.
    """
    sizes = [size for size in setting.payloads() if size >= BLOCK]
    if setting.quick or setting.path == "agent":
        limit = min(1024, setting.mtu * setting.history // 4)
        sizes = [size for size in sizes if size <= limit][-1:]
    for size in sizes:
        for readers in READERS:
            yield from _one(setting, size, readers)
    if setting.path == "shm" and setting.trace is None:
        yield _traced(setting, [], {"payload_bytes": sizes[-1], "readers": READERS[0]}, unavailable=setting.untraceable)


def _one(setting: Setting, size: int, readers: int) -> Iterator[Measurement]:
    conditions = {"payload_bytes": size, "readers": readers}
    setting.start(buffers=2)
    topology = setting.connect(readers=readers)
    yield setting.measurement(
        "copies",
        "bytes_copied_per_sample",
        "bytes",
        _counted(setting, topology, size),
        conditions=conditions,
        detail={"repeats": _REPEATS},
    )
    places: list[Mapping[str, object]] = []
    held: list[int] = []

    sequence = setting.fresh_sequence()  # what an earlier sample left in RAM must not be taken for this one

    def look() -> None:
        places.extend(setting.scan(payload(sequence, size)))
        held.append(resident(places, size))

    seen = _publish(setting, topology, size, sequence, on_hold=look)
    yield setting.measurement(
        "copies",
        "resident_copies",
        "copies",
        held if seen.complete else [],
        conditions=conditions,
        detail={"places": places},
    )
    if setting.trace is not None and setting.path == "shm" and (not setting.quick or readers in _QUICKLY_TRACED):
        yield _trace(setting, topology, size)


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


def _counted(setting: Setting, topology: Topology, size: int) -> list[int]:
    """The firmware's own count, per sample."""
    copied: list[int] = []
    for repeat in range(_REPEATS):
        seen = _publish(setting, topology, size, 1 + repeat)
        if seen.complete:
            copied.append(seen.counters[Counter.COPY_BYTES])
    return copied


def _trace(setting: Setting, topology: Topology, size: int) -> Measurement:
    """Bytes of one sample that were written anywhere after the application wrote it.

    In an exchange of its own, because the board's time stands still at every write, and with the link held back, which
    does not wait. The application's own writing is
    traced too: if it is not seen whole, the trace is blind, and no evidence.
    """
    assert setting.trace is not None
    trace = setting.trace
    readers = len(topology.readers)
    sequence = setting.fresh_sequence()
    traces: list[Trace] = []
    held: list[bool] = []
    exchange = _publish(
        setting,
        topology,
        size,
        sequence,
        on_hold=lambda: held.append(True),
        within=lambda start: traces.append(trace(payload(sequence, size), start)),
    )
    (seen,) = traces
    fault = seen.fault
    if not fault and seen.serialised != size:
        fault = f"the application wrote {size} bytes of payload, and the trace saw {seen.serialised} of them"
    whole = bool(held) and exchange.complete and not fault
    return _traced(
        setting,
        [sum(writer.bytes for writer in seen.copies)] if whole else [],
        {"payload_bytes": size, "readers": readers},
        writers=[asdict(writer) | {"address": f"{writer.address:#010x}"} for writer in seen.copies],
        serialised=seen.serialised,
        writes=seen.writes,
        fault=fault,
    )


def _traced(setting: Setting, samples: list[int], conditions: Mapping[str, Scalar], **detail: object) -> Measurement:
    return setting.measurement(
        "copies", "payload_bytes_written", "bytes", samples, conditions=conditions, detail=detail
    )


def resident(places: Sequence[Mapping[str, object]], size: int) -> int:
    """How many times a payload of ``size`` bytes stands in RAM: the most places that any one block of it stands in.

    So a copy cut into fragments counts once, and a second copy of but a part of the payload is not missed.
    """
    counts = [0] * (size // BLOCK)
    for place in places:
        begin = int(str(place["offset"])) // BLOCK
        for block in range(begin, begin + int(str(place["bytes"])) // BLOCK):
            counts[block] += 1
    return max(counts, default=0)


EXPERIMENT = Experiment(id="copies", title="payload bytes copied, and copies resident in RAM", measure=measure)

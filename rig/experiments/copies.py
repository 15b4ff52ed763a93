"""How often a payload is copied: the firmware's counters, and the rig's own look at RAM."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from rig.bench import BLOCK, Counter, Exchange, payload
from rig.experiments._experiment import READERS, Experiment
from rig.records import Measurement
from rig.station import Setting

_REPEATS = 3


def measure(setting: Setting) -> Iterator[Measurement]:
    """For each number of readers: bytes copied per sample, then the places that hold a sample at its last callback."""
    sizes = [size for size in setting.payloads() if size >= BLOCK]
    if setting.quick or setting.path == "agent":
        limit = min(1024, setting.mtu * setting.history // 4)
        sizes = [size for size in sizes if size <= limit][-1:]
    for size in sizes:
        for readers in READERS:
            yield from _one(setting, size, readers)


def _one(setting: Setting, size: int, readers: int) -> Iterator[Measurement]:
    conditions = {"payload_bytes": size, "readers": readers}
    setting.start(buffers=2)
    topology = setting.connect(readers=readers)

    def publish(sequence: int, on_hold: Callable[[], None] | None = None) -> Exchange:
        setting.settle()
        return setting.bench.exchange(
            session=topology.session,
            writer=topology.writer,
            count=1,
            length=size,
            readers=readers,
            first=sequence,
            deadline=3.0,
            on_hold=on_hold,
        )

    copied: list[int] = []
    for repeat in range(_REPEATS):
        seen = publish(1 + repeat)
        if seen.delivered == readers:
            copied.append(seen.counters[Counter.COPY_BYTES])
    yield setting.measurement(
        "copies", "bytes_copied_per_sample", "bytes", copied, conditions=conditions, detail={"repeats": _REPEATS}
    )

    sequence = 1000 + readers
    places: list[Mapping[str, object]] = []
    held = False

    def look() -> None:
        nonlocal held
        held = True
        places.extend(setting.scan(payload(sequence, size)))

    publish(sequence, look)
    yield setting.measurement(
        "copies",
        "resident_copies",
        "copies",
        [resident(places, size)] if held else [],
        conditions=conditions,
        detail={"places": places},
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

"""Whether all readers of a sample are handed the same buffer, the one that was lent to its writer."""

from __future__ import annotations

from collections.abc import Iterator

from rig.bench import Capability, Status
from rig.experiments._arrangement import told
from rig.experiments._experiment import READERS, Experiment
from rig.experiments._factors import Row, covering, levels
from rig.experiments._row_program import Seen, impossible, run_row
from rig.records import Measurement, Metric
from rig.records.vocabulary import Addresses
from rig.station import Setting

_SAMPLES = 5
_PAYLOAD = 64

FACTORS = ("payload", "alignment", "readers", "reliable", "sessions", "pending", "buffers", "other_pairs")


def measure(setting: Setting) -> Iterator[Measurement]:
    """Addresses handed to the readers of each of a few samples; with shared memory then under a covering array."""
    brief = setting.quick and setting.path == "agent"
    for readers in (READERS[0], READERS[-1]) if brief else READERS:
        _, topology = setting.begin(buffers=4, readers=readers)
        setting.settle()
        seen = setting.bench.exchange(
            session=topology.session,
            writer=topology.writer,
            count=_SAMPLES,
            length=_PAYLOAD,
            readers=readers,
            deadline=3.0,
        )
        first = {(r.sequence, r.session, r.reader): r.address for r in reversed(seen.deliveries)}
        addresses: dict[int, list[int]] = {}
        for (sequence, *_), address in sorted(first.items()):
            addresses.setdefault(sequence, []).append(address)
        yield setting.measurement(
            "shared-buffer",
            Metric.DISTINCT_BUFFERS,
            [len(set(found)) for found in addresses.values()] if seen.complete else [],
            conditions={"payload_bytes": _PAYLOAD, "readers": readers},
            detail=_addresses(addresses, missing=seen.shortfall),
        )
    if setting.path == "shm":
        yield from _array(setting)


def _array(setting: Setting) -> Iterator[Measurement]:
    array = covering(setting, levels(setting, *FACTORS))
    yield told(setting, "shared-buffer", array)
    for row in array.rows:
        yield _row(setting, row)


def _row(setting: Setting, row: Row) -> Measurement:
    """One row as a program of the firmware. The place that was lent counts as one of the addresses of a sample."""
    seen = run_row(setting, row)
    addresses: dict[int, list[int]] = {}
    if setting.bench.has(Capability.LOAN):
        for sequence, place in seen.lent.items():
            addresses.setdefault(sequence, []).append(place)
    for heard in seen.heard:
        addresses.setdefault(heard.sequence, []).append(heard.address)
    return setting.measurement(
        "shared-buffer",
        Metric.DISTINCT_BUFFERS,
        [] if _why_not(row, seen) else [len(set(found)) for found in addresses.values()],
        conditions=row.conditions,
        detail=impossible(seen) or _addresses(addresses, missing=_why_not(row, seen)),
    )


def _why_not(row: Row, seen: Seen) -> str:
    if seen.refused is not Status.OK:
        return f"a call was refused with {seen.refused.name}"
    missing = row.burst * row.readers - len({(h.session, h.reader, h.sequence) for h in seen.heard if h.wrong < 0})
    return f"{missing} of {row.burst * row.readers} deliveries are missing" if missing > 0 else ""


def _addresses(addresses: dict[int, list[int]], *, missing: str) -> Addresses:
    plain = {str(s): tuple(f"{a:#010x}" for a in found) for s, found in addresses.items()}
    return Addresses(addresses=plain, missing=missing)


EXPERIMENT = Experiment(id="shared-buffer", title="buffers that the readers of one sample see", measure=measure)

"""Whether all readers of a sample are handed the same buffer."""

from __future__ import annotations

from collections.abc import Iterator

from rig.experiments._experiment import READERS, Experiment
from rig.records import Measurement, Metric
from rig.records.vocabulary import Addresses
from rig.station import Setting

_SAMPLES = 5
_PAYLOAD = 64


def measure(setting: Setting) -> Iterator[Measurement]:
    """Addresses handed to the readers of each of a few samples."""
    for readers in READERS:
        setting.start(buffers=4)
        topology = setting.connect(readers=readers)
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
            detail=Addresses(
                addresses={str(s): tuple(f"{a:#010x}" for a in found) for s, found in addresses.items()},
                missing=seen.shortfall,
            ),
        )


EXPERIMENT = Experiment(id="shared-buffer", title="buffers that the readers of one sample see", measure=measure)

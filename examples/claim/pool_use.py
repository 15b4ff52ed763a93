"""How many buffers of the pool one sample takes while it waits for its readers."""

from __future__ import annotations

from collections.abc import Iterator

from rig.experiments._experiment import READERS, Experiment
from rig.records import Measurement, Metric
from rig.records.vocabulary import PoolUse
from rig.station import Setting

_BUFFERS = 4
_PAYLOAD = 64


def measure(setting: Setting) -> Iterator[Measurement]:
    """Publish one sample, do not spin, and ask the middleware for its free buffers before and after."""
    for readers in READERS:
        setting.start(buffers=_BUFFERS)
        topology = setting.connect(readers=readers)
        setting.settle()
        before = setting.bench.statistics().buffers_free
        setting.bench.publish(
            session=topology.session, writer=topology.writer, length=_PAYLOAD, sequence=setting.fresh_sequence()
        )
        waiting = setting.bench.statistics().buffers_free
        setting.bench.deliver(timeout=1.0)
        told = before > 0
        yield setting.measurement(
            "pool-use",
            Metric.BUFFERS_TAKEN,
            [before - waiting] if told else [],
            conditions={"payload_bytes": _PAYLOAD, "readers": readers},
            detail=PoolUse(
                before=before, waiting=waiting, unavailable="" if told else "the middleware tells no free buffers"
            ),
        )


EXPERIMENT = Experiment(id="pool-use", title="buffers that a waiting sample takes", measure=measure, has_control=False)

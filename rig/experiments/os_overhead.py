"""What one sample asks of the transport, the lock, the allocator and the OS."""

from __future__ import annotations

from collections.abc import Iterator

from rig.bench import Counter
from rig.experiments._experiment import Experiment
from rig.records import Measurement
from rig.station import Setting

_PAYLOAD = 64
_METRICS = {
    "transport_calls_per_sample": (Counter.WRITES, Counter.READS),
    "lock_calls_per_sample": (Counter.LOCKS,),
    "wait_calls_per_sample": (Counter.WAITS,),
    "allocation_calls_per_sample": (Counter.ALLOCATIONS,),
}


def measure(setting: Setting) -> Iterator[Measurement]:
    """Some samples, one after another; calls divided by samples, and the bytes they put on the link."""
    # A middleware may look at the link at every so many spins: a multiple of what is usual keeps the share exact.
    count = 16 if setting.quick or setting.path == "agent" else 64
    for readers in (1, 4):
        setting.start(buffers=4)
        topology = setting.connect(readers=readers)
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
        conditions = {"payload_bytes": _PAYLOAD, "readers": readers}
        whole = seen.delivered == count * readers
        for metric, counters in _METRICS.items():
            calls = sum(seen.counters[c] for c in counters)
            yield setting.measurement(
                "os-overhead",
                metric,
                "calls",
                [calls / count] if whole else [],
                conditions=conditions,
                detail={"samples": count, **{c.name.lower(): seen.counters[c] for c in counters}},
            )
        if before is not None and setting.link is not None:
            after = setting.link.traffic()
            yield setting.measurement(
                "os-overhead",
                "link_bytes_per_sample",
                "bytes",
                [(after.total_bytes - before.total_bytes) / count] if whole else [],
                conditions=conditions,
                detail={"samples": count, "data_submessages": after.total_data - before.total_data},
                exact=False,
            )


EXPERIMENT = Experiment(id="os-overhead", title="calls and link bytes per sample", measure=measure)

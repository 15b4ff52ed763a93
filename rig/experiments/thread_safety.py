"""Whether samples survive a publisher in another context than the one that spins: a thread, or a timer interrupt."""

from __future__ import annotations

from collections.abc import Iterator

from rig.bench import Capability
from rig.experiments._experiment import Experiment
from rig.records import Measurement, Metric, Scalar
from rig.records.vocabulary import Contexts
from rig.station import Setting

_PAYLOAD = 64
_DEADLINE = 60.0


def measure(setting: Setting) -> Iterator[Measurement]:
    """The other context publishes into the main one's spins; every sample carries what proves it whole."""
    count = 2_000 if setting.quick else 20_000
    setting.start(buffers=4)
    topology = setting.connect(readers=1)
    setting.settle()
    seen = setting.bench.preempt(
        session=topology.session, writer=topology.writer, count=count, length=_PAYLOAD, deadline=_DEADLINE
    )
    conditions: dict[str, Scalar] = {"payload_bytes": _PAYLOAD, "readers": 1, "samples": count}
    detail = Contexts(accepted=seen.accepted, full=seen.full, first_error=seen.status.name)
    for metric, value in (
        (Metric.SAMPLES_DELIVERED, seen.delivered),
        (Metric.SAMPLES_TORN, seen.damaged),
        (Metric.SAMPLES_OUT_OF_ORDER, seen.misplaced),
        (Metric.PUBLISHED_INSIDE, seen.inside),
    ):
        yield setting.measurement("thread-safety", metric, [value], conditions=conditions, detail=detail, exact=False)


EXPERIMENT = Experiment(
    id="thread-safety",
    title="a publisher in another context",
    measure=measure,
    has_control=False,
    needs=Capability.THREADS,
)

"""Whether samples survive a publisher in another context than the one that spins: a thread, or a timer interrupt."""

from __future__ import annotations

from collections.abc import Iterator

from rig.bench import Capability
from rig.experiments._experiment import Experiment
from rig.records import Measurement, Scalar
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
    detail = {"accepted": seen.accepted, "full": seen.full, "first_error": seen.status.name}
    for metric, value in (
        ("samples_delivered", seen.delivered),
        ("samples_torn", seen.damaged),
        ("samples_out_of_order", seen.misplaced),
        ("published_inside_a_spin", seen.inside),
    ):
        yield setting.measurement(
            "thread-safety", metric, "samples", [value], conditions=conditions, detail=detail, exact=False
        )


EXPERIMENT = Experiment(
    id="thread-safety",
    title="a publisher in another context",
    measure=measure,
    has_control=False,
    needs=Capability.THREADS,
)

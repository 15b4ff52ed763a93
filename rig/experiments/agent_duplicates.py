"""Whether a sample that was delivered inside the MCU comes a second time over the Agent, or gets lost for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rig.experiments._experiment import Experiment
from rig.records import Measurement, Scalar
from rig.station import Setting

_SAMPLES = 40
_READERS = 2
_PAYLOAD = 64


def measure(setting: Setting) -> Iterator[Measurement]:
    """Publish beside a running Agent; then beside one that was restarted, which knows nothing of us."""
    if setting.path != "shm" or setting.link is None:
        return
    setting.start(buffers=8)
    topology = setting.connect(readers=_READERS)
    setting.settle()
    first = 1
    for agent in ("steady", "restarted"):
        if agent == "restarted":
            setting.link.restart_agent()
            setting.bench.spin(timeout=0.3)
        before = setting.link.traffic()
        seen = setting.bench.exchange(
            session=topology.session,
            writer=topology.writer,
            count=_SAMPLES,
            length=_PAYLOAD,
            readers=_READERS,
            first=first,
            deadline=3.0,
        )
        setting.settle()
        late = setting.bench.spin(timeout=1.0)
        after = setting.link.traffic()
        got = Counter((record.reader, record.sequence) for record in seen.deliveries)
        expected = _READERS * seen.accepted
        conditions: dict[str, Scalar] = {"payload_bytes": _PAYLOAD, "readers": _READERS, "agent": agent}
        detail = {
            "accepted": seen.accepted,
            "refused": seen.refused,
            "late": late,
            "data_sent": after.data_sent - before.data_sent,
        }
        for metric, value in (
            ("samples_doubled", sum(n - 1 for n in got.values()) + late),
            ("samples_lost", expected - len(got)),
            ("data_echoed", after.data_received - before.data_received),
        ):
            yield setting.measurement(
                "agent-duplicates", metric, "samples", [value], conditions=conditions, detail=detail, exact=False
            )
        first += _SAMPLES


EXPERIMENT = Experiment(
    id="agent-duplicates",
    title="samples that come back from the Agent",
    measure=measure,
    has_control=False,
    needs_agent=True,
)

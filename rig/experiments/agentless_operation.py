"""Whether samples flow while the link to the Agent is cut, after the session was set up."""

from __future__ import annotations

from collections.abc import Iterator

from rig.experiments._experiment import Experiment
from rig.records import Measurement, Scalar
from rig.station import Setting

_PAYLOAD = 64
_READERS = 2


def measure(setting: Setting) -> Iterator[Measurement]:
    """Connect, cut the link, publish 1,000 samples per reliability (the control: a few)."""
    control = setting.path == "agent"
    count = 5 if control else 1000
    for reliable in (True, False):
        setting.start(buffers=4)
        topology = setting.connect(readers=_READERS, reliable=reliable)
        if setting.link is not None:
            setting.link.cut()
        try:
            seen = setting.bench.exchange(
                session=topology.session,
                writer=topology.writer,
                count=count,
                length=_PAYLOAD,
                readers=_READERS,
                record=False,
                deadline=0.1 if control else 1.0,
                timeout=60.0,
            )
        finally:
            if setting.link is not None:
                setting.link.restore()
        conditions: dict[str, Scalar] = {
            "payload_bytes": _PAYLOAD,
            "readers": _READERS,
            "reliable": reliable,
            "link": "cut" if setting.link is not None else "none",
        }
        expected = count * _READERS
        detail = {"expected": expected, "refused": seen.refused, "first_error": seen.status.name}
        for metric, value in (
            ("samples_delivered", seen.delivered - seen.damaged),
            ("samples_lost", max(0, seen.accepted * _READERS - seen.delivered)),
            ("publish_errors", seen.refused),
        ):
            yield setting.measurement(
                "agentless-operation", metric, "samples", [value], conditions=conditions, detail=detail
            )


EXPERIMENT = Experiment(id="agentless-operation", title="samples delivered while the link is cut", measure=measure)

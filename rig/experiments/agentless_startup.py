"""Whether entities are made and samples flow when no Agent was ever there, and go on when one appears."""

from __future__ import annotations

from collections.abc import Iterator

from rig.bench import Capability, Refused, Topology, one_writer
from rig.experiments._experiment import Experiment
from rig.records import Detail, Measurement, Metric, Scalar
from rig.records.vocabulary import Startup
from rig.station import Setting

_PAYLOAD = 64
_READERS = 2
_SAMPLES = 100
_KEY = 0x4F4E4554


def measure(setting: Setting) -> Iterator[Measurement]:
    """Nothing answers on the link from the middleware's start on; later the link comes back. Then no link at all."""
    link = setting.link
    if link is not None:
        link.cut()
    try:
        setting.start(buffers=4)
        topology, refusal = _connect(setting)
        yield from _exchange(setting, topology, refusal, "absent")
    finally:
        if link is not None:
            link.restore()
    if link is not None and topology is not None and setting.path == "shm":
        setting.bench.spin(timeout=1.5)  # the Client tries to connect about once a second
        yield from _exchange(setting, topology, refusal, "appeared")
    if link is not None and setting.path == "shm":
        if setting.bench.has(Capability.OFFLINE):
            setting.bench.start(buffers=4, mtu=setting.mtu, history=setting.history, link=False)
            yield from _exchange(setting, *_connect(setting), "none")
        else:
            detail = Detail(unsupported="a session on a middleware that was started without a link")
            yield setting.measurement(
                "agentless-startup", Metric.SAMPLES_DELIVERED, [], conditions=_conditions("none"), detail=detail
            )


def _connect(setting: Setting) -> tuple[Topology | None, str]:
    """Entities without an Agent, or why there are none."""
    timeout = 0.0 if setting.bench.has(Capability.OFFLINE) else 0.5
    try:
        return one_writer(setting.bench, readers=_READERS, key=_KEY, timeout=timeout, request=False), ""
    except Refused as error:
        return None, str(error)


def _conditions(agent: str) -> dict[str, Scalar]:
    return {"payload_bytes": _PAYLOAD, "readers": _READERS, "agent": agent}


def _exchange(setting: Setting, topology: Topology | None, refusal: str, agent: str) -> Iterator[Measurement]:
    delivered = lost = 0
    count = _SAMPLES if setting.path == "shm" else 3
    if topology is not None:
        seen = setting.bench.exchange(
            session=topology.session,
            writer=topology.writer,
            count=count,
            length=_PAYLOAD,
            readers=_READERS,
            record=False,
            deadline=1.0 if setting.path == "shm" else 0.1,
        )
        delivered = seen.once
        lost = seen.lost
        refusal = seen.status.name if seen.refused else ""
    conditions = _conditions(agent)
    detail = Startup(expected=count * _READERS, refused=refusal, entities=topology is not None)
    for metric, value in ((Metric.SAMPLES_DELIVERED, delivered), (Metric.SAMPLES_LOST, lost)):
        yield setting.measurement("agentless-startup", metric, [value], conditions=conditions, detail=detail)


EXPERIMENT = Experiment(id="agentless-startup", title="start with no Agent", measure=measure)

"""Whether entities are created and samples flow without any Agent since boot, and go on when one appears."""

from __future__ import annotations

import time
from collections.abc import Iterator

from rig.bench import Refused, Topology, Unsupported, one_writer
from rig.experiments._experiment import Experiment
from rig.records import Detail, Measurement, Metric, Scalar
from rig.records.vocabulary import Startup
from rig.station import Link, Setting

_PAYLOAD = 64
_READERS = 2
_SAMPLES = 100
_KEY = 0x4F4E4554
_COMES_BACK = 1.5  # seconds
_STEP = 0.1


def measure(setting: Setting) -> Iterator[Measurement]:
    """Nothing answers on the link from the middleware's start on; later the link comes back. Then no link at all.

    Both kinds of stream are tested: one that waits for acknowledgements may fill up while the other still works.
    """
    for reliable in (True, False):
        yield from _absent(setting, reliable)
        if setting.link is not None and setting.path == "shm":
            yield from _no_link(setting, reliable)


def _absent(setting: Setting, reliable: bool) -> Iterator[Measurement]:
    link = setting.link
    if link is not None:
        link.cut()
    try:
        setting.start(buffers=4)
        topology, refusal = _connect(setting, reliable)
        yield from _exchange(setting, topology, refusal, "absent", reliable)
    finally:
        if link is not None:
            link.restore()
    # A Client tries to connect once a second: a quick run waits for that once.
    comes = link is not None and (reliable or not setting.quick)
    if link is not None and comes and topology is not None and setting.path == "shm":
        _until_answered(setting, link)
        yield from _exchange(setting, topology, refusal, "appeared", reliable)


def _until_answered(setting: Setting, link: Link) -> None:
    """Spin until the Agent has answered and the link is at rest again; a Client may try to connect once a second."""
    heard, end = link.traffic().bytes_received, time.monotonic() + _COMES_BACK
    while time.monotonic() < end:
        setting.bench.spin(timeout=_STEP)
        if link.traffic().bytes_received != heard:
            setting.settle()
            return


def _no_link(setting: Setting, reliable: bool) -> Iterator[Measurement]:
    setting.bench.start(buffers=4, mtu=setting.mtu, history=setting.history, link=False)
    try:
        topology = _topology(setting, reliable, timeout=0.0)
    except Unsupported:
        detail = Detail(unsupported="a session on a middleware that was started without a link")
        yield setting.measurement(
            "agentless-startup",
            Metric.SAMPLES_DELIVERED,
            [],
            conditions=_conditions("none", reliable),
            detail=detail,
        )
    except Refused as error:
        yield from _exchange(setting, None, str(error), "none", reliable)
    else:
        yield from _exchange(setting, topology, "", "none", reliable)


def _topology(setting: Setting, reliable: bool, *, timeout: float) -> Topology:
    return one_writer(setting.bench, readers=_READERS, reliable=reliable, key=_KEY, timeout=timeout, request=False)


def _connect(setting: Setting, reliable: bool) -> tuple[Topology | None, str]:
    """Entities without an Agent, or why there are none. A middleware that begins with one only is given the time."""
    try:
        try:
            return _topology(setting, reliable, timeout=0.0), ""
        except Unsupported:
            return _topology(setting, reliable, timeout=0.5), ""
    except Refused as error:
        return None, str(error)


def _conditions(agent: str, reliable: bool) -> dict[str, Scalar]:
    return {"payload_bytes": _PAYLOAD, "readers": _READERS, "agent": agent, "reliable": reliable}


def _exchange(
    setting: Setting, topology: Topology | None, refusal: str, agent: str, reliable: bool
) -> Iterator[Measurement]:
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
    conditions = _conditions(agent, reliable)
    detail = Startup(expected=count * _READERS, refused=refusal, entities=topology is not None)
    for metric, value in ((Metric.SAMPLES_DELIVERED, delivered), (Metric.SAMPLES_LOST, lost)):
        yield setting.measurement("agentless-startup", metric, [value], conditions=conditions, detail=detail)


EXPERIMENT = Experiment(id="agentless-startup", title="start with no Agent", measure=measure)

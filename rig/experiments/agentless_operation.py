"""Whether samples flow while the link to the Agent is cut, after the session was set up.

Samples wait for the link if the Agent does not tell who reads, or if a reader elsewhere exists. A reliable reader
elsewhere must get every accepted sample as long as the Client may expect the link to come back. The experiment waits
for that time; then local samples must flow.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

from rig.bench import Exchange, Topology, Unsupported, one_writer
from rig.experiments._experiment import Experiment
from rig.records import Detail, Measurement, Metric, Scalar
from rig.records.vocabulary import Deliveries
from rig.station import Link, Setting

_PAYLOAD = 64
_READERS = 2
_TOPIC = ("rt/rig", "std_msgs::msg::dds_::ByteMultiArray_")
_GRACE = 2.0  # seconds in which a Client may keep a full pool for a reliable reader behind a link that is silent
_FILL = 40  # samples, more than the streams and the pool have room for
_STEP = 0.05
_CUT, _RETICENT, _READ, _NONE = "cut", "cut, and its Agent tells nothing", "cut, and a reader behind it", "none"


def measure(setting: Setting) -> Iterator[Measurement]:
    """Connect, cut the link, publish 1,000 samples per reliability (the control: a few); the same where samples wait
    for the link; then with no link at all.
    """
    links = [_NONE] if setting.link is None else [_CUT]
    if setting.link is not None and setting.path != "agent":
        links += [_RETICENT, _READ, _NONE]
    for link in links:
        for reliable in (True, False):
            try:
                yield from _one(setting, link, reliable)
            except Unsupported:
                if link != _NONE:
                    raise
                yield _cannot(setting, reliable)


def _conditions(link: str, reliable: bool) -> dict[str, Scalar]:
    return {"payload_bytes": _PAYLOAD, "readers": _READERS, "reliable": reliable, "link": link}


def _cannot(setting: Setting, reliable: bool) -> Measurement:
    detail = Detail(unsupported="a session on a middleware that was started without a link")
    return setting.measurement(
        "agentless-operation",
        Metric.SAMPLES_DELIVERED,
        [],
        conditions=_conditions(_NONE, reliable),
        detail=detail,
    )


def _connect(setting: Setting, link: str, reliable: bool) -> Topology:
    if link != _NONE or setting.link is None:
        return setting.begin(buffers=4, readers=_READERS, reliable=reliable)[1]
    setting.bench.start(buffers=4, mtu=setting.mtu, history=setting.history, link=False)
    return one_writer(
        setting.bench, readers=_READERS, reliable=reliable, key=setting.next_key(), timeout=0.0, request=False
    )


def _publish(setting: Setting, topology: Topology, count: int, *, deadline: float = 1.0) -> Exchange:
    return setting.bench.exchange(
        session=topology.session,
        writer=topology.writer,
        count=count,
        length=_PAYLOAD,
        readers=_READERS,
        record=False,
        deadline=deadline,
        timeout=60.0,
    )


def _read_elsewhere(setting: Setting, link: Link, topology: Topology, stack: ExitStack, reliable: bool) -> bool:
    """A reader at the Agent, of which the board knows as far as its Agent tells. It asks for no more than the writer
    offers: else they would not match.
    """
    reader = link.remote_reader(_TOPIC, reliable=reliable)
    if reader is None:
        return False
    stack.enter_context(reader)
    while not reader.ready:  # which is an error when it takes too long
        setting.bench.spin(timeout=_STEP)
    sent, end = link.traffic().data_sent, time.monotonic() + _GRACE
    while link.cooperative and link.traffic().data_sent == sent and time.monotonic() < end:
        _publish(setting, topology, 1)
        setting.bench.spin(timeout=_STEP)
    setting.settle()
    return True


def _one(setting: Setting, link: str, reliable: bool) -> Iterator[Measurement]:
    control = setting.path == "agent"
    count = 5 if control else 1000
    with ExitStack() as stack:
        line = setting.link
        if line is not None and link == _RETICENT:
            line.restart_agent(reticent=True)
            stack.callback(line.restart_agent)
        topology = _connect(setting, link, reliable)
        if line is not None and link == _READ and not _read_elsewhere(setting, line, topology, stack, reliable):
            return  # an Agent that serves the board's line and nobody else
        if line is not None and link != _NONE:
            line.cut()
            stack.callback(line.restore)
        if link == _READ and reliable:
            _publish(setting, topology, _FILL)
            setting.bench.spin(timeout=_GRACE)
        seen = _publish(setting, topology, count, deadline=0.1 if control else 1.0)
    detail = Deliveries(expected=count * _READERS, refused=seen.refused, first_error=seen.status.name)
    for metric, value in (
        (Metric.SAMPLES_DELIVERED, seen.once),
        (Metric.SAMPLES_LOST, seen.lost),
        (Metric.PUBLISH_ERRORS, seen.refused),
    ):
        yield setting.measurement(
            "agentless-operation", metric, [value], conditions=_conditions(link, reliable), detail=detail
        )


EXPERIMENT = Experiment(id="agentless-operation", title="samples delivered while the link is cut", measure=measure)

"""Whether samples flow while the link to the Agent is cut, after the session was set up."""

from __future__ import annotations

from collections.abc import Iterator

from rig.bench import Topology, Unsupported, one_writer
from rig.experiments._experiment import Experiment
from rig.experiments._refusals import again_if_late
from rig.records import Detail, Measurement, Metric, Scalar
from rig.records.vocabulary import Deliveries
from rig.station import Setting

_PAYLOAD = 64
_READERS = 2


def measure(setting: Setting) -> Iterator[Measurement]:
    """Connect, cut the link, publish 1,000 samples per reliability (the control: a few); then with no link at all."""
    links = ["none"] if setting.link is None else ["cut"] if setting.path == "agent" else ["cut", "none"]
    for link in links:
        for reliable in (True, False):
            try:
                yield from _one(setting, link, reliable)
            except Unsupported:
                if link == "cut":
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
        conditions=_conditions("none", reliable),
        detail=detail,
    )


def _connect(setting: Setting, link: str, reliable: bool) -> Topology:
    if link == "cut" or setting.link is None:
        setting.start(buffers=4)
        return setting.connect(readers=_READERS, reliable=reliable)
    setting.bench.start(buffers=4, mtu=setting.mtu, history=setting.history, link=False)
    return one_writer(
        setting.bench, readers=_READERS, reliable=reliable, key=setting.next_key(), timeout=0.0, request=False
    )


def _one(setting: Setting, link: str, reliable: bool) -> Iterator[Measurement]:
    control = setting.path == "agent"
    count = 5 if control else 1000
    topology = again_if_late(lambda: _connect(setting, link, reliable))
    if link == "cut" and setting.link is not None:
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
        if link == "cut" and setting.link is not None:
            setting.link.restore()
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

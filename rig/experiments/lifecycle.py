"""Whether entities and sessions may come and go: nothing leaks, others go on, the deleted get nothing more."""

from __future__ import annotations

from collections.abc import Iterator

from rig.bench import (
    DATAREADER,
    DATAWRITER,
    PARTICIPANT,
    PUBLISHER,
    SUBSCRIBER,
    TOPIC,
    Capability,
    Refused,
    Topology,
    Unsupported,
    one_writer,
)
from rig.experiments._experiment import Experiment
from rig.records import Measurement, Scalar
from rig.station import Setting

_ROUNDS = 100
_PAYLOAD = 32
_TOPIC_A, _TOPIC_B = "rt/stays", "rt/goes"


def measure(setting: Setting) -> Iterator[Measurement]:
    """A hundred rounds of create, exchange, delete; then a reader that goes; then a session that goes."""
    yield from _rounds(setting)
    yield from _deleted_reader(setting)
    yield from _closed_session(setting)


def _start(setting: Setting) -> float:
    """Start the middleware; returns the time-out for creating."""
    offline = setting.bench.has(Capability.OFFLINE)
    setting.bench.start(
        buffers=4, mtu=setting.mtu, history=setting.history, link=not offline and setting.link is not None
    )
    return 0.0 if offline else setting.answer_timeout


def _connect(setting: Setting, readers: int, topic: str, timeout: float) -> Topology:
    return one_writer(
        setting.bench, readers=readers, topic=topic, key=setting.next_key(), timeout=timeout, request=False
    )


def _publish(setting: Setting, topology: Topology, readers: int) -> int:
    """Deliveries of one sample, whoever got it."""
    seen = setting.bench.exchange(
        session=topology.session,
        writer=topology.writer,
        count=1,
        length=_PAYLOAD,
        readers=readers,
        record=False,
        deadline=0.2,
    )
    return seen.local


def _rounds(setting: Setting) -> Iterator[Measurement]:
    timeout = _start(setting)
    bench = setting.bench
    idle = bench.statistics()
    rounds = 20 if setting.quick else _ROUNDS
    delivered = 0
    refusal = ""
    try:
        for _ in range(rounds):
            topology = _connect(setting, 1, _TOPIC_A, timeout)
            delivered += _publish(setting, topology, 1)
            for kind in (DATAREADER, DATAWRITER, SUBSCRIBER, PUBLISHER, TOPIC, PARTICIPANT):
                bench.delete(topology.session, kind, 1, timeout=timeout)
            bench.close_session(topology.session, timeout=timeout)
    except Refused as error:
        refusal = str(error)  # what was given back is not there any more: the rounds that are left are lost
    after = bench.statistics()
    conditions: dict[str, Scalar] = {"case": "rounds", "rounds": rounds}
    for metric, unit, value in (
        ("samples_lost", "samples", rounds - delivered),
        ("entities_leaked", "entities", after.entities - idle.entities),
        ("buffers_leaked", "buffers", idle.buffers_free - after.buffers_free),
    ):
        detail = {"refusal": refusal}
        yield setting.measurement("lifecycle", metric, unit, [value], conditions=conditions, detail=detail)


def _deleted_reader(setting: Setting) -> Iterator[Measurement]:
    timeout = _start(setting)
    topology = _connect(setting, 2, _TOPIC_A, timeout)
    before = _publish(setting, topology, 2)
    setting.bench.delete(topology.session, DATAREADER, topology.readers[1], timeout=timeout)
    seen = setting.bench.exchange(
        session=topology.session, writer=topology.writer, count=3, length=_PAYLOAD, readers=1, first=10, deadline=0.2
    )
    stray = sum(1 for record in seen.deliveries if record.reader == topology.readers[1])
    kept = sum(1 for record in seen.deliveries if record.reader == topology.readers[0])
    conditions: dict[str, Scalar] = {"case": "deleted reader"}
    detail = {"before": before, "kept": kept}
    yield setting.measurement("lifecycle", "samples_stray", "samples", [stray], conditions=conditions, detail=detail)
    yield setting.measurement(
        "lifecycle", "samples_lost", "samples", [2 - before + 3 - kept], conditions=conditions, detail=detail
    )


def _closed_session(setting: Setting) -> Iterator[Measurement]:
    conditions: dict[str, Scalar] = {"case": "closed session"}
    timeout = _start(setting)
    stays = _connect(setting, 1, _TOPIC_A, timeout)
    try:
        goes = _connect(setting, 1, _TOPIC_B, timeout)
    except Unsupported as error:
        detail = {"unsupported": error.message}
        yield setting.measurement("lifecycle", "samples_lost", "samples", [], conditions=conditions, detail=detail)
        return
    before = _publish(setting, stays, 1) + _publish(setting, goes, 1)
    setting.bench.close_session(goes.session, timeout=timeout)
    after = sum(_publish(setting, stays, 1) for _ in range(3))
    yield setting.measurement(
        "lifecycle",
        "samples_lost",
        "samples",
        [2 - before + 3 - after],
        conditions=conditions,
        detail={"before": before, "after": after},
    )


EXPERIMENT = Experiment(
    id="lifecycle",
    title="entities and sessions that come and go",
    measure=measure,
    has_control=False,
    needs=Capability.DELETE,
)

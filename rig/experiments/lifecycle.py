"""Whether entities and sessions may come and go: nothing leaks, others are unaffected, deleted readers get nothing."""

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
    Entry,
    Refused,
    Topology,
    Unsupported,
    one_writer,
)
from rig.experiments import _long_life
from rig.experiments._experiment import Experiment
from rig.experiments._refusals import raise_unanswered
from rig.records import Detail, Measurement, Metric, Scalar
from rig.records.vocabulary import Left, Rounds
from rig.station import Setting

_ROUNDS = 100
_QUICK_ROUNDS = 20  # a leak of few rounds; what shows only later is for the full run
_PENDING = 3
_PAYLOAD = 32
_TOPIC_A, _TOPIC_B = "rt/stays", "rt/goes"


def measure(setting: Setting) -> Iterator[Measurement]:
    """Rounds of create, exchange, delete; then delete a reader, also while samples wait for it; then close a
    session.
    """
    yield from _rounds(setting)
    yield from _deleted_reader(setting)
    yield from _deleted_amid_samples(setting)
    yield from _closed_session(setting)
    yield from _long_life.live(setting, "lifecycle", _long_life.readers)
    yield from _long_life.live(setting, "lifecycle", _long_life.writers)


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
    """Deliveries of one sample, to any reader."""
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


def _counted(
    setting: Setting, case: str, *, must: int, got: int, detail: Detail, **more: Scalar
) -> Iterator[Measurement]:
    """What is missing of the deliveries, and what is too much of them."""
    conditions: dict[str, Scalar] = {"case": case, **more}
    for metric, value in ((Metric.SAMPLES_LOST, max(0, must - got)), (Metric.SAMPLES_DOUBLED, max(0, got - must))):
        yield setting.measurement("lifecycle", metric, [value], conditions=conditions, detail=detail)


def _rounds(setting: Setting) -> Iterator[Measurement]:
    timeout = _start(setting)
    bench = setting.bench
    idle = used = bench.statistics()
    rounds = _QUICK_ROUNDS if setting.quick else _ROUNDS
    delivered = 0
    refusal = ""
    try:
        for number in range(rounds):
            topology = _connect(setting, 1, _TOPIC_A, timeout)
            delivered += _publish(setting, topology, 1)
            if number == 0:
                used = bench.statistics()
            for kind in (DATAREADER, DATAWRITER, SUBSCRIBER, PUBLISHER, TOPIC, PARTICIPANT):
                bench.delete(topology.session, kind, 1, timeout=timeout)
            bench.close_session(topology.session, timeout=timeout)
    except Refused as error:
        raise_unanswered(error)
        refusal = str(error)  # what was given back is not there any more: the rounds that are left are lost
    after = bench.statistics()
    detail = Rounds(refusal=refusal)
    yield from _counted(setting, "rounds", must=rounds, got=delivered, detail=detail, rounds=rounds)
    conditions: dict[str, Scalar] = {"case": "rounds", "rounds": rounds}
    for metric, value, told in (
        # A middleware that counts its entities has some while there are some, and of its buffers some are free.
        (Metric.ENTITIES_LEAKED, after.entities - idle.entities, used.entities > idle.entities),
        (Metric.BUFFERS_LEAKED, idle.buffers_free - after.buffers_free, idle.buffers_free > 0),
    ):
        yield setting.measurement(
            "lifecycle",
            metric,
            [value] if told else [],
            conditions=conditions,
            detail=detail if told else Detail(unavailable="the middleware's statistics do not have it"),
        )


def _deleted_reader(setting: Setting) -> Iterator[Measurement]:
    case = "deleted reader"
    timeout = _start(setting)
    topology = _connect(setting, 2, _TOPIC_A, timeout)
    before = _publish(setting, topology, 2)
    setting.bench.delete(topology.session, DATAREADER, topology.readers[1], timeout=timeout)
    seen = setting.bench.exchange(
        session=topology.session, writer=topology.writer, count=3, length=_PAYLOAD, readers=1, first=10, deadline=0.2
    )
    yield from _left(setting, case, topology, seen.deliveries, before=before, must=3)


def _deleted_amid_samples(setting: Setting) -> Iterator[Measurement]:
    """Samples wait for both readers when one of them is deleted."""
    case = "reader deleted while samples wait for it"
    timeout = _start(setting)
    topology = _connect(setting, 2, _TOPIC_A, timeout)
    before = _publish(setting, topology, 2)
    try:
        for sequence in range(10, 10 + _PENDING):
            setting.bench.publish(session=topology.session, writer=topology.writer, length=_PAYLOAD, sequence=sequence)
    except Unsupported as error:
        detail = Detail(unsupported=error.message)
        yield setting.measurement("lifecycle", Metric.SAMPLES_LOST, [], conditions={"case": case}, detail=detail)
        return
    during = setting.bench.delete(topology.session, DATAREADER, topology.readers[1], timeout=timeout)
    # A middleware that waits for the Agent delivers meanwhile: to the reader that is being deleted it may still.
    seen = [record for record in during if record.reader == topology.readers[0]]
    seen += [record for _ in range(2) for record in setting.bench.deliver(timeout=0.02)]
    yield from _left(setting, case, topology, seen, before=before, must=_PENDING)


def _left(
    setting: Setting, case: str, topology: Topology, seen: list[Entry], *, before: int, must: int
) -> Iterator[Measurement]:
    """Samples that the remaining reader lacks, and those that the deleted one got. Duplicates are not checked here."""
    left, gone = topology.readers
    kept = len({record.sequence for record in seen if record.reader == left})
    stray = sum(1 for record in seen if record.reader == gone)
    lost = max(0, 2 + must - before - kept)
    detail = Left(before=before, kept=kept)
    conditions: dict[str, Scalar] = {"case": case}
    for metric, value in ((Metric.SAMPLES_STRAY, stray), (Metric.SAMPLES_LOST, lost)):
        yield setting.measurement("lifecycle", metric, [value], conditions=conditions, detail=detail)


def _closed_session(setting: Setting) -> Iterator[Measurement]:
    case = "closed session"
    timeout = _start(setting)
    stays = _connect(setting, 1, _TOPIC_A, timeout)
    try:
        goes = _connect(setting, 1, _TOPIC_B, timeout)
    except Unsupported as error:
        detail = Detail(unsupported=error.message)
        yield setting.measurement("lifecycle", Metric.SAMPLES_LOST, [], conditions={"case": case}, detail=detail)
        return
    before = _publish(setting, stays, 1) + _publish(setting, goes, 1)
    setting.bench.close_session(goes.session, timeout=timeout)
    after = sum(_publish(setting, stays, 1) for _ in range(3))
    left = Left(before=before, after=after)
    yield from _counted(setting, case, must=2 + 3, got=before + after, detail=left)


EXPERIMENT = Experiment(
    id="lifecycle",
    title="entities and sessions that come and go",
    measure=measure,
    has_control=False,
    needs=Capability.DELETE,
)

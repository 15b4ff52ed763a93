"""Whether a sample that was delivered inside the MCU comes a second time over the Agent, or gets lost for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rig.bench import Refused, Status, Topology, one_writer
from rig.experiments._experiment import Experiment
from rig.records import Measurement, Scalar
from rig.station import Link, Setting

_SAMPLES = 40
_READERS = 2
_PAYLOAD = 64
_NO_SECOND = (Status.UNSUPPORTED, Status.TABLE_FULL)  # a second session, on this middleware or this small board
_METRICS = ("samples_doubled", "samples_lost", "data_echoed")


def measure(setting: Setting) -> Iterator[Measurement]:
    """In one session and from one to another: beside an Agent that stays, that was restarted, that falls silent."""
    if setting.path != "shm" or setting.link is None:
        return
    for sessions in (1, 2):
        setting.start(buffers=8)
        try:
            topology = _connect(setting, sessions)
        except Refused as error:
            if sessions == 1 or error.status not in _NO_SECOND:
                raise
            conditions = _conditions(sessions, "steady")
            detail = {"unsupported": error.message}
            yield setting.measurement(
                "agent-duplicates", "samples_doubled", "samples", [], conditions=conditions, detail=detail, exact=False
            )
            continue
        setting.settle()
        # Restarted: it knows nothing of us. Silent: what is published meanwhile may come out when it is back.
        agents = ("steady", "silent") if setting.quick and sessions == 2 else ("steady", "restarted", "silent")
        for number, agent in enumerate(agents):
            yield from _beside(setting, setting.link, topology, sessions, agent, first=1 + number * _SAMPLES)


def _conditions(sessions: int, agent: str) -> dict[str, Scalar]:
    return {"payload_bytes": _PAYLOAD, "readers": _READERS, "agent": agent, "sessions": sessions}


def _connect(setting: Setting, sessions: int) -> Topology:
    """The writer and its readers in one session, or the readers in another one."""
    if sessions == 1:
        return setting.connect(readers=_READERS)
    writing = one_writer(setting.bench, readers=0, key=setting.next_key(), timeout=setting.answer_timeout)
    reading = one_writer(setting.bench, readers=_READERS, key=setting.next_key(), timeout=setting.answer_timeout)
    return Topology(session=writing.session, writer=writing.writer, readers=reading.readers)


def _beside(
    setting: Setting, link: Link, topology: Topology, sessions: int, agent: str, *, first: int
) -> Iterator[Measurement]:
    if agent == "restarted":
        link.restart_agent()
        setting.bench.spin(timeout=0.3)
    before = link.traffic()
    if agent == "silent":
        link.cut()
    try:
        seen = setting.bench.exchange(
            session=topology.session,
            writer=topology.writer,
            count=_SAMPLES,
            length=_PAYLOAD,
            readers=_READERS,
            first=first,
            deadline=3.0,
        )
    finally:
        if agent == "silent":
            link.restore()
    setting.settle()
    late = setting.bench.spin(timeout=1.0)
    after = link.traffic()
    got = Counter((record.reader, record.sequence) for record in seen.deliveries)
    detail = {
        "accepted": seen.accepted,
        "refused": seen.refused,
        "late": late,
        "data_sent": after.data_sent - before.data_sent,
    }
    values = (
        sum(n - 1 for n in got.values()) + late,
        _READERS * seen.accepted - len(got),
        after.data_received - before.data_received,
    )
    for metric, value in zip(_METRICS, values, strict=True):
        yield setting.measurement(
            "agent-duplicates",
            metric,
            "samples",
            [value],
            conditions=_conditions(sessions, agent),
            detail=detail,
            exact=False,
        )


EXPERIMENT = Experiment(
    id="agent-duplicates",
    title="samples that come back from the Agent",
    measure=measure,
    has_control=False,
    needs_agent=True,
)

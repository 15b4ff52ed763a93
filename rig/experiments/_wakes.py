"""Spins that sleep while another context publishes: whether each wakes up, and how soon.

Knows the setting. Must not know which claim a late one counts against.
"""

from __future__ import annotations

from collections.abc import Iterator

from rig.bench import CONTEXTS, DATAWRITER, Entity, Refused, Status, Stuck, Topology, standing
from rig.errors import BoardFault, FirmwareFault, RigFault
from rig.model import Qos
from rig.records import Measurement, Metric, Scalar
from rig.records.vocabulary import Contexts, Wakes
from rig.station import Setting, again_if_late

_PAYLOAD = 64
_BUFFERS = 8
_SLEEP = 1.9  # seconds; the shortest that a board's sleep can be at most is 2
_TRIES, _QUICK_TRIES = 512, 64
_LATE, _LATE_ON_A_HOST = 0.001, 0.003  # seconds; a host takes its time to wake a thread


def connect_contexts(setting: Setting, *, readers: int) -> tuple[Topology, int]:
    """Create entities on one topic with a writer for each context; return how many contexts have one."""
    return again_if_late(lambda: _connect(setting, readers))


def _connect(setting: Setting, readers: int) -> tuple[Topology, int]:
    setting.bench.start(
        buffers=_BUFFERS, mtu=setting.mtu, history=setting.history, link=setting.link is not None, contexts=True
    )
    topology = setting.connect(readers=readers)
    contexts = 1
    try:
        for id in range(topology.writer + 1, topology.writer + CONTEXTS):
            writer = Entity(kind=DATAWRITER, id=id, parent=1, topic=1, qos=Qos())
            setting.bench.create(topology.session, writer, timeout=setting.answer_timeout)
            contexts += 1
    except Refused as error:
        if error.status is not Status.TABLE_FULL or contexts == 1:
            raise
    setting.settle()
    return topology, contexts


def not_back(setting: Setting, error: RigFault, contexts: int) -> tuple[int, str]:
    """The number of contexts that never returned, and where they are or how the firmware crashed; the board is
    restarted.

    :raises RigFault: the error itself, if it is another one.
    """
    if isinstance(error, Stuck):
        places = standing(error)
        found = len(places), f"{error.message}: {'; '.join(places)}"
    elif isinstance(error, FirmwareFault | BoardFault) and (crash := setting.crash()) is not None:
        found = contexts, crash
    else:
        raise error
    setting.renew()
    return found


def wakes(setting: Setting, experiment: str, waker: int) -> Iterator[Measurement]:
    """Figures of spins during which context ``waker`` publishes one sample each."""
    topology, _ = connect_contexts(setting, readers=1)
    tries = _QUICK_TRIES if setting.quick else _TRIES
    late = _LATE_ON_A_HOST if setting.bench.clock.name == "host" else _LATE
    conditions: dict[str, Scalar] = {"payload_bytes": _PAYLOAD, "readers": 1, "samples": tries, "waker": waker}
    try:
        seen = setting.bench.wake(
            session=topology.session,
            writer=topology.writer,
            context=waker,
            length=_PAYLOAD,
            tries=tries,
            timeout=_SLEEP,
            late=late,
        )
    except RigFault as error:
        stuck, reason = not_back(setting, error, 2)
        lost = Contexts(accepted=0, first_error="OK", stuck=reason)
        yield setting.measurement(
            experiment, Metric.CONTEXTS_STUCK, [stuck], conditions=conditions, detail=lost, exact=False
        )
        return
    detail = Wakes(
        tried=seen.tried,
        timeout_ms=int(_SLEEP * 1000),
        longest_ms=seen.longest_ms,
        accepted=seen.accepted,
        delivered=seen.delivered,
        inside=seen.inside,
        late=seen.late,
        late_ms=int(late * 1000),
        first_error=seen.status.name,
    )
    for metric, value in ((Metric.WAKE_UP, seen.longest), (Metric.WAKE_UPS_MISSED, seen.missed)):
        yield setting.measurement(experiment, metric, [value], conditions=conditions, detail=detail, exact=False)

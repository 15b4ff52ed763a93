"""Whether requests and replies work inside the MCU: each reply reaches its requester with its request id."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rig.bench import PARTICIPANT, REPLIER, REQUESTER, Capability, Entity, Status, Unsupported
from rig.experiments import _long_life
from rig.experiments._experiment import Experiment
from rig.records import Detail, Measurement, Metric, Scalar
from rig.records.vocabulary import Requests
from rig.station import Setting

_REQUESTS = 32
_PAYLOAD = 32
_PATIENCE = 8
_SERVICE = "add_two_ints"
_TYPE = "example_interfaces::srv::dds_::AddTwoInts_"


@dataclass(frozen=True, kw_only=True)
class Case:
    """Requesters, and how many requests each sends before it looks for replies. ``services``: each with a replier of
    its own; the requesters take them in turn.
    """

    outstanding: int
    requesters: int = 1
    sessions: int = 1
    services: int = 1


_CASES = (Case(outstanding=1), Case(outstanding=4), Case(outstanding=16), Case(outstanding=4, requesters=3))
_TWO_SERVICES = Case(outstanding=4, requesters=2, services=2)
_TWO_SESSIONS = Case(outstanding=4, requesters=2, sessions=2)


def measure(setting: Setting) -> Iterator[Measurement]:
    """One to three requesters, up to 16 requests outstanding; two services beside each other; two sessions."""
    for case in (*_CASES, _TWO_SERVICES, _TWO_SESSIONS):
        try:
            yield from _one(setting, case)
        except Unsupported as error:
            detail = Detail(unsupported=error.message)
            yield setting.measurement(
                "services", Metric.REPLIES_RECEIVED, [], conditions=_conditions(case), detail=detail
            )
    yield from _long_life.live(setting, "services", _long_life.requests)


def _conditions(case: Case) -> dict[str, Scalar]:
    return {
        "payload_bytes": _PAYLOAD,
        "requesters": case.requesters,
        "outstanding": case.outstanding,
        "sessions": case.sessions,
        "services": case.services,
    }


def _one(setting: Setting, case: Case) -> Iterator[Measurement]:
    bench = setting.bench
    offline = bench.has(Capability.OFFLINE)
    timeout = 0.0 if offline else setting.answer_timeout
    # Each outstanding request may wait beside its reply.
    bench.start(
        buffers=2 * case.outstanding + 2,
        mtu=setting.mtu,
        history=setting.history,
        link=not offline and setting.link is not None,
    )
    sessions = [bench.open_session(setting.next_key(), timeout=timeout) for _ in range(case.sessions)]
    for session in sessions:
        bench.create(session, Entity(kind=PARTICIPANT, id=1, name="rig"), timeout=timeout)
    for number in range(case.services):
        bench.create(sessions[0], _service(REPLIER, 1 + number, number), timeout=timeout)
    clients = [(sessions[i % len(sessions)], i + 1) for i in range(case.requesters)]
    for session, id in clients:
        bench.create(session, _service(REQUESTER, id, (id - 1) % case.services), timeout=timeout)
    yield from _ask(setting, case, clients)


def _service(kind: int, id: int, number: int) -> Entity:
    name = f"{_SERVICE}_{number}" if number else _SERVICE
    return Entity(kind=kind, id=id, parent=1, name=name, type=f"{_TYPE}Request_", reply_type=f"{_TYPE}Response_")


def _ask(setting: Setting, case: Case, clients: list[tuple[int, int]]) -> Iterator[Measurement]:
    bench = setting.bench
    asked = refused = replied = wrong = rests = 0
    for session, id in clients:
        left = _REQUESTS
        for attempt in range(_PATIENCE):
            seen = bench.serve(
                session=session,
                requester=id,
                count=left,
                length=_PAYLOAD,
                outstanding=case.outstanding,
                first=1 + _REQUESTS * attempt,
                deadline=1.0,
            )
            asked += seen.asked
            replied += seen.local
            wrong += seen.wrong
            left -= seen.asked
            if not seen.refused or seen.status is not Status.NO_BUFFER:
                break
            rests += 1  # the link has to acknowledge first: that is flow control, and no reply's loss
            setting.settle()
        refused += seen.refused
    conditions = _conditions(case)
    detail = Requests(requests=_REQUESTS * case.requesters, asked=asked, rests=rests)
    for metric, value in (
        (Metric.REPLIES_RECEIVED, replied),
        (Metric.REPLIES_MISSING, asked - replied),
        (Metric.REPLIES_WRONG, wrong),
        (Metric.REQUESTS_REFUSED, refused),
    ):
        yield setting.measurement("services", metric, [value], conditions=conditions, detail=detail)


EXPERIMENT = Experiment(
    id="services",
    title="requests and replies",
    measure=measure,
    has_control=False,
    needs=Capability.SERVICES,
)

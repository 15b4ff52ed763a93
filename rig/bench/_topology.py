"""The usual arrangement of entities: one writer and some readers on one topic, in one session."""

from __future__ import annotations

from dataclasses import dataclass

from rig.bench._bench import Bench, Entity, Refused
from rig.bench._layout import Status
from rig.model import Qos

PARTICIPANT, TOPIC, PUBLISHER, SUBSCRIBER, DATAWRITER, DATAREADER, REQUESTER, REPLIER = 1, 2, 3, 4, 5, 6, 7, 8

_ID = 0x001  # of every entity that there is one of


@dataclass(frozen=True, kw_only=True, slots=True)
class Topology:
    """Entities as made: the ids that an exchange needs."""

    session: int
    writer: int
    readers: tuple[int, ...]


def _ask(bench: Bench, session: int, reader: int) -> None:
    """Ask the Agent for a reader's samples.

    That the middleware does not know a reader which it said was made is no fault of the asking: the samples that do not
    come to it are the evidence.
    """
    try:
        bench.read(session, reader)
    except Refused as error:
        if error.status is not Status.UNKNOWN:
            raise


def one_writer(
    bench: Bench,
    *,
    readers: int,
    reliable: bool = True,
    key: int = 0x11223344,
    topic: str = "rt/rig",
    type_name: str = "std_msgs::msg::dds_::ByteMultiArray_",
    timeout: float = 2.0,
    request: bool = True,
) -> Topology:
    """Open a session and make one writer and ``readers`` readers by BIN.

    :param timeout: seconds to wait for the Agent at each step; 0 works with no Agent.
    :param request: ask the Agent for the readers' samples, as an application on the network must.
    """
    session = bench.open_session(key, timeout=timeout)
    qos = Qos(reliable=reliable)

    def make(kind: int, id: int, **fields: object) -> None:
        bench.create(session, Entity(kind=kind, id=id, **fields), timeout=timeout)  # type: ignore[arg-type]

    make(PARTICIPANT, _ID, name="rig")
    make(TOPIC, _ID, parent=_ID, name=topic, type=type_name)
    make(PUBLISHER, _ID, parent=_ID)
    make(SUBSCRIBER, _ID, parent=_ID)
    make(DATAWRITER, _ID, parent=_ID, topic=_ID, qos=qos, reliable_stream=reliable)
    ids = tuple(range(_ID, _ID + readers))
    for id in ids:
        make(DATAREADER, id, parent=_ID, topic=_ID, qos=qos, reliable_stream=reliable)
        if request:
            _ask(bench, session, id)
    return Topology(session=session, writer=_ID, readers=ids)

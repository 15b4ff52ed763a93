"""The usual arrangement of entities: one writer and some readers on one topic, in one session."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from rig.bench._bench import Bench, Entity
from rig.model import Qos

PARTICIPANT, TOPIC, PUBLISHER, SUBSCRIBER, DATAWRITER, DATAREADER, REQUESTER, REPLIER = 1, 2, 3, 4, 5, 6, 7, 8

_ID = 0x001  # of every entity that there is one of


@dataclass(frozen=True, kw_only=True, slots=True)
class Topology:
    """The ids of created entities that an exchange needs."""

    session: int
    writer: int
    readers: tuple[int, ...]


def pair(id: int, *, name: str, type_name: str) -> tuple[Entity, Entity, Entity]:
    """A topic with its writer and reader, all of one id, below the participant, publisher and subscriber 1."""
    end = partial(Entity, id=id, parent=_ID, topic=id)
    return Entity(kind=TOPIC, id=id, parent=_ID, name=name, type=type_name), end(kind=DATAWRITER), end(kind=DATAREADER)


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
    """Open a session and create one writer and ``readers`` readers by BIN.

    :param timeout: seconds to wait for the Agent at each step; 0 works without an Agent.
    :param request: send READ_DATA for the readers, as an application without shared memory must.
    """
    session = bench.open_session(key, timeout=timeout)
    qos = Qos(reliable=reliable)
    ids = tuple(range(_ID, _ID + readers))
    end = partial(Entity, parent=_ID, topic=_ID, qos=qos, reliable_stream=reliable)
    entities = [
        Entity(kind=PARTICIPANT, id=_ID, name="rig"),
        Entity(kind=TOPIC, id=_ID, parent=_ID, name=topic, type=type_name),
        Entity(kind=PUBLISHER, id=_ID, parent=_ID),
        Entity(kind=SUBSCRIBER, id=_ID, parent=_ID),
        end(kind=DATAWRITER, id=_ID),
        *(end(kind=DATAREADER, id=id) for id in ids),
    ]
    bench.create_all(session, entities, timeout=timeout, ask=request)
    return Topology(session=session, writer=_ID, readers=ids)

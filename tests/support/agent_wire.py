"""A Client by hand on an Agent's core by hand, for tests of what the Agent makes of messages. Time only when asked."""

from __future__ import annotations

from typing import Any

from rig import xrce
from rig.agent import RIG, AgentCore, Peer, Personality

RELIABLE, KEEP_LAST, TRANSIENT_LOCAL = 1, 2, 8
SHM = (("uxr_sm", "1"),)
COOPERATING = (("uxr_sm", "1"), ("rig_lo", "1"))


class Wire:
    """A Client by hand on a core by hand: messages go at once, time only when asked."""

    def __init__(
        self,
        core: AgentCore,
        key: int,
        *,
        properties: xrce.Properties = (),
        peer: Peer | None = None,
        session_id: int = 0x81,
        acknowledge: bool = True,
    ) -> None:
        self.core = core
        self.session = xrce.ClientSession(
            key.to_bytes(4, "big"), session_id=session_id, mtu=508, largest=0xFFFF, properties=properties
        )
        self.session.acknowledge = acknowledge
        self.peer = peer or Peer(None, f"client {key}")
        self.now = 0.0
        self.got: list[xrce.Submessage] = []
        self.raw: list[bytes] = []
        core_wires(core).append(self)
        self.session.login()
        self._flush()
        self.agent = self.last(xrce.StatusAgent)

    @property
    def key(self) -> bytes:
        return self.session.key

    @property
    def session_id(self) -> int:
        return self.session.session_id

    @property
    def next_number(self) -> int:
        """Of its reliable stream."""
        return self.session.out.next_sequence

    def transmit(self, message: bytes) -> None:
        """Send bytes of one's own."""
        self.core.receive(self.peer, message, self.now)
        deliver(self.core)

    def ack(self) -> None:
        """Confirm what has come, though nobody asked."""
        state = self.session.input().ack()
        item = xrce.AckNack(first_unacked=state.first_unacked, bitmap=state.bitmap, stream_id=0x80)
        self.core.receive(self.peer, self.session.header(0, 0) + xrce.encode_submessage(item), self.now)

    def _flush(self) -> None:
        while self.session.outbox:
            self.core.receive(self.peer, self.session.outbox.pop(0), self.now)
        deliver(self.core)

    def _asked(self, request: int) -> int:
        self._flush()
        return request

    def request(self) -> int:
        return self.session.next_request()

    def send(self, item: xrce.Submessage, *, stream: int = 0x80) -> None:
        assert self.session.send(item, self.now, stream=stream)
        self._flush()

    def take(self, data: bytes) -> None:
        self.raw.append(data)
        self.got += self.session.receive(data, self.now)
        while self.session.outbox:
            self.core.receive(self.peer, self.session.outbox.pop(0), self.now)

    def last(self, kind: type) -> xrce.Submessage:
        return [item for item in self.got if isinstance(item, kind)][-1]

    def status(self, request: int) -> int | None:
        found = [item.status for item in self.got if isinstance(item, xrce.Status) and item.request_id == request]
        return found[-1] if found else None

    @property
    def samples(self) -> list[tuple[int, bytes]]:
        return [(item.object_id, item.data) for item in self.got if isinstance(item, xrce.Data)]

    @property
    def remote(self) -> list[tuple[int, int]]:
        return [
            (item.object_id, item.activity.remote_readers)
            for item in self.got
            if isinstance(item, xrce.Info) and isinstance(item.activity, xrce.WriterActivity)
        ]

    def create(self, object_id: int, body: bytes, **about: Any) -> int:
        """Ask for an object, with the options of ``ClientSession.create``; returns the request id."""
        return self._asked(self.session.create(object_id, body, self.now, **about))

    def ground(self, *, domain: int = 0, topic: str = "rt/a", type_name: str = "T_") -> Wire:
        """Participant, groups and a topic by BIN."""
        session, now = self.session, self.now
        assert self.status(self.create(0x11, b"\0\0", domain=domain)) == 0
        assert self.status(self._asked(session.group(0x13, 0x11, now))) == 0
        assert self.status(self._asked(session.group(0x14, 0x11, now))) == 0
        assert self.status(self._asked(session.topic(0x12, 0x11, topic, type_name, now))) == 0
        return self

    def writer(self, number: int = 1, flags: int = RELIABLE, depth: int | None = None) -> int:
        return self._endpoint(number << 4 | 5, 0x13, flags, depth)

    def reader(self, number: int = 1, flags: int = RELIABLE, depth: int | None = None) -> int:
        return self._endpoint(number << 4 | 6, 0x14, flags, depth)

    def _endpoint(self, object_id: int, group: int, flags: int, depth: int | None) -> int:
        qos = xrce.EndpointQos(flags=flags, depth=depth)
        return self._asked(self.session.endpoint(object_id, group, 0x12, qos, self.now))

    def read(self, object_id: int = 0x16, *, stream: int = 0x80, **control: int) -> int:
        delivery = xrce.DeliveryControl(**control)
        return self._asked(self.session.read(object_id, self.now, stream=stream, delivery=delivery))

    def write(self, data: bytes, object_id: int = 0x15, *, stream: int = 0x80) -> int:
        return self._asked(self.session.write(object_id, data, self.now, stream=stream))

    def service(self, object_id: int, name: str = "svc") -> int:
        body = xrce.encode_service(
            xrce.ServiceBody(
                service=name,
                request_type="Q",
                reply_type="R",
                request_topic=f"rq/{name}",
                reply_topic=f"rr/{name}",
            )
        )
        return self.create(object_id, body, parent=0x11)


_WIRES: dict[int, list[Wire]] = {}


def core_wires(core: AgentCore) -> list[Wire]:
    return _WIRES.setdefault(id(core), [])


def deliver(core: AgentCore) -> None:
    """Bring everything in the outbox to the Clients, and what that causes."""
    while core.outbox:
        out, core.outbox[:] = list(core.outbox), []
        for peer, data in out:
            session = xrce.decode_header(data)[0]
            for wire in core_wires(core):
                mine = wire.session_id == session.session_id or session.session_id in (0x00, 0x80)
                if wire.peer is peer and mine and session.client_key in (None, wire.key):
                    wire.take(data)


def new_core(personality: Personality = RIG) -> AgentCore:
    core = AgentCore(personality=personality)
    _WIRES[id(core)] = []
    return core


def tick(core: AgentCore, now: float) -> None:
    for wire in core_wires(core):
        wire.now = now
    core.tick(now)
    deliver(core)

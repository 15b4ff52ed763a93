"""A Client by hand on an Agent's core by hand, for tests of what the Agent makes of messages. Time only when asked."""

from __future__ import annotations

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
        self.key = key.to_bytes(4, "big")
        self.peer = peer or Peer(None, f"client {key}")
        self.session_id = session_id
        self.acknowledge = acknowledge
        self.now = 0.0
        self.got: list[xrce.Submessage] = []
        self.raw: list[bytes] = []
        self._reliable = 0
        self._best = 0
        self._request = 9
        self._into = xrce.ReliableInput()
        core_wires(core).append(self)
        login = xrce.CreateClient(client_key=self.key, session_id=session_id, mtu=508, properties=properties)
        keyed = session_id < 0x80
        self._transmit(xrce.Header(session_id=0 if keyed else 0x80, client_key=self.key if keyed else None), login)
        self.agent = self.last(xrce.StatusAgent)

    def _header(self, stream: int, sequence: int) -> xrce.Header:
        key = self.key if self.session_id < 0x80 else None
        return xrce.Header(session_id=self.session_id, stream_id=stream, sequence=sequence, client_key=key)

    def _transmit(self, header: xrce.Header, item: xrce.Submessage) -> None:
        data = xrce.encode_message(xrce.Message(header=header, submessages=(item,)))
        self.core.receive(self.peer, data, self.now)
        deliver(self.core)

    def request(self) -> int:
        self._request += 1
        return self._request

    def send(self, item: xrce.Submessage, *, stream: int = 0x80) -> None:
        if stream == 0:
            self._transmit(self._header(0, 0), item)
        elif stream < 0x80:
            number, self._best = self._best, self._best + 1
            self._transmit(self._header(stream, number), item)
        else:
            number, self._reliable = self._reliable, self._reliable + 1
            self._transmit(self._header(stream, number), item)

    def take(self, data: bytes) -> None:
        self.raw.append(data)
        message = xrce.decode_message(data)
        if message.header.stream_id < 0x80:
            self.got += message.submessages
            return
        offset = 4 if self.session_id >= 0x80 else 8
        for body in self._into.accept(message.header.sequence, data[offset:]):
            self.got += xrce.decode_submessages(body)
        if self.acknowledge:
            self.ack()

    def ack(self) -> None:
        state = self._into.ack()
        item = xrce.AckNack(first_unacked=state.first_unacked, bitmap=state.bitmap, stream_id=0x80)
        data = xrce.encode_message(xrce.Message(header=self._header(0, 0), submessages=(item,)))
        self.core.receive(self.peer, data, self.now)

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

    def create(
        self,
        object_id: int,
        body: bytes,
        *,
        parent: int | None = None,
        domain: int | None = None,
        form: xrce.RepresentationFormat = xrce.RepresentationFormat.BIN,
        reuse: bool = False,
        replace: bool = False,
    ) -> int:
        request = self.request()
        self.send(
            xrce.Create(
                request_id=request,
                object_id=object_id,
                object_kind=object_id & 0xF,
                representation=form,
                body=body,
                parent_id=parent,
                domain_id=domain,
                reuse=reuse,
                replace=replace,
            )
        )
        return request

    def ground(self, *, domain: int = 0, topic: str = "rt/a", type_name: str = "T_") -> Wire:
        """Participant, groups and a topic by BIN."""
        group = xrce.encode_group(xrce.GroupBody())
        assert self.status(self.create(0x11, b"\0\0", domain=domain)) == 0
        assert self.status(self.create(0x13, group, parent=0x11)) == 0
        assert self.status(self.create(0x14, group, parent=0x11)) == 0
        body = xrce.encode_topic(xrce.TopicBody(name=topic, type_name=type_name))
        assert self.status(self.create(0x12, body, parent=0x11)) == 0
        return self

    def writer(self, number: int = 1, flags: int = RELIABLE, depth: int | None = None) -> int:
        qos = xrce.EndpointQos(flags=flags, depth=depth)
        body = xrce.encode_writer(xrce.EndpointBody(topic_id=0x12, qos=qos))
        return self.create(number << 4 | 5, body, parent=0x13)

    def reader(self, number: int = 1, flags: int = RELIABLE, depth: int | None = None) -> int:
        qos = xrce.EndpointQos(flags=flags, depth=depth)
        body = xrce.encode_reader(xrce.EndpointBody(topic_id=0x12, qos=qos))
        return self.create(number << 4 | 6, body, parent=0x14)

    def read(self, object_id: int = 0x16, *, stream: int = 0x80, **control: int) -> int:
        request = self.request()
        delivery = xrce.DeliveryControl(**control)
        self.send(xrce.ReadData(request_id=request, object_id=object_id, stream_id=stream, delivery=delivery))
        return request

    def write(self, data: bytes, object_id: int = 0x15, *, stream: int = 0x80) -> int:
        request = self.request()
        self.send(xrce.WriteData(request_id=request, object_id=object_id, data=data), stream=stream)
        return request

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

"""A Client's side of a DDS-XRCE session: requests in, messages out; messages in, submessages out.

Knows how a Client logs in, numbers and repeats what it sends, and puts in order what it gets. Must not know sockets or
clocks: whoever uses it sends what is in ``outbox``, hands in what arrives, and gives the time, in seconds of any
monotonic clock. Made for programs that act as a Client beside a board, and for tests: ``header`` and ``outbox`` are
public, so that a test can send bytes of its own.
"""

from __future__ import annotations

from collections.abc import Iterable

from rig.xrce._bin import (
    EndpointBody,
    EndpointQos,
    GroupBody,
    ParticipantBody,
    TopicBody,
    encode_group,
    encode_participant,
    encode_reader,
    encode_topic,
    encode_writer,
)
from rig.xrce._constants import (
    OBJECT_CLIENT,
    SESSION_NONE_WITH_KEY,
    SESSION_NONE_WITHOUT_KEY,
    STREAM_BEST_EFFORT,
    STREAM_RELIABLE,
    ObjectKind,
    RepresentationFormat,
    StatusCode,
)
from rig.xrce._decode import decode_header, decode_submessages
from rig.xrce._encode import encode_header, encode_submessage
from rig.xrce._streams import BestEffortOutput, Reassembler, ReliableInput, ReliableOutput
from rig.xrce._types import (
    AckNack,
    Create,
    CreateClient,
    Delete,
    DeliveryControl,
    Fragment,
    Header,
    Heartbeat,
    Properties,
    ReadData,
    Status,
    StatusAgent,
    Submessage,
    WriteData,
)

_FIRST_REQUEST = 10
_LAST_REQUEST = 0xFFFF
_HEARTBEAT_PERIOD = 0.1


class ClientSession:
    """One session of one Client.

    :param key: four bytes that name the Client.
    :param session_id: from 0x80 on the address alone identifies the Client; below 0x80 every header carries the key.
    :param mtu: longest message that the Client accepts, in bytes; sent to the Agent at login.
    :param largest: longest message that it sends, in bytes; ``mtu`` if None. A longer one is sent in fragments.
    :param properties: the properties in its CREATE_CLIENT.

    ``outbox`` holds messages to be sent in order; the caller takes them out. ``statuses`` keeps the Agent's answer to
    each request, ``agent`` its answer to the login. Without ``acknowledge`` the session sends no acknowledgement.
    """

    def __init__(
        self,
        key: bytes,
        *,
        session_id: int = 0x81,
        mtu: int = 512,
        largest: int | None = None,
        properties: Properties = (),
    ) -> None:
        self.key = key
        self.session_id = session_id
        self.mtu = mtu
        self.properties = properties
        self.header_size = 4 if session_id >= SESSION_NONE_WITHOUT_KEY else 8
        self.outbox: list[bytes] = []
        self.statuses: dict[int, int] = {}
        self.agent: StatusAgent | None = None
        self.acknowledge = True
        self._largest = mtu if largest is None else largest
        self._request = _FIRST_REQUEST - 1
        self.reset_streams()

    def reset_streams(self) -> None:
        """Reset all streams; messages that waited for acknowledgement or for earlier ones are dropped."""
        self.out = ReliableOutput(
            mtu=self._largest, header_size=self.header_size, heartbeat_period=_HEARTBEAT_PERIOD, resend_all=True
        )
        self.best = BestEffortOutput()
        self._inputs: dict[int, ReliableInput] = {}
        self._parts: dict[int, Reassembler] = {}

    @property
    def _keyed(self) -> bool:
        return self.session_id < SESSION_NONE_WITHOUT_KEY

    @property
    def logged_in(self) -> bool:
        """Whether the Agent has accepted the login."""
        return self.agent is not None and self.agent.status == StatusCode.OK

    @property
    def idle(self) -> bool:
        """Whether the Agent has confirmed everything that was sent reliably."""
        return self.out.idle

    def input(self, stream: int = STREAM_RELIABLE) -> ReliableInput:
        """The state of a reliable stream from the Agent."""
        return self._inputs.setdefault(stream, ReliableInput())

    # sending

    def header(self, stream: int, sequence: int) -> bytes:
        """Encode a message header of this session."""
        key = self.key if self._keyed else None
        return encode_header(
            Header(session_id=self.session_id, stream_id=stream, sequence=sequence & 0xFFFF, client_key=key)
        )

    def next_request(self) -> int:
        """A request id that was not used lately; the first ten are the protocol's own."""
        self._request = self._request + 1 if self._request < _LAST_REQUEST else _FIRST_REQUEST
        return self._request

    def send(self, item: Submessage, now: float, *, stream: int = STREAM_RELIABLE) -> bool:
        """Send a submessage on stream 0 (unordered), 1 (best effort) or 0x80; False if too much waits already."""
        body = encode_submessage(item)
        if stream >= STREAM_RELIABLE:
            accepted = self.out.push(body)
            self._emit(self.out.take(now))
            return accepted
        number = self.best.take() if stream else 0
        self.outbox.append(self.header(stream, number) + body)
        return True

    def _emit(self, parts: Iterable[tuple[int, bytes]]) -> None:
        for number, part in parts:
            self.outbox.append(self.header(STREAM_RELIABLE, number) + part)

    def on_timer(self, now: float) -> None:
        """Send HEARTBEATs that are due. Call it about ten times a second."""
        beat = self.out.on_timer(now)
        if beat is not None:
            self.send(Heartbeat(first_unacked=beat[0], last=beat[1], stream_id=STREAM_RELIABLE), now, stream=0)

    def login(self) -> None:
        """Send CREATE_CLIENT on stream 0; repeat it until ``agent`` is set."""
        item = CreateClient(client_key=self.key, session_id=self.session_id, mtu=self.mtu, properties=self.properties)
        header = Header(
            session_id=SESSION_NONE_WITH_KEY if self._keyed else SESSION_NONE_WITHOUT_KEY,
            client_key=self.key if self._keyed else None,
        )
        self.agent = None
        self.outbox.append(encode_header(header) + encode_submessage(item))

    def logout(self, now: float, *, request: int | None = None) -> int:
        """Delete the session by a message on stream 0; repeat it until the STATUS of the returned request has come."""
        request = self.next_request() if request is None else request
        self.send(Delete(request_id=request, object_id=OBJECT_CLIENT), now, stream=0)
        return request

    # requests; each returns the id that the Agent's STATUS will name

    def create(
        self,
        object_id: int,
        body: bytes,
        now: float,
        *,
        parent: int | None = None,
        domain: int | None = None,
        form: RepresentationFormat = RepresentationFormat.BIN,
        reuse: bool = False,
        replace: bool = False,
        kind: int | None = None,
    ) -> int:
        """Send CREATE for an object; ``kind`` replaces the kind in its id."""
        request = self.next_request()
        item = Create(
            request_id=request,
            object_id=object_id,
            object_kind=object_id & 0xF if kind is None else kind,
            representation=form,
            body=body,
            parent_id=parent,
            domain_id=domain,
            reuse=reuse,
            replace=replace,
        )
        self.send(item, now)
        return request

    def participant(self, object_id: int, now: float, *, domain: int = 0, replace: bool = False) -> int:
        """Create a participant in a DDS domain."""
        return self.create(object_id, encode_participant(ParticipantBody()), now, domain=domain, replace=replace)

    def group(self, object_id: int, participant: int, now: float, *, replace: bool = False) -> int:
        """Create a publisher or subscriber, as its id says."""
        return self.create(object_id, encode_group(GroupBody()), now, parent=participant, replace=replace)

    def topic(
        self, object_id: int, participant: int, name: str, type_name: str, now: float, *, replace: bool = False
    ) -> int:
        """Create a topic."""
        body = encode_topic(TopicBody(name=name, type_name=type_name))
        return self.create(object_id, body, now, parent=participant, replace=replace)

    def endpoint(
        self, object_id: int, group: int, topic: int, qos: EndpointQos, now: float, *, replace: bool = False
    ) -> int:
        """Create a writer or reader, as its id says."""
        encode = encode_writer if object_id & 0xF == ObjectKind.DATAWRITER else encode_reader
        return self.create(object_id, encode(EndpointBody(topic_id=topic, qos=qos)), now, parent=group, replace=replace)

    def delete(self, object_id: int, now: float) -> int:
        """Delete an object."""
        request = self.next_request()
        self.send(Delete(request_id=request, object_id=object_id), now)
        return request

    def read(
        self, object_id: int, now: float, *, stream: int = STREAM_RELIABLE, delivery: DeliveryControl | None = None
    ) -> int:
        """Send READ_DATA for a reader's samples: one, or as many as ``delivery`` says, on a stream."""
        request = self.next_request()
        self.send(ReadData(request_id=request, object_id=object_id, stream_id=stream, delivery=delivery), now)
        return request

    def write(self, object_id: int, data: bytes, now: float, *, stream: int = STREAM_BEST_EFFORT) -> int:
        """Send WRITE_DATA with a sample; the Agent does not answer it."""
        request = self.next_request()
        self.send(WriteData(request_id=request, object_id=object_id, data=data), now, stream=stream)
        return request

    # receiving

    def receive(self, message: bytes, now: float) -> list[Submessage]:
        """Take a message; return its submessages in order, fragments joined.

        Submessages of reliable streams are returned once and in order, those of best-effort streams as they come.
        Messages of other sessions give none.

        :raises XrceDecodeError: the bytes are no message, or a submessage that is next in its stream cannot be read.
        """
        header, offset = decode_header(message)
        if not self._mine(header):
            return []
        if header.stream_id < STREAM_RELIABLE:
            return self._take(decode_submessages(message, offset), header.stream_id, now)
        ready = self.input(header.stream_id).accept(header.sequence, message[offset:])
        heard = self._in_order(header.stream_id, ready, now)
        self._confirm(header.stream_id, now)
        return heard

    def _mine(self, header: Header) -> bool:
        if header.client_key not in (None, self.key):
            return False
        return header.session_id in (self.session_id, SESSION_NONE_WITH_KEY, SESSION_NONE_WITHOUT_KEY)

    def _in_order(self, stream: int, parts: Iterable[bytes | None], now: float) -> list[Submessage]:
        heard: list[Submessage] = []
        for part in parts:
            if part is None:
                self._reassembler(stream).gap()
            else:
                heard += self._take(decode_submessages(part), stream, now)
        return heard

    def _reassembler(self, stream: int) -> Reassembler:
        return self._parts.setdefault(stream, Reassembler())

    def _take(self, items: Iterable[Submessage], stream: int, now: float) -> list[Submessage]:
        heard: list[Submessage] = []
        for item in items:
            if isinstance(item, Fragment):
                whole = self._reassembler(stream).add(item.data, last=item.last)
                if whole is not None:
                    inner = (part for part in decode_submessages(whole) if not isinstance(part, Fragment))
                    heard += self._take(inner, stream, now)
                continue
            heard.append(item)
            heard += self._act(item, now)
        return heard

    def _act(self, item: Submessage, now: float) -> list[Submessage]:
        """Do what a submessage asks of the session; returns what it sets free."""
        match item:
            case StatusAgent():
                self.agent = item
            case Status():
                self.statuses[item.request_id] = item.status
            case AckNack(stream_id=stream) if stream == STREAM_RELIABLE:
                self._emit(self.out.on_acknack(item.first_unacked, item.bitmap, now))
            case Heartbeat(stream_id=stream) if stream >= STREAM_RELIABLE:
                parts = self.input(stream).on_heartbeat(item.first_unacked, item.last)
                heard = self._in_order(stream, parts, now)
                self._confirm(stream, now)
                return heard
        return []

    def _confirm(self, stream: int, now: float) -> None:
        if self.acknowledge:
            ack = self.input(stream).ack()
            item = AckNack(first_unacked=ack.first_unacked, bitmap=ack.bitmap, stream_id=stream)
            self.send(item, now, stream=0)

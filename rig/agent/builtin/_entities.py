"""The entities that Clients create at the Agent, and the queues of their samples.

Knows entities, matching rules and delivery control; must not know sessions' bytes beyond the ``AgentClient``
they send through.
"""

from __future__ import annotations

import struct
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import TypeAlias

from rig.agent.builtin._client import AgentClient
from rig.xrce import SAMPLES_UNLIMITED, Create, EndpointQos, QosFlag, ReadData, ServiceBody

QUEUE_BYTES = 16 << 20
HISTORY_BYTES = 4 << 20
CLIENT_BYTES = 256 << 20
"""What all readers and writers of one Client keep."""
DEFAULT_DEPTH = 16
_DURABILITY = QosFlag.TRANSIENT_LOCAL | QosFlag.TRANSIENT | QosFlag.PERSISTENT
_DATA_HEAD = struct.Struct("<BBHBBH")
_SUBHEAD = struct.Struct("<BBH")


@dataclass(slots=True, eq=False)
class Participant:
    """A Client's participant in a domain; ``topics``: by name, for endpoints that refer to a topic by name."""

    domain: int
    topics: dict[str, Topic] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Topic:
    """A topic's name and type in a participant."""

    participant: Participant
    name: str
    type_name: str | None


@dataclass(slots=True, eq=False)
class Group:
    """A publisher or a subscriber."""

    participant: Participant


@dataclass(frozen=True, slots=True)
class Channel:
    """Where endpoints match: a topic's name in a domain."""

    domain: int
    name: str


class Endpoint:
    """What writers and readers have in common."""

    __slots__ = ("binary", "channel", "client", "object_id", "qos", "type_name")

    def __init__(
        self,
        client: AgentClient,
        object_id: int,
        channel: Channel,
        type_name: str | None,
        qos: EndpointQos,
        *,
        binary: bool,
    ) -> None:
        self.client = client
        self.object_id = object_id
        self.channel = channel
        self.type_name = type_name
        self.qos = qos
        self.binary = binary


class Writer(Endpoint):
    """A data writer, or the sending side of a service; ``routes`` are the readers that get its samples.

    ``suppressed``: readers that get none from the Agent, because their Client delivers to them itself. ``withheld``:
    samples since the writer was created, counted once for each such reader.
    """

    __slots__ = ("_kept", "announced", "history", "matched", "requester", "routes", "suppressed", "withheld")

    def __init__(
        self,
        client: AgentClient,
        object_id: int,
        channel: Channel,
        type_name: str | None,
        qos: EndpointQos,
        *,
        binary: bool,
    ) -> None:
        super().__init__(client, object_id, channel, type_name, qos, binary=binary)
        self.matched: list[Reader] = []
        self.routes: list[Reader] = []
        self.suppressed = 0
        self.withheld = 0
        self.announced = 0
        self.requester: Requester | None = None
        self.history: deque[bytes] | None = None
        if qos.flags & _DURABILITY:
            self.history = deque(maxlen=qos.depth or DEFAULT_DEPTH)
        self._kept = 0

    def remember(self, body: bytes) -> None:
        """Keep a sample for late readers, if the writer's durability asks for it."""
        history, client = self.history, self.client
        if history is None:
            return
        if len(history) == history.maxlen:
            self._forget(history.popleft())
        history.append(body)
        self._kept += len(body)
        client.kept += len(body)
        while history and ((len(history) > 1 and self._kept > HISTORY_BYTES) or client.kept > CLIENT_BYTES):
            self._forget(history.popleft())

    def _forget(self, body: bytes) -> None:
        self._kept -= len(body)
        self.client.kept -= len(body)

    def clear(self) -> None:
        """Drop all kept samples and keep no more."""
        while self.history:
            self._forget(self.history.popleft())

    @property
    def remote_readers(self) -> int:
        """How many matching readers belong to other Clients."""
        return sum(1 for reader in self.matched if not self.client.shares_memory_with(reader.client))


class Reader(Endpoint):
    """A data reader, or the receiving side of a service: samples wait here until the Client asks for them."""

    __slots__ = (
        "_bytes",
        "_deadline",
        "_head",
        "_limit",
        "_queue",
        "_rate",
        "_remaining",
        "_stream",
        "_tokens",
        "_tokens_at",
        "active",
        "fast",
    )

    def __init__(
        self,
        client: AgentClient,
        object_id: int,
        channel: Channel,
        type_name: str | None,
        qos: EndpointQos,
        *,
        binary: bool,
        depth: int | None = None,
    ) -> None:
        super().__init__(client, object_id, channel, type_name, qos, binary=binary)
        self._limit = depth
        if depth is None and qos.flags & QosFlag.KEEP_LAST:
            self._limit = qos.depth or DEFAULT_DEPTH
        self._queue: deque[bytes] = deque()
        self._bytes = 0
        self.active = False
        self.fast = False
        self._stream = 0
        self._head = b""
        self._remaining: int | None = None
        self._deadline: float | None = None
        self._rate = 0
        self._tokens = 0.0
        self._tokens_at = 0.0

    @property
    def waiting(self) -> int:
        """Number of samples that wait."""
        return len(self._queue)

    @property
    def timed(self) -> bool:
        """Whether the running read is limited by time or rate."""
        return self.active and (self._deadline is not None or self._rate > 0)

    def start(self, request: ReadData, now: float) -> None:
        """Begin a READ_DATA and end a running one. Waiting samples are delivered at once as far as its limits allow."""
        control = request.delivery
        samples = control.max_samples if control is not None else 1
        self.active = samples != 0
        self._stream = request.stream_id
        self._head = request.request_id.to_bytes(2, "big") + request.object_id.to_bytes(2, "big")
        self._remaining = None if samples == SAMPLES_UNLIMITED else samples
        self._deadline = None
        self._rate = 0
        if control is not None:
            if control.max_elapsed:
                self._deadline = now + control.max_elapsed
            self._rate = control.max_bytes_per_second
            self._tokens = float(self._rate)
            self._tokens_at = now
        self.fast = (
            self.active
            and samples == SAMPLES_UNLIMITED
            and self._deadline is None
            and not self._rate
            and 0 < self._stream < 0x80
            and self.client.header_size == 4
        )
        self.pump(now)

    def stop(self) -> None:
        """End a running READ_DATA; the samples keep waiting."""
        self.active = False
        self.fast = False

    def offer(self, body: bytes, now: float) -> None:
        """Take one sample."""
        client = self.client
        if self.fast and not self._queue:
            size = len(body) + 4
            if size + 8 > client.mtu:
                client.counters.samples_dropped += 1
                return
            number = client.best_effort_out(self._stream).take()
            client.counters.samples_out += 1
            head = _DATA_HEAD.pack(client.session_id, self._stream, number, 9, 1, size)
            client.outbox.append((client.peer, head + self._head + body))
            return
        self._queue.append(body)
        self._bytes += len(body)
        client.kept += len(body)
        if self.active:
            self.pump(now)
        self._trim()

    def _trim(self) -> None:
        """Drop the oldest samples beyond the history, as KEEP_LAST says, or beyond the memory."""
        while self._queue and (
            (self._limit is not None and len(self._queue) > self._limit)
            or self._bytes > QUEUE_BYTES
            or self.client.kept > CLIENT_BYTES
        ):
            self._take()
            self.client.counters.samples_dropped += 1

    def _take(self) -> bytes:
        body = self._queue.popleft()
        self._bytes -= len(body)
        self.client.kept -= len(body)
        return body

    def clear(self) -> None:
        """End a running READ_DATA, drop all samples and keep no more."""
        self.stop()
        while self._queue:
            self._take()

    @property
    def deadline(self) -> float | None:
        """When ``pump`` may send more by the passing of time alone."""
        if not self.active:
            return None
        if self._rate and self._queue:
            return self._tokens_at + max(0.0, self._need() - self._tokens) / self._rate
        return self._deadline

    def _need(self) -> float:
        return float(min(len(self._queue[0]), self._rate))

    def pump(self, now: float) -> None:
        """Send waiting samples as far as delivery control and the stream's window allow."""
        client = self.client
        while self.active:
            if self._deadline is not None and now >= self._deadline:
                self.stop()
                return
            if not self._queue or not client.room(self._stream, len(self._queue[0])):
                return
            if self._rate and not self._spend(now):
                return
            body = self._take()
            size = len(body) + 4
            sub = _SUBHEAD.pack(9, 1, size if size <= 0xFFFF else 0) + self._head + body
            if client.send(self._stream, sub, now):
                client.counters.samples_out += 1
            else:
                client.counters.samples_dropped += 1
            if self._remaining is not None:
                self._remaining -= 1
                if self._remaining == 0:
                    self.stop()

    def _spend(self, now: float) -> bool:
        """Token bucket of one second's worth; a sample larger than the bucket passes when it is full."""
        self._tokens = min(float(self._rate), self._tokens + (now - self._tokens_at) * self._rate)
        self._tokens_at = now
        if self._tokens + 1e-9 < self._need():
            return False
        self._tokens -= self._need()
        return True


class Requester:
    """The requesting side of a service: sends requests, gets the replies that carry its identity."""

    __slots__ = ("_requests", "_sequence", "body", "guid", "reader", "writer")

    def __init__(self, writer: Writer, reader: Reader, guid: bytes, body: ServiceBody) -> None:
        self.writer = writer
        self.reader = reader
        self.guid = guid
        self.body = body
        self._sequence = 0
        self._requests: OrderedDict[int, int] = OrderedDict()

    def identify(self, request_id: int) -> bytes:
        """Return the SampleIdentity of a new request."""
        self._sequence += 1
        self._requests[self._sequence] = request_id
        if len(self._requests) > 4096:
            self._requests.popitem(last=False)
        return self.guid + struct.pack("<iI", self._sequence >> 32, self._sequence & 0xFFFFFFFF)

    def related(self, sequence: int) -> bytes | None:
        """Return request id and object id of a request by its sequence number, as a reply begins with."""
        request_id = self._requests.get(sequence)
        if request_id is None:
            return None
        return request_id.to_bytes(2, "big") + self.writer.object_id.to_bytes(2, "big")


class Replier:
    """The replying side of a service."""

    __slots__ = ("body", "reader", "writer")

    def __init__(self, writer: Writer, reader: Reader, body: ServiceBody) -> None:
        self.writer = writer
        self.reader = reader
        self.body = body


class Placeholder:
    """An object of a kind that has no behaviour at the Agent (types, QoS profiles, applications)."""

    __slots__ = ("request",)

    def __init__(self, request: Create) -> None:
        self.request = request


Entity: TypeAlias = Participant | Topic | Group | Writer | Reader | Requester | Replier | Placeholder


def qos_compatible(offered: EndpointQos, requested: EndpointQos) -> bool:
    """Request-offered rules of DDS for reliability and durability."""
    if requested.flags & QosFlag.RELIABLE and not offered.flags & QosFlag.RELIABLE:
        return False
    return _durability(offered.flags) >= _durability(requested.flags)


def _durability(flags: int) -> int:
    for rank, flag in ((3, QosFlag.PERSISTENT), (2, QosFlag.TRANSIENT), (1, QosFlag.TRANSIENT_LOCAL)):
        if flags & flag:
            return rank
    return 0

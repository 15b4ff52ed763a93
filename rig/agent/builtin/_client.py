"""One Client's session at the Agent: its address and streams.

Knows how bytes get to this Client and in what order; must not know its objects. Everything to send goes
into the outbox that all sessions share.
"""

from __future__ import annotations

import struct
from typing import Any

from rig.agent.builtin._statistics import Counters
from rig.xrce import (
    OBJECT_CLIENT,
    PROPERTY_HARD_LIVELINESS,
    PROPERTY_LOCAL,
    PROPERTY_SHM,
    AckNack,
    BestEffortInput,
    BestEffortOutput,
    CreateClient,
    Fragment,
    GetInfo,
    Heartbeat,
    Reassembler,
    ReliableInput,
    ReliableOutput,
    encode_submessage,
)

DEAD_AFTER = 30.0
LONGEST_LIVELINESS = 3600.0
LIVELINESS_TRIES = 3
LIVELINESS_PERIOD = 0.2
SMALLEST_MTU = 32
_HEAD = struct.Struct("<BBH")
_ACK = struct.Struct("<BBHHBBB")
REASSEMBLY_LIMIT = 32 << 20
BACKLOG_LIMIT = 32 << 20
_ANSWERS = 1 << 20


def _seconds(text: str) -> float | None:
    """Parse milliseconds; None if invalid. Capped at one hour."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 10):
        return None
    return min(int(text) / 1000, LONGEST_LIVELINESS) or None


class Peer:
    """Where messages come from and go to: one address of one transport. ``name``: its wording in the log, if not the
    address.

    ``sessions``: the Clients that this address alone identifies, by session id. ``keyed``: those that put their key
    into every header.
    """

    __slots__ = ("_name", "address", "keyed", "sessions", "transport")

    def __init__(self, transport: Any = None, address: Any = None, name: str = "") -> None:
        self._name = name
        self.transport = transport
        self.address = address
        self.sessions: dict[int, AgentClient] = {}
        self.keyed: dict[bytes, AgentClient] = {}

    @property
    def busy(self) -> bool:
        """Whether there is any session at this address."""
        return bool(self.sessions or self.keyed)

    def attach(self, client: AgentClient) -> None:
        """Register a Client at this address."""
        if client.session_id >= 0x80:
            self.sessions[client.session_id] = client
        else:
            self.keyed[client.key] = client

    def detach(self, client: AgentClient) -> None:
        """Remove a Client from this address."""
        if self.sessions.get(client.session_id) is client:
            del self.sessions[client.session_id]
        if self.keyed.get(client.key) is client:
            del self.keyed[client.key]

    def __str__(self) -> str:
        if self._name:
            return self._name
        if isinstance(self.address, tuple):
            return f"{self.address[0]}:{self.address[1]}"
        return str(self.address)


Outbox = list[tuple[Peer, bytes]]


class AgentClient:
    """The session of one Client key; ``kept``: bytes of samples that its readers and writers keep."""

    __slots__ = (
        "_inputs",
        "_outputs",
        "_reassemblers",
        "_told_at",
        "alive",
        "best_in",
        "counters",
        "dead_after",
        "epoch",
        "hard_liveliness",
        "header_size",
        "kept",
        "key",
        "last_seen",
        "local_known",
        "mtu",
        "outbox",
        "overrun",
        "peer",
        "pings",
        "properties",
        "session_id",
        "shm",
        "wake",
    )

    def __init__(self, login: CreateClient, peer: Peer, outbox: Outbox, counters: Counters, now: float) -> None:
        self.key = login.client_key
        self.session_id = login.session_id
        self.header_size = 4 if login.session_id >= 0x80 else 8
        self.peer = peer
        self.outbox = outbox
        self.counters = counters
        self.last_seen = now
        self._told_at = now
        self.pings = 0
        self.kept = 0
        self.alive = True
        self.overrun = False
        self.epoch = 0
        self.wake: float | None = None
        self.apply_login(login)
        self.reset_streams()

    def apply_login(self, login: CreateClient) -> None:
        """Take MTU and properties of a (repeated) CREATE_CLIENT. An invalid liveliness time is ignored."""
        self.mtu = max(login.mtu, SMALLEST_MTU)
        self.properties = dict(login.properties)
        self.shm = self.properties.get(PROPERTY_SHM) == "1"
        self.local_known = self.shm and self.properties.get(PROPERTY_LOCAL) == "1"
        period = _seconds(self.properties.get(PROPERTY_HARD_LIVELINESS, ""))
        self.hard_liveliness = period is not None
        self.dead_after = DEAD_AFTER if period is None else period

    def reset_streams(self) -> None:
        """Reset all streams; messages that waited for acknowledgement are dropped."""
        self.epoch += 1
        self.best_in: dict[int, BestEffortInput] = {}
        self._inputs: dict[int, ReliableInput] = {}
        self._outputs: dict[int, ReliableOutput | BestEffortOutput] = {}
        self._reassemblers: dict[int, Reassembler] = {}

    def __str__(self) -> str:
        return f"0x{self.key.hex().upper()}"

    def shares_memory_with(self, other: AgentClient) -> bool:
        """Whether both certainly belong to one program: the same session, or two sessions at one address that agreed on
        rig_lo.
        """
        return other is self or (other.peer is self.peer and self.local_known and other.local_known)

    # liveliness

    @property
    def bad_liveliness(self) -> bool:
        """Whether it asked for hard liveliness with an invalid time."""
        return PROPERTY_HARD_LIVELINESS in self.properties and not self.hard_liveliness

    @property
    def asks_at(self) -> float | None:
        """When to call ``check_liveliness`` next."""
        return self.last_seen + self.dead_after + self.pings * LIVELINESS_PERIOD if self.hard_liveliness else None

    def check_liveliness(self, now: float) -> bool:
        """Ask a Client that enabled it for a sign of life; False if the last question timed out."""
        due = self.asks_at
        if due is None or now < due:
            return True
        if self.pings >= LIVELINESS_TRIES:
            return False
        self.pings += 1
        self.send_none(encode_submessage(GetInfo(request_id=0, object_id=OBJECT_CLIENT, mask=0)))
        return True

    # input side

    def reliable_in(self, stream_id: int) -> ReliableInput:
        stream = self._inputs.get(stream_id)
        if stream is None:
            stream = self._inputs[stream_id] = ReliableInput()
        return stream

    def reassembler(self, stream_id: int) -> Reassembler:
        found = self._reassemblers.get(stream_id)
        if found is None:
            found = self._reassemblers[stream_id] = Reassembler(limit=REASSEMBLY_LIMIT)
        return found

    def join(self, stream_id: int, item: Fragment) -> bytes | None:
        """Take a fragment; return the whole submessage after the last one. All streams share one limit of memory."""
        joiner = self.reassembler(stream_id)
        if len(self._reassemblers) > 1:
            waiting = sum(other.size for other in self._reassemblers.values())
            if waiting + len(item.data) > REASSEMBLY_LIMIT:
                joiner.drop()
        return joiner.add(item.data, last=item.last)

    def send_acknack(self, stream_id: int) -> None:
        """Send the ACKNACK of a reliable input stream."""
        ack = self.reliable_in(stream_id).ack()
        self.send_none(_ACK.pack(10, 1, 5, ack.first_unacked, ack.bitmap >> 8, ack.bitmap & 0xFF, stream_id))

    # output side

    def header(self, stream_id: int, sequence: int) -> bytes:
        """Encode a message header of this session."""
        head = _HEAD.pack(self.session_id, stream_id, sequence)
        return head if self.header_size == 4 else head + self.key

    def send_none(self, submessage: bytes) -> None:
        """Send on stream 0: unordered, without acknowledgement."""
        self.outbox.append((self.peer, self.header(0, 0) + submessage))

    def best_effort_out(self, stream_id: int) -> BestEffortOutput:
        stream = self._outputs.get(stream_id)
        if not isinstance(stream, BestEffortOutput):
            stream = self._outputs[stream_id] = BestEffortOutput()
        return stream

    def reliable_out(self, stream_id: int) -> ReliableOutput:
        stream = self._outputs.get(stream_id)
        if not isinstance(stream, ReliableOutput):
            stream = ReliableOutput(mtu=self.mtu, header_size=self.header_size, backlog_bytes=BACKLOG_LIMIT + _ANSWERS)
            self._outputs[stream_id] = stream
        return stream

    def room(self, stream_id: int, size: int) -> bool:
        """Whether a sample would be sent at once. All streams share one limit of memory for what waits for their
        windows.
        """
        if stream_id < 0x80:
            return True
        if not self.reliable_out(stream_id).room:
            return False
        if len(self._outputs) < 2:
            return True
        kept = sum(stream.backlog_bytes for stream in self._outputs.values() if isinstance(stream, ReliableOutput))
        return not kept or kept + size <= BACKLOG_LIMIT

    def send(self, stream_id: int, submessage: bytes, now: float) -> bool:
        """Send on any stream; False if it was dropped (too long for best effort, or no memory left)."""
        if stream_id >= 0x80:
            return self._push(stream_id, submessage, now)
        if stream_id == 0:
            self.send_none(submessage)
            return True
        if self.header_size + len(submessage) > self.mtu:
            return False
        number = self.best_effort_out(stream_id).take()
        self.outbox.append((self.peer, self.header(stream_id, number) + submessage))
        return True

    def answer(self, stream_id: int, submessage: bytes, now: float) -> None:
        """Send what must not be lost. A Client that lets too much of it wait is ``overrun``, and its session ends."""
        self._told_at = now
        if not self.send(stream_id, submessage, now):
            self.overrun = True

    def _push(self, stream_id: int, submessage: bytes, now: float) -> bool:
        stream = self.reliable_out(stream_id)
        accepted = stream.push(submessage)
        self._emit(stream_id, stream.take(now))
        self._wake(stream)
        return accepted

    def on_acknack(self, item: AckNack, now: float) -> None:
        """Take a Client's acknowledgement of an output stream."""
        stream = self._outputs.get(item.stream_id)
        if isinstance(stream, ReliableOutput):
            before = stream.retransmitted
            sent = stream.on_acknack(item.first_unacked, item.bitmap, now)
            self.counters.retransmissions += stream.retransmitted - before
            self._emit(item.stream_id, sent)
            self._wake(stream)

    def _emit(self, stream_id: int, parts: list[tuple[int, bytes]]) -> None:
        outbox, peer = self.outbox, self.peer
        for number, part in parts:
            outbox.append((peer, self.header(stream_id, number) + part))

    def _wake(self, stream: ReliableOutput) -> None:
        deadline = stream.deadline
        if deadline is not None and (self.wake is None or deadline < self.wake):
            self.wake = deadline

    def on_timer(self, now: float) -> None:
        """Send the heartbeats that are due. A Client that has been silent for long gets none, unless something was sent
        to it since.
        """
        self.wake = None
        alive = now - max(self.last_seen, self._told_at) < self.dead_after
        for stream_id, stream in self._outputs.items():
            if not isinstance(stream, ReliableOutput):
                continue
            beat = stream.on_timer(now)
            if beat is not None and alive:
                item = Heartbeat(first_unacked=beat[0], last=beat[1], stream_id=stream_id)
                self.send_none(encode_submessage(item))
            self._wake(stream)

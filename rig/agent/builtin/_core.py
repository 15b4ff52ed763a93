"""The Agent without I/O: messages in, messages out.

Knows sessions, requests and their answers. Must not know sockets or serial lines; monotonic time is an argument. The
wall clock for time sync is handed in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from rig.agent.builtin._answers import agent_info, trace
from rig.agent.builtin._client import AgentClient, Outbox, Peer
from rig.agent.builtin._entities import Reader, Replier, Requester, Writer
from rig.agent.builtin._log import AgentLog, LogLevel
from rig.agent.builtin._objects import ObjectStore
from rig.agent.builtin._personality import RIG, Personality
from rig.agent.builtin._profiles import SHAPES, Profile
from rig.agent.builtin._statistics import AgentStatistics, Counters
from rig.xrce import (
    COOKIE,
    FLAG_FORMAT_MASK,
    PROPERTY_LOCAL,
    STREAM_BEST_EFFORT,
    STREAM_RELIABLE,
    AckNack,
    BestEffortInput,
    Create,
    CreateClient,
    Delete,
    Fragment,
    GetInfo,
    Header,
    Heartbeat,
    Message,
    ObjectKind,
    ReadData,
    RepresentationFormat,
    Reset,
    Status,
    StatusAgent,
    StatusCode,
    Submessage,
    Timestamp,
    TimestampReply,
    WriteData,
    XrceDecodeError,
    decode_header,
    decode_submessages,
    encode_message,
    encode_submessage,
    object_name,
)

MAX_CLIENTS = 1024
_WRITE_DATA_HEAD = b"\x07\x01"
_NO_KEY = bytes(4)


class AgentCore:
    """All Clients of one Agent and the topics between them.

    After each call, ``outbox`` holds (peer, message) pairs to be sent in order; the caller clears it.

    :param personality: which middleware's behaviour to show where Agents differ.
    :param refs: profiles for REF representations, in addition to the shapes of eProsima's examples.
    :param log: where log lines go.
    :param wall_clock: nanoseconds since the epoch, for TIMESTAMP_REPLY.
    """

    def __init__(
        self,
        *,
        personality: Personality = RIG,
        refs: Mapping[str, Profile] | None = None,
        log: AgentLog | None = None,
        wall_clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self.personality = personality
        self.log = log if log is not None else AgentLog()
        self.outbox: Outbox = []
        self.clients: dict[bytes, AgentClient] = {}
        self.counters = Counters()
        self.store = ObjectStore(personality, {**SHAPES, **(refs or {})}, self.log)
        self._owned = self.store.owned
        self._wall_clock = wall_clock
        self._handlers: dict[type, Callable[[AgentClient, int, object, float], None]] = {
            Create: self._on_create,
            GetInfo: self._on_get_info,
            Delete: self._on_delete,
            WriteData: self._on_write_data,
            ReadData: self._on_read_data,
            AckNack: self._on_acknack,
            Heartbeat: self._on_heartbeat,
            Reset: self._on_reset,
            Fragment: self._on_fragment,
            Timestamp: self._on_timestamp,
        }

    @property
    def statistics(self) -> AgentStatistics:
        """Snapshot of the counters."""
        clients = list(self.clients.values())
        return self.counters.snapshot(
            clients=len(clients),
            cooperating=sum(client.local_known for client in clients),
            entities=self.store.count(),
            unheard=self.store.cooperation.unheard,
        )

    # input

    def receive(self, peer: Peer, data: bytes, now: float) -> None:
        """Take one message from a peer. Nothing that a peer sends raises an error."""
        counters = self.counters
        size = len(data)
        counters.messages_in += 1
        counters.bytes_in += size
        if size >= 12 and data[4:6] == _WRITE_DATA_HEAD and 0 < data[1] < 0x80:
            client = peer.sessions.get(data[0])
            if client is not None and self._fast_write(client, data, size, now):
                return
        try:
            self._receive(peer, data, now)
        except XrceDecodeError as error:
            counters.decode_errors += 1
            self.log(LogLevel.ERROR, "cannot decode a message", peer=peer, error=error, data=data[:32].hex())
        if self.store.cooperation.deadline is not None:
            self.store.cooperation.poll(now)

    def _fast_write(self, client: AgentClient, data: bytes, size: int, now: float) -> bool:
        """A best-effort message of one WRITE_DATA, without building values; False if it is anything else."""
        end = 8 + (data[6] | data[7] << 8)
        if not end <= size <= end + 3 or end < 12:
            return False
        writer = self._owned[client].writers.get(data[10:12])
        if writer is None or writer.requester is not None:
            return False
        stream = client.best_in.get(data[1])
        if stream is None:
            stream = client.best_in[data[1]] = BestEffortInput()
        client.last_seen = now
        client.pings = 0
        sequence = data[2] | data[3] << 8
        if not 0 < (sequence - stream.last & 0xFFFF) < 0x8000:
            return True
        stream.last = sequence
        self._publish(writer, data[12:end], now)
        return True

    def _receive(self, peer: Peer, data: bytes, now: float) -> None:
        header, offset = decode_header(data)
        trace(self.log, peer, header, data, offset)
        if header.session_id in (0x00, 0x80):
            self._without_session(peer, header, data, offset, now)
            return
        if header.client_key is not None:
            client = self.clients.get(header.client_key)
        else:
            client = peer.sessions.get(header.session_id)
        if client is None or client.session_id != header.session_id:
            self._unknown(peer, header, data, offset)
            return
        if client.peer is not peer:
            self._move(client, peer, now)
        client.last_seen = now
        client.pings = 0
        stream_id = header.stream_id
        if stream_id == 0:
            self._process(client, 0, decode_submessages(data, offset), now)
        elif stream_id < 0x80:
            stream = client.best_in.setdefault(stream_id, BestEffortInput())
            if stream.accept(header.sequence):
                self._process(client, stream_id, decode_submessages(data, offset), now)
        else:
            self._reliable(client, stream_id, header.sequence, data[offset:], now)

    def _reliable(self, client: AgentClient, stream_id: int, sequence: int, body: bytes, now: float) -> None:
        if self._in_order(client, stream_id, client.reliable_in(stream_id).accept(sequence, body), now):
            client.send_acknack(stream_id)

    def _in_order(self, client: AgentClient, stream_id: int, parts: Sequence[bytes | None], now: float) -> bool:
        """Handle a reliable stream's next messages; False if one of them ended the session or started streams over."""
        epoch = client.epoch
        for part in parts:
            if part is None:
                client.reassembler(stream_id).gap()
            else:
                self._process(client, stream_id, decode_submessages(part), now)
            if not client.alive or client.epoch != epoch:
                return False
        return True

    def _process(self, client: AgentClient, stream_id: int, items: Iterable[Submessage], now: float) -> None:
        """Handle submessages in order; what cannot be decoded ends this message, not the session."""
        try:
            for item in items:
                handler = self._handlers.get(type(item))
                if handler is None:
                    self.log(LogLevel.WARNING, "submessage not for an Agent", client=client, item=item)
                    continue
                handler(client, stream_id, item, now)
                if not client.alive:
                    return
        except XrceDecodeError as error:
            self.counters.decode_errors += 1
            self.log(LogLevel.ERROR, "cannot decode a submessage", client=client, error=error)

    # without a session

    def _without_session(self, peer: Peer, header: Header, data: bytes, offset: int, now: float) -> None:
        for item in decode_submessages(data, offset):
            if isinstance(item, CreateClient):
                self._on_create_client(peer, header, item, now)
            elif isinstance(item, GetInfo):
                self._answer_info(peer, header, item)
            return

    def _unknown(self, peer: Peer, header: Header, data: bytes, offset: int) -> None:
        """An unknown session: its deletion and its ping are answered, nothing else."""
        self.log(LogLevel.DEBUG, "message of an unknown session", peer=peer, session=hex(header.session_id))
        for item in decode_submessages(data, offset):
            if isinstance(item, Delete) and item.object_id & 0x0F == ObjectKind.CLIENT:
                status = Status(request_id=item.request_id, object_id=item.object_id, status=StatusCode.OK)
                self._send(peer, header, status)
            elif isinstance(item, GetInfo):
                self._answer_info(peer, header, item)
            return

    def _send(self, peer: Peer, header: Header, item: Submessage) -> None:
        self.outbox.append((peer, encode_message(Message(header=header, submessages=(item,)))))

    def _answer_info(self, peer: Peer, header: Header, item: GetInfo) -> None:
        self._send(peer, header, agent_info(item, known=peer.busy))

    def _on_create_client(self, peer: Peer, header: Header, item: CreateClient, now: float) -> None:
        status = StatusCode.OK
        if item.client_key == _NO_KEY or item.cookie != COOKIE:
            status = StatusCode.ERR_INVALID_DATA
        elif item.version[0] != 1:
            status = StatusCode.ERR_INCOMPATIBLE
        elif not self._make_room(item.client_key, now):
            status = StatusCode.ERR_RESOURCES
        client = self._login(peer, item, now) if status is StatusCode.OK else None
        properties = ((PROPERTY_LOCAL, "1"),) if client is not None and client.local_known else ()
        answer = Header(
            session_id=item.session_id,
            stream_id=header.stream_id,
            sequence=header.sequence,
            client_key=item.client_key if item.session_id < 0x80 else None,
        )
        self._send(peer, answer, StatusAgent(status=status, properties=properties))
        if client is not None:
            self.store.announce_again(client, now)
            if client.bad_liveliness:
                self.log(LogLevel.WARNING, "ignored a liveliness time that is none", client=client)
        level = LogLevel.INFO if client is not None else LogLevel.WARNING
        self.log(level, f"session {status.name}", key=item.client_key.hex(), session=hex(item.session_id), peer=peer)

    def _make_room(self, key: bytes, now: float) -> bool:
        if key in self.clients or len(self.clients) < MAX_CLIENTS:
            return True
        silent = [client for client in self.clients.values() if now - client.last_seen >= client.dead_after]
        if silent:
            self._drop(min(silent, key=lambda client: client.last_seen), now, "dead and in the way")
        return bool(silent)

    def _login(self, peer: Peer, item: CreateClient, now: float) -> AgentClient:
        """Open a session, or start an old one over; the address then belongs to this Client alone."""
        rival = peer.sessions.get(item.session_id) if item.session_id >= 0x80 else None
        if rival is not None and rival.key != item.client_key:
            self._drop(rival, now, "another Client at its address")
        client = self.clients.get(item.client_key)
        if client is not None and client.session_id != item.session_id:
            self._drop(client, now, "opens another session")
            client = None
        if client is None:
            client = AgentClient(item, peer, self.outbox, self.counters, now)
            self.clients[item.client_key] = client
            self.store.open(client)
            self.counters.sessions_opened += 1
            client.local_known = client.local_known and self.personality.cooperate
        else:
            if client.peer is not peer:
                first, second = client.peer, peer
                self.log(LogLevel.WARNING, "key from a second address", client=client, first=first, second=second)
            client.peer.detach(client)
            client.peer = peer
            client.apply_login(item)
            client.local_known = client.local_known and self.personality.cooperate
            client.reset_streams()
            self.store.restart(client)
        peer.attach(client)
        client.last_seen = now
        return client

    def _move(self, client: AgentClient, peer: Peer, now: float) -> None:
        """Follow a Client that puts its key into every header to another address, as CREATE_CLIENT from there would.

        This opens nothing new: with key and session id, a peer could also log in.
        """
        self.log(LogLevel.WARNING, "session moved to a second address", client=client, first=client.peer, second=peer)
        client.peer.detach(client)
        client.peer = peer
        peer.attach(client)
        self.store.moved(client, now)

    def _drop(self, client: AgentClient, now: float, why: str) -> None:
        """End a session and all that it created."""
        self.clients.pop(client.key, None)
        client.peer.detach(client)
        client.alive = False
        self.store.clear(client, now)
        self.counters.sessions_closed += 1
        self.log(LogLevel.INFO, "session closed", client=client, why=why)

    def drop_peer(self, peer: Peer, now: float, why: str) -> None:
        """End all sessions of an address that is gone."""
        for client in [*peer.sessions.values(), *peer.keyed.values()]:
            self._drop(client, now, why)

    # requests

    def _status(
        self, client: AgentClient, stream_id: int, request: Create | Delete | ReadData, status: int, now: float
    ) -> None:
        item = Status(request_id=request.request_id, object_id=request.object_id, status=status)
        client.answer(stream_id, encode_submessage(item), now)

    def _on_create(self, client: AgentClient, stream_id: int, item: object, now: float) -> None:
        assert isinstance(item, Create)
        answer_on = STREAM_RELIABLE if stream_id >= 0x80 else STREAM_BEST_EFFORT
        status, affected = self.store.create(client, item, now)
        self.log(
            LogLevel.INFO if status < 0x80 else LogLevel.WARNING,
            f"create {StatusCode(status).name}",
            client=client,
            object=object_name(item.object_id),
            **_reference(item, status),
        )
        epoch = client.epoch

        def release(when: float) -> None:
            if client.alive and client.epoch == epoch:
                self._status(client, answer_on, item, status, when)

        self.store.cooperation.hold(affected, now, release)

    def _on_delete(self, client: AgentClient, stream_id: int, item: object, now: float) -> None:
        assert isinstance(item, Delete)
        if item.object_id & 0x0F == ObjectKind.CLIENT:
            status = Status(request_id=item.request_id, object_id=item.object_id, status=StatusCode.OK)
            self._drop(client, now, "logged out")
            client.send_none(encode_submessage(status))
            return
        answer_on = STREAM_RELIABLE if stream_id >= 0x80 else STREAM_BEST_EFFORT
        found = self.store.delete(client, item.object_id, now)
        status_code = StatusCode.OK if found else StatusCode.ERR_UNKNOWN_REFERENCE
        self.log(LogLevel.INFO, f"delete {status_code.name}", client=client, object=object_name(item.object_id))
        self._status(client, answer_on, item, status_code, now)

    def _on_get_info(self, client: AgentClient, stream_id: int, item: object, now: float) -> None:
        assert isinstance(item, GetInfo)
        client.send_none(encode_submessage(agent_info(item, known=True)))

    def _on_write_data(self, client: AgentClient, stream_id: int, item: object, now: float) -> None:
        assert isinstance(item, WriteData)
        if item.data_format & FLAG_FORMAT_MASK:
            self.log(LogLevel.WARNING, "only plain DATA is read", client=client, format=item.data_format)
            return
        target = self._owned[client].objects.get(item.object_id)
        if isinstance(target, Writer):
            self._publish(target, item.data, now)
        elif isinstance(target, Requester):
            identity = target.identify(item.request_id)
            self._publish(target.writer, identity + item.data, now)
        elif isinstance(target, Replier):
            self.counters.samples_in += 1
            self.store.reply(target, item.data, now)
        else:
            self.counters.samples_unknown_writer += 1
            self.log(LogLevel.WARNING, "sample of an unknown writer", client=client, object=object_name(item.object_id))

    def _publish(self, writer: Writer, body: bytes, now: float) -> None:
        counters = self.counters
        counters.samples_in += 1
        if writer.suppressed:
            counters.suppressed += writer.suppressed
            writer.withheld += writer.suppressed
        if writer.history is not None:
            writer.remember(body)
        for reader in writer.routes:
            reader.offer(body, now)

    def _on_read_data(self, client: AgentClient, stream_id: int, item: object, now: float) -> None:
        assert isinstance(item, ReadData)
        target = self._owned[client].objects.get(item.object_id)
        if isinstance(target, Requester | Replier):
            target = target.reader
        if not isinstance(target, Reader):
            self._status(client, STREAM_RELIABLE, item, StatusCode.ERR_UNKNOWN_REFERENCE, now)
            return
        target.start(item, now)
        self.store.watch(target)

    def _on_acknack(self, client: AgentClient, stream_id: int, item: object, now: float) -> None:
        assert isinstance(item, AckNack)
        client.on_acknack(item, now)
        for reader in self.store.readers(client):
            if reader.waiting:
                reader.pump(now)

    def _on_heartbeat(self, client: AgentClient, stream_id: int, item: object, now: float) -> None:
        assert isinstance(item, Heartbeat)
        if item.stream_id < 0x80:
            return
        parts = client.reliable_in(item.stream_id).on_heartbeat(item.first_unacked, item.last)
        if self._in_order(client, item.stream_id, parts, now):
            client.send_acknack(item.stream_id)

    def _on_reset(self, client: AgentClient, stream_id: int, item: object, now: float) -> None:
        client.reset_streams()

    def _on_fragment(self, client: AgentClient, stream_id: int, item: object, now: float) -> None:
        assert isinstance(item, Fragment)
        if stream_id < 0x80:
            self.log(LogLevel.WARNING, "fragment on a stream that is not reliable", client=client)
            return
        whole = client.join(stream_id, item)
        if whole is not None:
            inner = (part for part in decode_submessages(whole) if not isinstance(part, Fragment))
            self._process(client, stream_id, inner, now)

    def _on_timestamp(self, client: AgentClient, stream_id: int, item: object, now: float) -> None:
        assert isinstance(item, Timestamp)
        received = divmod(self._wall_clock(), 1_000_000_000)
        sent = divmod(self._wall_clock(), 1_000_000_000)
        reply = TimestampReply(transmit=sent, receive=received, originate=item.transmit)
        client.send_none(encode_submessage(reply))

    # time

    def deadline(self) -> float | None:
        """When ``tick`` must run at the latest, or None."""
        times = [self.store.cooperation.deadline, self.store.deadline()]
        for client in self.clients.values():
            times += (client.wake, client.asks_at)
        return min((when for when in times if when is not None), default=None)

    def tick(self, now: float) -> None:
        """Do what is due: heartbeats, delivery by rate or time, liveliness, held answers."""
        self.store.cooperation.poll(now)
        self.store.tick(now)
        for client in list(self.clients.values()):
            if client.wake is not None and now >= client.wake:
                client.on_timer(now)
            if client.overrun:
                self._drop(client, now, "leaves too many answers unconfirmed")
            elif not client.check_liveliness(now):
                self._drop(client, now, "no sign of life")


def _reference(item: Create, status: int) -> dict[str, str]:
    """What a refused CREATE referred to, for the log."""
    refused = status >= StatusCode.ERR_DDS_ERROR and item.representation is RepresentationFormat.REF
    return {"reference": repr(item.text)} if refused else {}

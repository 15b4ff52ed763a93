"""A small DDS-XRCE Client on real sockets and ptys, for tests of the Agent: one thread, every wait has a deadline."""

from __future__ import annotations

import os
import select
import socket
import struct
import time
import tty
from collections.abc import Callable
from typing import Protocol

from rig import xrce

DEADLINE = 20.0


class Link(Protocol):
    def send(self, message: bytes) -> None: ...

    def receive(self, timeout: float) -> list[bytes]: ...

    def close(self) -> None: ...


class UdpLink:
    def __init__(self, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.connect(("127.0.0.1", port))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)

    def send(self, message: bytes) -> None:
        self._socket.send(message)

    def receive(self, timeout: float) -> list[bytes]:
        if not select.select([self._socket], [], [], timeout)[0]:
            return []
        try:
            return [self._socket.recv(65536)]
        except ConnectionRefusedError:
            return []

    def close(self) -> None:
        self._socket.close()


class TcpLink:
    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)
        self._buffer = b""

    def send(self, message: bytes) -> None:
        self._socket.sendall(struct.pack("<H", len(message)) + message)

    def receive(self, timeout: float) -> list[bytes]:
        if select.select([self._socket], [], [], timeout)[0]:
            self._buffer += self._socket.recv(65536)
        out = []
        while len(self._buffer) >= 2:
            size = self._buffer[0] | self._buffer[1] << 8
            if len(self._buffer) < 2 + size:
                break
            out.append(self._buffer[2 : 2 + size])
            self._buffer = self._buffer[2 + size :]
        return out

    def close(self) -> None:
        self._socket.close()


class SerialLink:
    """A board's end of a serial line, framed, on a file descriptor."""

    def __init__(self, fileno: int, address: int = 1) -> None:
        self._fileno = fileno
        self._address = address
        self._decoder = xrce.FrameDecoder(address=address)

    def send(self, message: bytes) -> None:
        view = memoryview(xrce.encode_frame(message, source=self._address, destination=0))
        while view:
            select.select([], [self._fileno], [], DEADLINE)
            view = view[os.write(self._fileno, view) :]

    def receive(self, timeout: float) -> list[bytes]:
        if not select.select([self._fileno], [], [], timeout)[0]:
            return []
        try:
            data = os.read(self._fileno, 65536)
        except OSError:
            time.sleep(min(timeout, 0.01))  # the other side is away
            return []
        return [event.payload for event in self._decoder.feed(data) if isinstance(event, xrce.Frame)]

    def close(self) -> None:
        pass


class BoardPty:
    """A pty whose master is a board's UART; ``device`` is what an Agent or a tap opens."""

    def __init__(self) -> None:
        self.master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.device = os.ttyname(self._slave)
        self._open = True

    def link(self, address: int = 1) -> SerialLink:
        return SerialLink(self.master, address)

    def hang_up(self) -> None:
        if self._open:
            self._open = False
            os.close(self.master)
            os.close(self._slave)

    def __enter__(self) -> BoardPty:
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()


class Client:
    """Logs in, creates, writes, reads; keeps everything it was told."""

    def __init__(
        self,
        link: Link,
        key: bytes = b"\x11\x22\x33\x44",
        *,
        session_id: int = 0x81,
        properties: xrce.Properties = (),
        mtu: int = 508,
    ) -> None:
        self.link = link
        self.key = key
        self.session_id = session_id
        self.properties = properties
        self.mtu = mtu
        self.header_size = 4 if session_id >= 0x80 else 8
        self.log: list[xrce.Submessage] = []
        self.samples: list[tuple[int, bytes]] = []
        self.statuses: dict[int, int] = {}
        self.remote: list[tuple[int, int]] = []
        self.agent: xrce.StatusAgent | None = None
        self._request = 9
        self.reset_streams()

    def reset_streams(self) -> None:
        self.out = xrce.ReliableOutput(
            mtu=self.mtu, header_size=self.header_size, heartbeat_period=0.1, resend_all=True
        )
        self.best = xrce.BestEffortOutput()
        self.into = xrce.ReliableInput()
        self.parts = xrce.Reassembler()
        self.acknowledge = True

    def header(self, stream: int, sequence: int) -> bytes:
        key = self.key if self.session_id < 0x80 else None
        return xrce.encode_header(
            xrce.Header(session_id=self.session_id, stream_id=stream, sequence=sequence, client_key=key)
        )

    def request_id(self) -> int:
        self._request += 1
        return self._request

    # sending

    def send_none(self, item: xrce.Submessage) -> None:
        self.link.send(self.header(0, 0) + xrce.encode_submessage(item))

    def send_best(self, item: xrce.Submessage) -> None:
        self.link.send(self.header(1, self.best.take()) + xrce.encode_submessage(item))

    def send_reliable(self, item: xrce.Submessage) -> None:
        assert self.out.push(xrce.encode_submessage(item))
        self._emit(self.out.take(time.monotonic()))

    def _emit(self, parts: list[tuple[int, bytes]]) -> None:
        for number, part in parts:
            self.link.send(self.header(0x80, number) + part)

    # waiting

    def pump(self, until: Callable[[], bool], deadline: float = DEADLINE) -> bool:
        """Take what comes until a condition holds; False if the deadline passed first."""
        end = time.monotonic() + deadline
        while not until():
            now = time.monotonic()
            if now >= end:
                return False
            beat = self.out.on_timer(now)
            if beat is not None:
                self.send_none(xrce.Heartbeat(first_unacked=beat[0], last=beat[1], stream_id=0x80))
            for message in self.link.receive(min(0.05, end - now)):
                self.take(message)
        return True

    def spin(self, seconds: float) -> None:
        """Take what comes for a while, to show that something does not come."""
        self.pump(lambda: False, seconds)

    def take(self, message: bytes) -> None:
        try:
            header, offset = xrce.decode_header(message)
            items = list(xrce.decode_submessages(message, offset))
        except xrce.XrceDecodeError:
            return
        if header.stream_id >= 0x80:
            for body in self.into.accept(header.sequence, message[offset:]):
                for item in xrce.decode_submessages(body):
                    self._handle(item)
            self._ack()
            return
        for item in items:
            self._handle(item)

    def _ack(self) -> None:
        if self.acknowledge:
            ack = self.into.ack()
            self.send_none(xrce.AckNack(first_unacked=ack.first_unacked, bitmap=ack.bitmap, stream_id=0x80))

    def _handle(self, item: xrce.Submessage) -> None:
        if isinstance(item, xrce.Fragment):
            whole = self.parts.add(item.data, last=item.last)
            if whole is not None:
                for inner in xrce.decode_submessages(whole):
                    self._handle(inner)
            return
        self.log.append(item)
        if isinstance(item, xrce.StatusAgent):
            self.agent = item
        elif isinstance(item, xrce.Status):
            self.statuses[item.request_id] = item.status
        elif isinstance(item, xrce.Data):
            self.samples.append((item.object_id, item.data))
        elif isinstance(item, xrce.AckNack):
            self._emit(self.out.on_acknack(item.first_unacked, item.bitmap, time.monotonic()))
        elif isinstance(item, xrce.Heartbeat):
            self.into.on_heartbeat(item.first_unacked, item.last)
            self._ack()
        elif isinstance(item, xrce.Info) and isinstance(item.activity, xrce.WriterActivity):
            self.remote.append((item.object_id, item.activity.remote_readers))

    # requests

    def login(self) -> xrce.StatusAgent:
        item = xrce.CreateClient(
            client_key=self.key, session_id=self.session_id, mtu=self.mtu, properties=self.properties
        )
        keyed = self.session_id < 0x80
        head = xrce.Header(session_id=0 if keyed else 0x80, client_key=self.key if keyed else None)
        self.agent = None
        end = time.monotonic() + DEADLINE
        while self.agent is None and time.monotonic() < end:
            self.link.send(xrce.encode_message(xrce.Message(header=head, submessages=(item,))))
            self.pump(lambda: self.agent is not None, 1.0)
        assert self.agent is not None, "no STATUS_AGENT"
        return self.agent

    def logout(self) -> int:
        request = self.request_id()
        self.send_none(xrce.Delete(request_id=request, object_id=xrce.OBJECT_CLIENT))
        return self.wait(request)

    def wait(self, request: int) -> int:
        assert self.pump(lambda: request in self.statuses), f"no STATUS for request {request}"
        return self.statuses[request]

    def create(
        self,
        object_id: int,
        body: bytes,
        *,
        parent: int | None = None,
        domain: int | None = None,
        form: xrce.RepresentationFormat = xrce.RepresentationFormat.BIN,
        reuse: bool = False,
        replace: bool = True,
        kind: int | None = None,
    ) -> int:
        """Ask for an object; returns the request id."""
        request = self.request_id()
        self.send_reliable(
            xrce.Create(
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
        )
        return request

    def delete(self, object_id: int) -> int:
        request = self.request_id()
        self.send_reliable(xrce.Delete(request_id=request, object_id=object_id))
        return self.wait(request)

    def participant(self, domain: int = 0) -> None:
        body = xrce.encode_participant(xrce.ParticipantBody())
        assert self.wait(self.create(0x0011, body, domain=domain)) == 0
        for object_id in (0x0013, 0x0014):
            body = xrce.encode_group(xrce.GroupBody())
            assert self.wait(self.create(object_id, body, parent=0x0011)) == 0

    def topic(self, number: int = 1, name: str = "rt/chatter", type_name: str = "T_") -> None:
        body = xrce.encode_topic(xrce.TopicBody(name=name, type_name=type_name))
        assert self.wait(self.create(number << 4 | 2, body, parent=0x0011)) == 0

    def writer(self, number: int = 1, *, topic: int = 1, flags: int = 1, depth: int | None = None) -> int:
        qos = xrce.EndpointQos(flags=flags, depth=depth)
        body = xrce.encode_writer(xrce.EndpointBody(topic_id=topic << 4 | 2, qos=qos))
        return self.create(number << 4 | 5, body, parent=0x0013)

    def reader(self, number: int = 1, *, topic: int = 1, flags: int = 1, depth: int | None = None) -> int:
        qos = xrce.EndpointQos(flags=flags, depth=depth)
        body = xrce.encode_reader(xrce.EndpointBody(topic_id=topic << 4 | 2, qos=qos))
        return self.create(number << 4 | 6, body, parent=0x0014)

    def read(
        self,
        object_id: int,
        *,
        stream: int = 0x80,
        delivery: xrce.DeliveryControl | None = xrce.DeliveryControl(),  # noqa: B008 - frozen
    ) -> int:
        request = self.request_id()
        self.send_reliable(xrce.ReadData(request_id=request, object_id=object_id, stream_id=stream, delivery=delivery))
        return request

    def write(self, object_id: int, data: bytes, *, reliable: bool = True) -> int:
        request = self.request_id()
        item = xrce.WriteData(request_id=request, object_id=object_id, data=data)
        (self.send_reliable if reliable else self.send_best)(item)
        return request

    def settled(self) -> bool:
        """Wait until the Agent has confirmed everything."""
        return self.pump(lambda: self.out.idle)

"""A small DDS-XRCE Client on real sockets and ptys, for tests of the Agent: one thread, every wait has a deadline."""

from __future__ import annotations

import os
import select
import socket
import struct
import time
import tty
from collections.abc import Callable
from typing import Any, Protocol

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
        self.session = xrce.ClientSession(key, session_id=session_id, mtu=mtu, properties=properties)
        self.log: list[xrce.Submessage] = []
        self.samples: list[tuple[int, bytes]] = []
        self.remote: list[tuple[int, int]] = []

    @property
    def key(self) -> bytes:
        return self.session.key

    @property
    def out(self) -> xrce.ReliableOutput:
        return self.session.out

    @property
    def into(self) -> xrce.ReliableInput:
        return self.session.input()

    @property
    def statuses(self) -> dict[int, int]:
        return self.session.statuses

    @property
    def agent(self) -> xrce.StatusAgent | None:
        return self.session.agent

    def reset_streams(self) -> None:
        self.session.reset_streams()

    def header(self, stream: int, sequence: int) -> bytes:
        return self.session.header(stream, sequence)

    def request_id(self) -> int:
        return self.session.next_request()

    # sending

    def flush(self) -> None:
        waiting, self.session.outbox[:] = list(self.session.outbox), []
        for message in waiting:
            self.link.send(message)

    def _send(self, item: xrce.Submessage, stream: int) -> None:
        assert self.session.send(item, time.monotonic(), stream=stream)
        self.flush()

    def send_none(self, item: xrce.Submessage) -> None:
        self._send(item, 0)

    def send_best(self, item: xrce.Submessage) -> None:
        self._send(item, 1)

    def send_reliable(self, item: xrce.Submessage) -> None:
        self._send(item, 0x80)

    # waiting

    def pump(self, until: Callable[[], bool], deadline: float = DEADLINE) -> bool:
        """Take what comes until a condition holds; False if the deadline passed first."""
        end = time.monotonic() + deadline
        while not until():
            now = time.monotonic()
            if now >= end:
                return False
            self.session.on_timer(now)
            self.flush()
            for message in self.link.receive(min(0.05, end - now)):
                self.take(message)
        return True

    def spin(self, seconds: float) -> None:
        """Take what comes for a while, to show that something does not come."""
        self.pump(lambda: False, seconds)

    def take(self, message: bytes) -> None:
        try:
            heard = self.session.receive(message, time.monotonic())
        except xrce.XrceDecodeError:
            return
        self.flush()
        self.log += heard
        for item in heard:
            if isinstance(item, xrce.Data):
                self.samples.append((item.object_id, item.data))
            elif isinstance(item, xrce.Info) and isinstance(item.activity, xrce.WriterActivity):
                self.remote.append((item.object_id, item.activity.remote_readers))

    # requests

    def login(self) -> xrce.StatusAgent:
        end = time.monotonic() + DEADLINE
        self.session.login()
        while self.agent is None and time.monotonic() < end:
            self.flush()
            if not self.pump(lambda: self.agent is not None, 1.0):
                self.session.login()
        assert self.agent is not None, "no STATUS_AGENT"
        return self.agent

    def logout(self) -> int:
        request = self.session.logout(time.monotonic())
        self.flush()
        return self.wait(request)

    def wait(self, request: int) -> int:
        assert self.pump(lambda: request in self.statuses), f"no STATUS for request {request}"
        return self.statuses[request]

    def create(self, object_id: int, body: bytes, *, replace: bool = True, **about: Any) -> int:
        """Ask for an object, with the options of ``ClientSession.create``; returns the request id."""
        return self._asked(self.session.create(object_id, body, time.monotonic(), replace=replace, **about))

    def _asked(self, request: int) -> int:
        self.flush()
        return request

    def delete(self, object_id: int) -> int:
        return self.wait(self._asked(self.session.delete(object_id, time.monotonic())))

    def participant(self, domain: int = 0) -> None:
        now = time.monotonic()
        assert self.wait(self._asked(self.session.participant(0x0011, now, domain=domain, replace=True))) == 0
        for object_id in (0x0013, 0x0014):
            assert self.wait(self._asked(self.session.group(object_id, 0x0011, now, replace=True))) == 0

    def topic(self, number: int = 1, name: str = "rt/chatter", type_name: str = "T_") -> None:
        request = self.session.topic(number << 4 | 2, 0x0011, name, type_name, time.monotonic(), replace=True)
        assert self.wait(self._asked(request)) == 0

    def pair(self) -> None:
        """A session with a writer 0x0015 and a reader 0x0016 on one topic."""
        self.login()
        self.participant()
        self.topic()
        assert self.wait(self.writer()) == 0
        assert self.wait(self.reader()) == 0

    def writer(self, number: int = 1, *, topic: int = 1, flags: int = 1, depth: int | None = None) -> int:
        return self._endpoint(number << 4 | 5, 0x0013, topic, flags, depth)

    def reader(self, number: int = 1, *, topic: int = 1, flags: int = 1, depth: int | None = None) -> int:
        return self._endpoint(number << 4 | 6, 0x0014, topic, flags, depth)

    def _endpoint(self, object_id: int, group: int, topic: int, flags: int, depth: int | None) -> int:
        qos = xrce.EndpointQos(flags=flags, depth=depth)
        now = time.monotonic()
        return self._asked(self.session.endpoint(object_id, group, topic << 4 | 2, qos, now, replace=True))

    def read(
        self,
        object_id: int,
        *,
        stream: int = 0x80,
        delivery: xrce.DeliveryControl | None = xrce.DeliveryControl(),  # noqa: B008 - frozen
    ) -> int:
        return self._asked(self.session.read(object_id, time.monotonic(), stream=stream, delivery=delivery))

    def write(self, object_id: int, data: bytes, *, reliable: bool = True) -> int:
        stream = 0x80 if reliable else 1
        return self._asked(self.session.write(object_id, data, time.monotonic(), stream=stream))

    def settled(self) -> bool:
        """Wait until the Agent has confirmed everything."""
        return self.pump(lambda: self.out.idle)

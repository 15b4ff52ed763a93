"""A Client that writes samples best effort and reads them back, over UDP or a pty, as fast as its own process goes.

Messages are encoded before the clock starts, so that the Agent is what is measured.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import time
import tty
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rig import xrce
from rig.errors import AgentFault

_LIMIT = 5.0
_RETRY = 0.5
_RETRIES = 20
_LOOK = 0.05
_SESSION = 0x81
_REFUSED = 0x80
_SILENT = "the Agent does not answer CREATE_CLIENT"
_DATA = 9  # submessage id
_SEQUENCES = 1 << 16
_PARTICIPANT, _TOPIC, _PUBLISHER, _SUBSCRIBER, _WRITER, _READER = 0x0011, 0x0012, 0x0013, 0x0014, 0x0015, 0x0016


class SerialEnd:
    """A board's end of a serial line, on a pty, with as much of a socket's interface as ``Echo`` needs.

    ``device`` is what an Agent opens.
    """

    def __init__(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.device = os.ttyname(self._slave)
        self._decoder = xrce.FrameDecoder(address=1)
        self._arrived: deque[bytes] = deque()
        self._timeout = _LIMIT

    def settimeout(self, seconds: float) -> None:
        """How long ``recv`` waits."""
        self._timeout = seconds

    def send(self, message: bytes) -> int:
        """Send one message in a frame; waits while the line is full."""
        frame = memoryview(xrce.encode_frame(message, source=1, destination=0))
        while frame:
            frame = frame[os.write(self._master, frame) :]
        return len(message)

    def recv(self, size: int) -> bytes:
        """Receive one message. :raises TimeoutError: none came in time."""
        del size  # a frame says how long it is
        while not self._arrived:
            if not select.select([self._master], [], [], self._timeout)[0]:
                raise TimeoutError
            events = self._decoder.feed(os.read(self._master, 65536))
            self._arrived.extend(event.payload for event in events if isinstance(event, xrce.Frame))
        return self._arrived.popleft()

    def close(self) -> None:
        """Hang up."""
        os.close(self._master)
        os.close(self._slave)


def udp_socket(port: int) -> socket.socket:
    """A socket connected to an Agent's port on loopback."""
    link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    link.bind(("127.0.0.1", 0))
    link.connect(("127.0.0.1", port))
    link.settimeout(_LIMIT)
    return link


class Echo:
    """One Client with a writer and a reader on the same topic. Use as a context manager."""

    def __init__(
        self, link: socket.socket | SerialEnd, *, key: int, topic: str, payload: int = 64, settle: float = 0.05
    ) -> None:
        """``settle``: how long to take what is still on its way after the entities were made, seconds.

        A socket is closed on leaving; a serial line stays open, as a board's does.
        """
        self._session = xrce.ClientSession(key.to_bytes(4, "big"), session_id=_SESSION, mtu=508)
        self._topic = topic
        self._payload = payload
        self._settle = settle
        self._sequence = 0
        self._body = b""
        self._messages: list[bytes] = []
        self.socket = link

    def __enter__(self) -> Self:
        try:
            self._login()
            self._make_entities()
            self._body = xrce.encode_submessage(
                xrce.WriteData(request_id=self._session.next_request(), object_id=_WRITER, data=bytes(self._payload))
            )
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._session.logout(time.monotonic())
            self._flush()
        self._close()

    def _close(self) -> None:
        if isinstance(self.socket, socket.socket):
            self.socket.close()

    def _flush(self) -> None:
        waiting, self._session.outbox[:] = list(self._session.outbox), []
        for message in waiting:
            self.socket.send(message)

    def _await(self, there: Callable[[], bool], limit: float) -> bool:
        """Take what comes until a condition holds; False if it did not in time."""
        end = time.monotonic() + limit
        self.socket.settimeout(_LOOK)
        while not there() and time.monotonic() < end:
            with contextlib.suppress(TimeoutError, xrce.XrceDecodeError):
                self._session.receive(self.socket.recv(2048), time.monotonic())
            self._session.on_timer(time.monotonic())
            self._flush()
        self.socket.settimeout(_LIMIT)
        return there()

    def _login(self) -> None:
        """Ask until the Agent answers: on a serial line it may not be there yet."""
        session = self._session
        for _ in range(_RETRIES):
            session.login()
            self._flush()
            if self._await(lambda: session.agent is not None, _RETRY):
                break
        if not session.logged_in:
            raise AgentFault(f"the Agent refused a session: {session.agent}" if session.agent else _SILENT)

    def _make_entities(self) -> None:
        session, qos = self._session, xrce.EndpointQos(flags=xrce.QosFlag.KEEP_LAST)
        requests: tuple[Callable[[float], int], ...] = (
            lambda now: session.participant(_PARTICIPANT, now),
            lambda now: session.topic(_TOPIC, _PARTICIPANT, self._topic, "T_", now),
            lambda now: session.group(_PUBLISHER, _PARTICIPANT, now),
            lambda now: session.group(_SUBSCRIBER, _PARTICIPANT, now),
            lambda now: session.endpoint(_WRITER, _PUBLISHER, _TOPIC, qos, now),
            lambda now: session.endpoint(_READER, _SUBSCRIBER, _TOPIC, qos, now),
        )
        for ask in requests:
            self._confirmed(ask(time.monotonic()))
        everything = xrce.DeliveryControl(max_samples=xrce.SAMPLES_UNLIMITED)
        session.read(_READER, time.monotonic(), stream=xrce.STREAM_BEST_EFFORT, delivery=everything)
        self._flush()
        self._drain()

    def _confirmed(self, request: int) -> None:
        self._flush()
        statuses = self._session.statuses
        if not self._await(lambda: request in statuses, _LIMIT):
            raise AgentFault(f"the Agent does not answer a creation within {_LIMIT:g} s")
        if statuses[request] >= _REFUSED:
            raise AgentFault(f"the Agent refused a creation with {statuses[request]:#04x}")

    def _drain(self) -> None:
        """Take what is still on its way: acknowledgements, heartbeats."""
        if self._settle:
            self._await(lambda: False, self._settle)

    def _encoded(self) -> list[bytes]:
        """All messages that there can be, one a sequence number."""
        if not self._messages:
            self._messages = [bytes((_SESSION, 1, n & 0xFF, n >> 8)) + self._body for n in range(_SEQUENCES)]
        return self._messages

    def write(self) -> None:
        """Write one sample."""
        number = self._sequence & _SEQUENCES - 1
        self._sequence += 1
        self.socket.send(bytes((_SESSION, 1, number & 0xFF, number >> 8)) + self._body)

    def take(self) -> int:
        """Take all that arrived. Returns how many samples it was; for a socket that does not block."""
        samples = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                samples += self.socket.recv(2048)[4] == _DATA
        return samples

    def _samples(self) -> int:
        """Receive until a DATA comes; what else an Agent sends is passed over."""
        receive = self.socket.recv
        while True:
            message = receive(2048)
            if message[4] == _DATA:
                return 1

    def echo(self, count: int, *, in_flight: int, seconds: float = 20.0) -> tuple[int, float]:
        """Write ``count`` samples with ``in_flight`` on their way. Returns how many came back, and the seconds taken.

        A datagram that is lost would keep its place for ever: after 0.5 s without one, all places are filled anew.
        """
        send, receive, messages, mask = self.socket.send, self.socket.recv, self._encoded(), _SEQUENCES - 1
        sequence = self._sequence
        self.socket.settimeout(0.5)
        begin = time.perf_counter()
        end = begin + seconds
        sent = back = 0
        while back < count and time.perf_counter() < end:
            room = min(in_flight, count - back)
            for _ in range(room):
                send(messages[sequence & mask])
                sequence += 1
            sent += room
            try:
                while back < count:
                    if receive(2048)[4] != _DATA:
                        continue
                    back += 1
                    if sent < count:
                        send(messages[sequence & mask])
                        sequence += 1
                        sent += 1
                    elif back >= sent:
                        break
            except TimeoutError:
                sent = back  # what is missing is lost
        taken = time.perf_counter() - begin
        self._sequence = sequence
        self.socket.settimeout(_LIMIT)
        return back, taken

    def round_trips(self, count: int) -> list[float]:
        """Write and read back one sample at a time. Returns the seconds of each round trip."""
        send, messages, mask = self.socket.send, self._encoded(), _SEQUENCES - 1
        times: list[float] = []
        for _ in range(count):
            begin = time.perf_counter()
            send(messages[self._sequence & mask])
            self._sequence += 1
            try:
                self._samples()
            except TimeoutError:
                continue
            times.append(time.perf_counter() - begin)
        return times

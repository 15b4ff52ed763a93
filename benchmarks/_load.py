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
from types import TracebackType
from typing import Self

from rig import xrce
from rig.errors import AgentFault

_LIMIT = 5.0
_RETRY = 0.5
_RETRIES = 20
_DATA = 9  # submessage id
_SEQUENCES = 1 << 16
_PARTICIPANT, _TOPIC, _PUBLISHER, _SUBSCRIBER, _WRITER, _READER = 0x0011, 0x0012, 0x0013, 0x0014, 0x0015, 0x0016
_BIN = xrce.RepresentationFormat.BIN


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
        self._key = key.to_bytes(4, "big")
        self._topic = topic
        self._payload = payload
        self._settle = settle
        self._sequence = 0
        self._request = 9
        self._body = b""
        self._messages: list[bytes] = []
        self.socket = link

    def __enter__(self) -> Self:
        try:
            self._login()
            self._make_entities()
            self._body = xrce.encode_submessage(
                xrce.WriteData(request_id=self._next(), object_id=_WRITER, data=bytes(self._payload))
            )
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._send(xrce.Delete(request_id=self._next(), object_id=xrce.OBJECT_CLIENT), stream=0)
        self._close()

    def _close(self) -> None:
        if isinstance(self.socket, socket.socket):
            self.socket.close()

    def _next(self) -> int:
        self._request += 1
        return self._request

    def _send(self, item: xrce.Submessage, *, stream: int, sequence: int = 0, session: int = 0x81) -> None:
        header = xrce.Header(session_id=session, stream_id=stream, sequence=sequence)
        self.socket.send(xrce.encode_message(xrce.Message(header=header, submessages=(item,))))

    def _await(self, wanted: type[xrce.Submessage], request: int | None, what: str, limit: float = _LIMIT) -> None:
        end = time.monotonic() + limit
        while time.monotonic() < end:
            try:
                message = xrce.decode_message(self.socket.recv(2048))
            except (TimeoutError, xrce.XrceDecodeError):
                continue
            for item in message.submessages:
                if isinstance(item, wanted) and (request is None or getattr(item, "request_id", None) == request):
                    if getattr(item, "status", 0) >= 0x80:
                        raise AgentFault(f"the Agent refused {what}: {item}")
                    return
        raise AgentFault(f"the Agent does not answer {what} within {limit:g} s")

    def _login(self) -> None:
        """Ask until the Agent answers: on a serial line it may not be there yet."""
        login = xrce.CreateClient(client_key=self._key, session_id=0x81, mtu=508)
        self.socket.settimeout(_RETRY)
        for left in reversed(range(_RETRIES)):
            self._send(login, stream=0, session=0x80)
            try:
                self._await(xrce.StatusAgent, None, "CREATE_CLIENT", limit=_RETRY)
                break
            except AgentFault:
                if not left:
                    raise
        self.socket.settimeout(_LIMIT)

    def _make_entities(self) -> None:
        qos = xrce.EndpointQos(flags=2)
        end = xrce.EndpointBody(topic_id=_TOPIC, qos=qos)
        bodies: tuple[tuple[int, bytes, int | None], ...] = (
            (_PARTICIPANT, xrce.encode_participant(xrce.ParticipantBody()), None),
            (_TOPIC, xrce.encode_topic(xrce.TopicBody(name=self._topic, type_name="T_")), _PARTICIPANT),
            (_PUBLISHER, xrce.encode_group(xrce.GroupBody()), _PARTICIPANT),
            (_SUBSCRIBER, xrce.encode_group(xrce.GroupBody()), _PARTICIPANT),
            (_WRITER, xrce.encode_writer(end), _PUBLISHER),
            (_READER, xrce.encode_reader(end), _SUBSCRIBER),
        )
        for sequence, (object_id, body, parent) in enumerate(bodies):
            request = self._next()
            create = xrce.Create(
                request_id=request,
                object_id=object_id,
                object_kind=object_id & 0xF,
                representation=_BIN,
                body=body,
                parent_id=parent,
                domain_id=0 if parent is None else None,
            )
            self._send(create, stream=0x80, sequence=sequence)
            self._await(xrce.Status, request, f"CREATE of {object_id:#06x}")
        read = xrce.ReadData(
            request_id=self._next(),
            object_id=_READER,
            stream_id=1,
            delivery=xrce.DeliveryControl(max_samples=xrce.SAMPLES_UNLIMITED),
        )
        self._send(read, stream=0x80, sequence=len(bodies))
        self._drain()

    def _drain(self) -> None:
        """Take what is still on its way: acknowledgements, heartbeats."""
        if not self._settle:
            return
        self.socket.settimeout(self._settle)
        with contextlib.suppress(TimeoutError):
            while True:
                self.socket.recv(2048)
        self.socket.settimeout(_LIMIT)

    def _encoded(self) -> list[bytes]:
        """All messages that there can be, one a sequence number."""
        if not self._messages:
            self._messages = [bytes((0x81, 1, n & 0xFF, n >> 8)) + self._body for n in range(_SEQUENCES)]
        return self._messages

    def write(self) -> None:
        """Write one sample."""
        number = self._sequence & _SEQUENCES - 1
        self._sequence += 1
        self.socket.send(bytes((0x81, 1, number & 0xFF, number >> 8)) + self._body)

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

"""A reader elsewhere: a small Client of the rig's own at an Agent's UDP port, as any other machine's would be.

Knows just enough of a Client to read one topic: it logs in, creates a reader by BIN, and keeps what it is sent. Works
with any Agent. Must not know boards, nor what the samples mean.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from rig import xrce
from rig.errors import AgentFault

_KEY = b"\x7a\x52\x45\x4d"
_SESSION = 0x81
_MTU = 512
_ANSWER_LIMIT = 10.0
_REPEAT = 0.5
_POLL = 0.02
_FAREWELL = 9
_PARTICIPANT, _TOPIC, _SUBSCRIBER, _READER = 0x0011, 0x0012, 0x0014, 0x0016


class RemoteReader:
    """Use as a context manager: ``__enter__`` begins and does not wait, as the Agent may first have to hear from
    others; ``ready`` says when the Agent has confirmed the reader. What comes is taken in a thread of its own.

    :param port: UDP port on loopback at which an Agent listens.
    :param topic: name and type of what is read, reliably.
    :param patience: how long the Agent may take until the reader is confirmed, seconds.
    """

    def __init__(self, port: int, topic: tuple[str, str], *, patience: float = _ANSWER_LIMIT) -> None:
        self._port = port
        self._topic = topic
        self._patience = patience
        self._samples: list[bytes] = []
        self._statuses: dict[int, int] = {}
        self._logged_in = False
        self._ready = threading.Event()
        self._ending = threading.Event()
        self._failure: Exception | None = None
        self._out = xrce.ReliableOutput(mtu=_MTU, header_size=4, heartbeat_period=0.1, resend_all=True)
        self._into = xrce.ReliableInput()
        self._parts = xrce.Reassembler()

    def __enter__(self) -> Self:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.connect(("127.0.0.1", self._port))
        self._thread = threading.Thread(target=self._run, name="remote-reader", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        self._thread.join(_ANSWER_LIMIT)
        self._socket.close()

    @property
    def ready(self) -> bool:
        """Whether the Agent has confirmed the reader. :raises AgentFault: it refused, or does not answer."""
        if self._failure is not None:
            raise AgentFault(f"a reader of the rig's own at the Agent failed: {self._failure}") from self._failure
        return self._ready.is_set()

    def samples(self) -> list[bytes]:
        """What has come so far, in order of arrival."""
        return list(self._samples)

    def _run(self) -> None:
        try:
            for _ in self._steps():
                if self._ending.is_set():
                    break
                self._pump()
            self._leave()
        except Exception as error:  # told to whoever asks whether it is ready
            self._failure = error

    def _steps(self) -> Iterator[None]:
        """Log in, create, ask for samples; then take them for good. Yields whenever there is something to wait for."""
        login = xrce.CreateClient(client_key=_KEY, session_id=_SESSION, mtu=_MTU)
        end = time.monotonic() + self._patience
        while not self._logged_in:
            self._send(0, 0, xrce.encode_submessage(login), session=0x80)
            again = time.monotonic() + _REPEAT
            while not self._logged_in and time.monotonic() < again:
                yield
            if time.monotonic() > end:
                raise TimeoutError("no answer to its login")
        name, type_name = self._topic
        qos = xrce.EndpointQos(flags=xrce.QosFlag.RELIABLE | xrce.QosFlag.KEEP_LAST)
        bodies = (
            (_PARTICIPANT, xrce.encode_participant(xrce.ParticipantBody()), 0),
            (_TOPIC, xrce.encode_topic(xrce.TopicBody(name=name, type_name=type_name)), _PARTICIPANT),
            (_SUBSCRIBER, xrce.encode_group(xrce.GroupBody()), _PARTICIPANT),
            (_READER, xrce.encode_reader(xrce.EndpointBody(topic_id=_TOPIC, qos=qos)), _SUBSCRIBER),
        )
        for request, (object_id, body, parent) in enumerate(bodies, start=10):
            self._reliable(
                xrce.Create(
                    request_id=request,
                    object_id=object_id,
                    object_kind=object_id & 0xF,
                    representation=xrce.RepresentationFormat.BIN,
                    body=body,
                    parent_id=parent or None,
                    domain_id=None if parent else 0,
                )
            )
            if object_id == _READER:  # before anybody can publish to it: what comes at once is asked for already
                self._reliable(
                    xrce.ReadData(
                        request_id=request + 1, object_id=_READER, stream_id=0x80, delivery=xrce.DeliveryControl()
                    )
                )
            while request not in self._statuses:
                yield
                if time.monotonic() > end:
                    raise TimeoutError(f"no answer to its creation of {object_id:#06x}")
            if self._statuses[request] not in (xrce.StatusCode.OK, xrce.StatusCode.OK_MATCHED):
                raise ValueError(f"its creation of {object_id:#06x} was refused with {self._statuses[request]:#04x}")
        while not self._out.idle:
            yield
        self._ready.set()
        while True:
            yield

    def _leave(self) -> None:
        """Log out, so that the Agent forgets the reader at once."""
        farewell = xrce.encode_submessage(xrce.Delete(request_id=_FAREWELL, object_id=xrce.OBJECT_CLIENT))
        end = time.monotonic() + _ANSWER_LIMIT / 2
        while self._logged_in and _FAREWELL not in self._statuses and time.monotonic() < end:
            self._send(0, 0, farewell)
            again = time.monotonic() + _REPEAT
            while _FAREWELL not in self._statuses and time.monotonic() < again:
                self._pump()

    def _pump(self) -> None:
        """Take what is there, and keep the stream going."""
        beat = self._out.on_timer(time.monotonic())
        if beat is not None:
            item = xrce.Heartbeat(first_unacked=beat[0], last=beat[1], stream_id=0x80)
            self._send(0, 0, xrce.encode_submessage(item))
        while select.select([self._socket], [], [], _POLL)[0]:
            with contextlib.suppress(ConnectionRefusedError, xrce.XrceDecodeError):
                self._take(self._socket.recv(65536))

    def _send(self, stream: int, sequence: int, body: bytes, *, session: int = _SESSION) -> None:
        header = xrce.Header(session_id=session, stream_id=stream, sequence=sequence)
        with contextlib.suppress(ConnectionRefusedError):
            self._socket.send(xrce.encode_header(header) + body)

    def _reliable(self, item: xrce.Submessage) -> None:
        self._out.push(xrce.encode_submessage(item))
        for number, part in self._out.take(time.monotonic()):
            self._send(0x80, number, part)

    def _acknowledge(self) -> None:
        ack = self._into.ack()
        item = xrce.AckNack(first_unacked=ack.first_unacked, bitmap=ack.bitmap, stream_id=0x80)
        self._send(0, 0, xrce.encode_submessage(item))

    def _take(self, message: bytes) -> None:
        header, offset = xrce.decode_header(message)
        if header.stream_id < 0x80:
            for item in xrce.decode_submessages(message, offset):
                self._handle(item)
            return
        for body in self._into.accept(header.sequence, message[offset:]):
            for item in xrce.decode_submessages(body):
                self._handle(item)
        self._acknowledge()

    def _handle(self, item: xrce.Submessage) -> None:
        match item:
            case xrce.Fragment():
                whole = self._parts.add(item.data, last=item.last)
                for inner in xrce.decode_submessages(whole) if whole is not None else ():
                    self._handle(inner)
            case xrce.StatusAgent():
                self._logged_in = item.status == xrce.StatusCode.OK
            case xrce.Status():
                self._statuses[item.request_id] = item.status
            case xrce.Data():
                self._samples.append(item.data)
            case xrce.AckNack():
                for number, part in self._out.on_acknack(item.first_unacked, item.bitmap, time.monotonic()):
                    self._send(0x80, number, part)
            case xrce.Heartbeat():
                self._into.on_heartbeat(item.first_unacked, item.last)
                self._acknowledge()

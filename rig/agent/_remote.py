"""Readers and writers elsewhere: small Clients of the rig's own at an Agent's UDP port, like Clients on other machines.

``RemoteReader`` reads one topic: it logs in, creates a reader by BIN, and keeps its samples. ``RemoteEnds`` has readers
and writers that come and go. Both work with any Agent. Must not know boards, nor what the samples mean.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
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
_PARTICIPANT, _TOPIC, _SUBSCRIBER, _READER = 0x0011, 0x0012, 0x0014, 0x0016
_PUBLISHER, _WRITER = 0x0013, 0x0015
_OTHER_KEY = b"\x7a\x52\x45\x4e"
_SOON = 2.0
# Keeps all: a thread that waits for a busy host's processor must not lose what an Agent would replace.
_RELIABLE = xrce.EndpointQos(flags=xrce.QosFlag.RELIABLE)
_BEST_EFFORT = xrce.EndpointQos(flags=0)


class RemoteReader:
    """Use as a context manager. ``__enter__`` begins and does not wait, because the Agent may first have to hear from
    other Clients. ``ready`` says when the Agent has confirmed the reader. A thread of its own receives the samples.

    :param port: UDP port on loopback at which an Agent listens.
    :param topic: name and type of the topic.
    :param reliable: its QoS. Only a best-effort reader matches best-effort writers too.
    :param patience: seconds until the Agent must have confirmed the reader.
    """

    def __init__(
        self, port: int, topic: tuple[str, str], *, reliable: bool = True, patience: float = _ANSWER_LIMIT
    ) -> None:
        self._port = port
        self._topic = topic
        self._qos = _RELIABLE if reliable else _BEST_EFFORT
        self._patience = patience
        self._samples: list[bytes] = []
        self._session = xrce.ClientSession(_KEY, session_id=_SESSION, mtu=_MTU)
        self._ready = threading.Event()
        self._ending = threading.Event()
        self._failure: Exception | None = None

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
        """The samples so far, in order of arrival."""
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
        session = self._session
        end = time.monotonic() + self._patience
        while not session.logged_in:
            session.login()
            again = time.monotonic() + _REPEAT
            while not session.logged_in and time.monotonic() < again:
                yield
            if time.monotonic() > end:
                raise TimeoutError("no answer to its login")
        requests: tuple[tuple[int, Callable[[float], int]], ...] = (
            (_PARTICIPANT, lambda now: session.participant(_PARTICIPANT, now)),
            (_TOPIC, lambda now: session.topic(_TOPIC, _PARTICIPANT, *self._topic, now)),
            (_SUBSCRIBER, lambda now: session.group(_SUBSCRIBER, _PARTICIPANT, now)),
            (_READER, lambda now: session.endpoint(_READER, _SUBSCRIBER, _TOPIC, self._qos, now)),
        )
        for object_id, ask in requests:
            request = ask(time.monotonic())
            if object_id == _READER:  # before anybody can publish to it: what comes at once is asked for already
                session.read(_READER, time.monotonic(), delivery=xrce.DeliveryControl())
            while request not in session.statuses:
                yield
                if time.monotonic() > end:
                    raise TimeoutError(f"no answer to its creation of {object_id:#06x}")
            status = session.statuses[request]
            if status not in (xrce.StatusCode.OK, xrce.StatusCode.OK_MATCHED):
                raise ValueError(f"its creation of {object_id:#06x} was refused with {status:#04x}")
        while not session.idle:
            yield
        self._ready.set()
        while True:
            yield

    def _leave(self) -> None:
        """Log out, so that the Agent forgets the reader at once."""
        session = self._session
        request = session.next_request()
        end = time.monotonic() + _ANSWER_LIMIT / 2
        while session.logged_in and request not in session.statuses and time.monotonic() < end:
            session.logout(time.monotonic(), request=request)
            again = time.monotonic() + _REPEAT
            while request not in session.statuses and time.monotonic() < again:
                self._pump()

    def _pump(self) -> None:
        """Take what is there, and keep the session going."""
        self._session.on_timer(time.monotonic())
        self._send()
        while select.select([self._socket], [], [], _POLL)[0]:
            with contextlib.suppress(ConnectionRefusedError, xrce.XrceDecodeError):
                heard = self._session.receive(self._socket.recv(65536), time.monotonic())
                self._samples += [item.data for item in heard if isinstance(item, xrce.Data)]
            self._send()

    def _send(self) -> None:
        waiting, self._session.outbox[:] = list(self._session.outbox), []
        for message in waiting:
            with contextlib.suppress(ConnectionRefusedError):
                self._socket.send(message)


class RemoteEnds:
    """Reliable readers and writers of topics, which come and go: a topic is a name and a type.

    When a call returns, the Agent has confirmed it. Between calls nothing is received.

    :param port: UDP port on loopback at which an Agent listens.
    :raises AgentFault: each call, if the Agent refuses or does not answer.
    """

    def __init__(self, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.connect(("127.0.0.1", port))
        self._session = xrce.ClientSession(_OTHER_KEY, session_id=_SESSION, mtu=_MTU)
        self._topics: dict[tuple[str, str], int] = {}
        self._there: set[int] = set()
        self._begin()

    def close(self) -> None:
        """Close the socket, without logging out."""
        self._socket.close()

    def come(self, topic: tuple[str, str], *, writes: bool) -> None:
        """Create a reader or writer, unless it exists; a reader asks for all samples."""
        end, group = self._end(topic, writes=writes), _PUBLISHER if writes else _SUBSCRIBER
        if end in self._there:
            return
        at = self._topics[topic]
        self._ask(lambda now: self._session.endpoint(end, group, at, _RELIABLE, now))
        if not writes:
            self._session.read(end, time.monotonic(), delivery=xrce.DeliveryControl())
        self._there.add(end)
        self._settle()

    def go(self, topic: tuple[str, str], *, writes: bool) -> None:
        """Delete a reader or writer, if it exists."""
        end = self._end(topic, writes=writes)
        if end in self._there:
            self._there.discard(end)
            self._ask(lambda now: self._session.delete(end, now))

    def publish(self, topic: tuple[str, str], samples: Sequence[bytes]) -> None:
        """Publish a sample by a topic's writer, if it exists; when the call returns, the Agent has the sample."""
        end = self._end(topic, writes=True)
        for data in samples if end in self._there else ():
            self._session.write(end, data, time.monotonic(), stream=xrce.STREAM_RELIABLE)
            self._settle()

    def _begin(self) -> None:
        session, end = self._session, time.monotonic() + _SOON
        while not session.logged_in and time.monotonic() < end:
            session.login()
            again = time.monotonic() + _REPEAT
            while not session.logged_in and time.monotonic() < again:
                self._pump()
        if not session.logged_in:
            raise AgentFault("a Client of the rig's own has no answer to its login from the Agent")
        self._ask(lambda now: session.participant(_PARTICIPANT, now))
        self._ask(lambda now: session.group(_PUBLISHER, _PARTICIPANT, now))
        self._ask(lambda now: session.group(_SUBSCRIBER, _PARTICIPANT, now))

    def _end(self, topic: tuple[str, str], *, writes: bool) -> int:
        """Object id of a topic's writer or reader; the topic is made when it is first named."""
        if topic not in self._topics:
            at = (len(self._topics) + 2) << 4 | (_TOPIC & 0xF)
            self._ask(lambda now: self._session.topic(at, _PARTICIPANT, *topic, now))
            self._topics[topic] = at
        return self._topics[topic] & ~0xF | (_WRITER if writes else _READER) & 0xF

    def _ask(self, request: Callable[[float], int]) -> None:
        number = request(time.monotonic())
        end = time.monotonic() + _SOON
        while number not in self._session.statuses and time.monotonic() < end:
            self._pump()
        if self._session.statuses.get(number) not in (xrce.StatusCode.OK, xrce.StatusCode.OK_MATCHED):
            raise AgentFault("the Agent did not do what a Client of the rig's own asked for")

    def _settle(self) -> None:
        end = time.monotonic() + _SOON
        while not self._session.idle:
            self._pump()
            if time.monotonic() > end:
                raise AgentFault("the Agent does not confirm what a Client of the rig's own has sent")

    def _pump(self) -> None:
        self._session.on_timer(time.monotonic())
        self._send()
        if select.select([self._socket], [], [], _POLL)[0]:
            with contextlib.suppress(ConnectionRefusedError, xrce.XrceDecodeError):
                self._session.receive(self._socket.recv(65536), time.monotonic())
            self._send()

    def _send(self) -> None:
        waiting, self._session.outbox[:] = list(self._session.outbox), []
        for message in waiting:
            with contextlib.suppress(ConnectionRefusedError):
                self._socket.send(message)

"""The built-in Agent: an ``AgentCore`` with transports, in one thread.

Knows the event loop; must not know the protocol. The loop goes on, whatever a peer sends: an error that escapes the
core is logged and ends that peer's sessions.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from rig.agent._transports import SerialTransport, TcpTransport, Transport, UdpTransport
from rig.agent.builtin import RIG, AgentCore, AgentLog, AgentStatistics, LogLevel, Peer, Personality, Profile, trace_out
from rig.errors import AgentFault

_STOP_LIMIT = 5.0
_IDLE = 1.0
_LOOK_PERIOD = 0.01


class BuiltinAgent:
    """An Agent for many Clients over one or several transports.

    Use as a context manager, or ``start`` and ``stop``. All other members may be used from any thread.

    :param transports: where to listen; see ``udp4``, ``tcp4`` and ``serial`` for the usual ones.
    :param log: receives log lines up to ``level`` (0 off .. 6 trace, as ``-v`` of MicroXRCEAgent).
    :param personality: which middleware's behaviour to show where Agents differ.
    :param refs: profiles for REF representations.
    :param busy_poll: seconds for which it looks for the next message without sleeping, after it had one. To be woken
        takes longer than most answers; but in this time no other thread of this process gets much done.
    """

    def __init__(
        self,
        transports: Sequence[Transport],
        *,
        log: Callable[[str], None] | TextIO | None = None,
        level: int = LogLevel.INFO,
        personality: Personality = RIG,
        refs: Mapping[str, Profile] | None = None,
        busy_poll: float = 0.0,
    ) -> None:
        self.transports = tuple(transports)
        self._busy_poll = busy_poll
        self._log = AgentLog(log, level)
        self._core = AgentCore(personality=personality, refs=refs, log=self._log)
        self._next_tick: float | None = None
        self._looked_at = 0.0
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._failure: BaseException | None = None

    @classmethod
    def udp4(
        cls,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        log: Callable[[str], None] | TextIO | None = None,
        level: int = LogLevel.INFO,
        personality: Personality = RIG,
    ) -> Self:
        """Listen on UDP; port 0 takes a free one (see ``port`` after the start)."""
        return cls([UdpTransport(host, port)], log=log, level=level, personality=personality)

    @classmethod
    def tcp4(
        cls,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        log: Callable[[str], None] | TextIO | None = None,
        level: int = LogLevel.INFO,
        personality: Personality = RIG,
    ) -> Self:
        """Listen on TCP; port 0 takes a free one (see ``port`` after the start)."""
        return cls([TcpTransport(host, port)], log=log, level=level, personality=personality)

    @classmethod
    def serial(
        cls,
        device: str | Path,
        baud: int = 115200,
        *,
        log: Callable[[str], None] | TextIO | None = None,
        level: int = LogLevel.INFO,
        personality: Personality = RIG,
    ) -> Self:
        """Listen on a serial device or pty."""
        return cls([SerialTransport(device, baud)], log=log, level=level, personality=personality)

    @property
    def port(self) -> int:
        """Port of the first UDP or TCP transport; 0 if there is none."""
        for transport in self.transports:
            if isinstance(transport, UdpTransport | TcpTransport):
                return transport.port
        return 0

    def withheld(self) -> dict[str, int]:
        """Topic -> samples not sent so far, because the reader's Client announced that it delivers them itself."""
        return self._core.store.withheld()

    @property
    def statistics(self) -> AgentStatistics:
        """Snapshot of the counters."""
        return self._core.statistics

    @property
    def running(self) -> bool:
        """Whether the Agent serves."""
        return self._thread is not None and self._thread.is_alive()

    def check(self) -> None:
        """Make sure that the Agent serves.

        :raises AgentFault: it was not started, was stopped, or broke.
        """
        if self._failure is not None:
            raise AgentFault(f"the built-in Agent broke: {self._failure!r}") from self._failure
        if not self.running:
            raise AgentFault("the built-in Agent is not running", hint="start it first")

    def start(self) -> Self:
        """Open all transports and serve.

        :raises AgentFault: a port or device is in use. :raises EnvironmentFault: no such device.
        """
        if self._thread is not None:
            raise AgentFault("the built-in Agent has been started before", hint="make a new one")
        self._selector = selectors.DefaultSelector()
        opened: list[Transport] = []
        try:
            for transport in self.transports:
                transport.open(self)
                opened.append(transport)
        except BaseException:
            for transport in opened:
                transport.close()
            self._selector.close()
            raise
        self._waker, self._waked = socket.socketpair()
        self._waked.setblocking(False)
        self.register(self._waked.fileno(), selectors.EVENT_READ, lambda events: None)
        self._thread = threading.Thread(target=self._run, name="builtin-agent", daemon=True)
        self._thread.start()
        for transport in self.transports:
            self.note(LogLevel.INFO, f"running on {transport.name}")
        return self

    def stop(self) -> None:
        """End serving and release everything; harmless when it does not run.

        :raises AgentFault: the thread did not end in time.
        """
        if self._thread is None or self._stopping:
            return
        self._stopping = True
        with contextlib.suppress(OSError):
            self._waker.send(b"x")
        self._thread.join(_STOP_LIMIT)
        if self._thread.is_alive():
            raise AgentFault(f"the built-in Agent did not stop within {_STOP_LIMIT:g} s")
        self._waker.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    # for transports

    def register(self, fileno: int, events: int, callback: Callable[[int], None]) -> None:
        """Watch a file descriptor."""
        if fileno in self._selector.get_map():
            self._selector.modify(fileno, events, callback)
        else:
            self._selector.register(fileno, events, callback)

    def unregister(self, fileno: int) -> None:
        """Stop watching a file descriptor."""
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(fileno)

    def deliver(self, peer: Peer, data: bytes) -> None:
        """Take one message from a transport and send the messages that it causes."""
        core = self._core
        try:
            core.receive(peer, data, time.monotonic())
        except Exception as error:  # the Agent outlives whatever a peer sends
            self.note(LogLevel.CRITICAL, "fault while handling a message", peer=peer, error=repr(error))
            core.counters.decode_errors += 1
            core.drop_peer(peer, time.monotonic(), "its message could not be handled")
        if core.outbox:
            self._flush()

    def gone(self, peer: Peer, why: str) -> None:
        """End the sessions of an address."""
        self._core.drop_peer(peer, time.monotonic(), why)
        self._flush()

    def framing_error(self, reason: str) -> None:
        """Count bytes that form no frame."""
        self._core.counters.framing_errors += 1
        self.note(LogLevel.DEBUG, "bytes that are no frame", reason=reason)

    def note(self, level: int, what: str, **facts: object) -> None:
        """Log."""
        self._log(level, what, **facts)

    # the loop

    def _flush(self) -> None:
        outbox, counters = self._core.outbox, self._core.counters
        if self._log.level >= LogLevel.TRACE:
            for peer, data in outbox:
                trace_out(self._log, peer, data)
        for peer, data in outbox:
            counters.messages_out += 1
            counters.bytes_out += len(data)
            peer.transport.send(peer, data)
        outbox.clear()

    def _run(self) -> None:
        try:
            busy = False
            while not self._stopping:
                timeout = self._timeout()  # also polls the transports, which steady traffic must not keep from it
                ready = (self._look() if busy else []) or self._selector.select(timeout)
                for key, events in ready:
                    key.data(events)
                busy = bool(ready)
                self._tick()
        except BaseException as error:
            self._failure = error
            self.note(LogLevel.CRITICAL, "the Agent broke", error=repr(error))
        finally:
            for transport in self.transports:
                transport.close()
            self._selector.close()
            self._waked.close()

    def _look(self) -> list[tuple[selectors.SelectorKey, int]]:
        """What comes within ``busy_poll``."""
        end = time.monotonic() + self._busy_poll
        while self._busy_poll:
            ready = self._selector.select(0)
            if ready or time.monotonic() >= end:
                return ready
        return []

    def _timeout(self) -> float:
        now = time.monotonic()
        times = [now + _IDLE]
        for transport in self.transports:
            when = transport.poll(now)
            if when is not None:
                times.append(when)
        due = self._next_tick
        if due is not None:
            times.append(due)
        return max(0.0, min(times) - now)

    def _tick(self) -> None:
        """Run the core's timers; with many Clients their deadlines are looked up at most every 10 ms."""
        now = time.monotonic()
        if now < self._looked_at + _LOOK_PERIOD:
            self._next_tick = min(self._next_tick or now + _LOOK_PERIOD, self._looked_at + _LOOK_PERIOD)
            return
        self._looked_at = now
        due = self._core.deadline()
        if due is not None and now >= due:
            self._core.tick(now)
            self._flush()
            due = self._core.deadline()
        self._next_tick = due

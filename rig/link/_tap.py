"""The link tap: sits between a board's link and its Agent, whichever Agent that is.

Knows links and units on them; must not know boards or what an Agent does. One thread; ``start`` and ``stop``, or a
context manager. A tap never blocks its board: bytes that nobody takes are counted and dropped.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from rig.errors import AgentFault
from rig.link._capture import LinkCapture
from rig.link._counters import Direction, LinkCounters, Tally
from rig.link._noise import NoiseInjector, NoisePlan

Observer = Callable[[Direction, bytes, int], None]
"""Called in the tap's thread with direction, message, and nanoseconds since the epoch."""

_STOP_LIMIT = 5.0
_IDLE = 0.5
HOLD_LIMIT = 0.05


class LinkTap(ABC):
    """What serial and UDP taps have in common.

    :param capture: pcapng file to write, or None.
    :param observer: called with every message that passes.
    """

    def __init__(self, *, capture: Path | None = None, observer: Observer | None = None) -> None:
        self._capture_path = capture
        self._capture: LinkCapture | None = None
        self._observer = observer
        self._lock = threading.Lock()
        self._tallies = {direction: Tally() for direction in Direction}
        self._injectors: dict[Direction, NoiseInjector] | None = None
        self._cut = False
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._failure: BaseException | None = None

    # what users call

    def counters(self) -> LinkCounters:
        """Snapshot of the counters."""
        with self._lock:
            return LinkCounters(
                to_agent=self._tallies[Direction.TO_AGENT].snapshot(),
                to_board=self._tallies[Direction.TO_BOARD].snapshot(),
            )

    def cut(self) -> None:
        """Let nothing pass until ``restore``; units sent meanwhile count as dropped."""
        with self._lock:
            self._cut = True

    def restore(self) -> None:
        """Let everything pass again."""
        with self._lock:
            self._cut = False

    @property
    def is_cut(self) -> bool:
        """Whether the link is cut."""
        return self._cut

    def inject(self, plan: NoisePlan | None) -> None:
        """Make noise by this plan from now on; None ends it."""
        with self._lock:
            if plan is None:
                self._injectors = None
                return
            self._injectors = {
                direction: NoiseInjector(plan, direction, self._tallies[direction]) for direction in Direction
            }

    @property
    def running(self) -> bool:
        """Whether the tap passes traffic."""
        return self._thread is not None and self._thread.is_alive()

    def check(self) -> None:
        """Make sure that the tap works. :raises AgentFault: it broke or does not run."""
        if self._failure is not None:
            raise AgentFault(f"the link tap broke: {self._failure!r}") from self._failure
        if not self.running:
            raise AgentFault("the link tap is not running", hint="start it first")

    def start(self) -> Self:
        """Open both sides and begin to forward.

        :raises AgentFault: a port or device is in use. :raises EnvironmentFault: no such device or file.
        """
        if self._thread is not None:
            raise AgentFault("the link tap has been started before", hint="make a new one")
        if self._capture_path is not None:
            self._capture = self._open_capture(self._capture_path)
        try:
            self._open()
        except BaseException:
            if self._capture is not None:
                self._capture.close()
            raise
        self._waker, self._waked = socket.socketpair()
        self._waked.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="link-tap", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Release everything; harmless when it does not run.

        :raises AgentFault: the thread did not end in time.
        """
        if self._thread is None or self._stopping:
            return
        self._stopping = True
        self._wake()
        self._thread.join(_STOP_LIMIT)
        if self._thread.is_alive():
            raise AgentFault(f"the link tap did not stop within {_STOP_LIMIT:g} s")
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

    # for the two kinds of link

    @abstractmethod
    def _open_capture(self, path: Path) -> LinkCapture: ...

    @abstractmethod
    def _open(self) -> None: ...

    @abstractmethod
    def _close(self) -> None: ...

    @abstractmethod
    def _readers(self) -> list[int]:
        """File descriptors to read."""

    @abstractmethod
    def _writers(self) -> list[int]:
        """File descriptors with output waiting."""

    @abstractmethod
    def _deadline(self) -> float | None:
        """When ``_poll`` must run."""

    @abstractmethod
    def _on_readable(self, fileno: int, now: float) -> None: ...

    @abstractmethod
    def _on_writable(self, fileno: int) -> None: ...

    @abstractmethod
    def _poll(self, now: float) -> None: ...

    def _wake(self) -> None:
        if self._thread is not None:
            with contextlib.suppress(OSError):
                self._waker.send(b"x")

    def _observe(self, direction: Direction, message: bytes, time_ns: int) -> None:
        if self._observer is not None:
            self._observer(direction, message, time_ns)

    def _run(self) -> None:
        try:
            while not self._stopping:
                now = time.monotonic()
                times = [when for when in (self._deadline(), now + _IDLE) if when is not None]
                waked = self._waked.fileno()
                # select() rather than epoll: its time-out is finer than a millisecond.
                readable, writable, _ = select.select(
                    [waked, *self._readers()], self._writers(), [], max(0.0, min(times) - now)
                )
                now = time.monotonic()
                with self._lock:
                    for fileno in writable:
                        self._on_writable(fileno)
                    for fileno in readable:
                        if fileno != waked:
                            self._on_readable(fileno, now)
                        else:
                            self._waked.recv(64)
                    self._poll(now)
                if not readable and self._capture is not None:
                    self._capture.flush()
        except BaseException as error:
            self._failure = error
        finally:
            self._close()
            self._waked.close()
            if self._capture is not None:
                with contextlib.suppress(OSError):  # a full disk: said where a figure cannot be written
                    self._capture.close()

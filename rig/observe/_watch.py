"""Stops at functions with hardware breakpoints, and what is read there. The firmware's time stands still meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from rig.errors import BoardFault, UsageError
from rig.observe._expression import Expression
from rig.observe._profile import Point, Profile

_MOST_BREAKPOINTS = 6
_MOST_PAYLOAD = 1 << 16


class Kind(StrEnum):
    """What a stop is."""

    PUBLISH = "publish"
    RETURNED = "returned"
    TRANSPORT = "transport"
    CALLBACK = "callback"


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One stop.

    :ivar at: ticks of the board's clock.
    :ivar counter: the application's number of the sample; None where the profile says no place of it.
    :ivar local: it came by shared memory; None where that is not known.
    :ivar failed: publish reported failure.
    :ivar payload: the sample's bytes at publish; empty where the profile says no place of them.
    """

    kind: Kind
    at: int
    counter: int | None = None
    local: bool | None = None
    failed: bool = False
    payload: bytes = b""


class Watched(Protocol):
    """A debug probe, as far as watching needs it."""

    def halt(self) -> None: ...

    def resume(self) -> None: ...

    def step(self) -> None: ...

    def wait_halted(self, timeout: float) -> object: ...

    def registers(self) -> Mapping[str, int]: ...

    def read(self, address: int, length: int) -> bytes: ...

    def read_u32(self, address: int) -> int: ...

    def set_breakpoint(self, address: int) -> None: ...

    def remove_breakpoint(self, address: int) -> None: ...


@dataclass
class _Halted:
    """The registers of one stop, read once."""

    probe: Watched
    values: Mapping[str, int]

    def registers(self) -> Mapping[str, int]:
        return self.values

    def read_u32(self, address: int) -> int:
        return self.probe.read_u32(address)


class Watch:
    """Breakpoints at a profile's functions.

    :param address_of: function -> its address. :raises UsageError: for one that the firmware does not have.
    :param clock: ticks now; the core is halted.
    """

    def __init__(
        self, probe: Watched, profile: Profile, *, address_of: Callable[[str], int], clock: Callable[[], int]
    ) -> None:
        self._probe, self._clock = probe, clock
        points = (
            (Kind.PUBLISH, profile.publish),
            (Kind.TRANSPORT, profile.transport),
            (Kind.CALLBACK, profile.callback),
        )
        self._points: dict[int, tuple[Kind, Point]] = {}
        for kind, point in points:
            if point is None:
                continue
            address = address_of(point.function) & ~1
            if address in self._points:
                raise UsageError(f"{point.function} is named twice in the profile", hint="name different functions")
            self._points[address] = (kind, point)
        self._returns: set[int] = set()
        self.false_stops = 0
        """Halts at an address where none was asked for."""

    def __enter__(self) -> Watch:
        """Set the breakpoints; the core must be halted."""
        for address in self._points:
            self._probe.set_breakpoint(address)
        return self

    def __exit__(self, *_: object) -> None:
        """Take them away and let the core run."""
        self._probe.halt()
        for address in (*self._points, *self._returns):
            self._probe.remove_breakpoint(address)
        self._probe.resume()

    def events(self, *, timeout: float) -> Iterator[Event]:
        """One event for each stop, until the core runs for ``timeout`` seconds without one."""
        while True:
            self._probe.resume()
            try:
                self._probe.wait_halted(timeout)
            except BoardFault:
                return
            registers = self._probe.registers()
            event = self._event(registers)
            if event is not None:
                yield event

    def steps_to_transport(self, *, most: int) -> int | None:
        """Instructions from the publish at which the core is halted to the transport's callback, counted one by one.

        Interrupts are held back by the debug port meanwhile. None if it does not come there within ``most``.
        """
        wanted = {address for address, (kind, _) in self._points.items() if kind is Kind.TRANSPORT}
        for count in range(1, most + 1):
            self._probe.step()
            if self._probe.registers()["pc"] & ~1 in wanted:
                return count
        return None

    def _event(self, registers: Mapping[str, int]) -> Event | None:
        at, pc = self._clock(), registers["pc"] & ~1
        core = _Halted(self._probe, registers)
        if pc in self._points:
            kind, point = self._points[pc]
            if kind is Kind.PUBLISH and point.failed is not None:
                self._expect_return(registers["lr"] & ~1)
            local = None if point.local is None else point.local.value(core) == point.local_is
            payload = self._payload(point, core)
            return Event(kind=kind, at=at, counter=_read(point.counter, core), local=local, payload=payload)
        if pc in self._returns:
            failed = next(point.failed for kind, point in self._points.values() if kind is Kind.PUBLISH)
            return Event(kind=Kind.RETURNED, at=at, failed=bool(_read(failed, core)))
        self.false_stops += 1
        return None

    def _payload(self, point: Point, core: _Halted) -> bytes:
        if point.payload is None or point.length is None:
            return b""
        length = point.length.value(core)
        return self._probe.read(point.payload.value(core), length) if length <= _MOST_PAYLOAD else b""

    def _expect_return(self, address: int) -> None:
        """Stop where publish returns to, as long as there are breakpoints."""
        if address in self._returns or len(self._points) + len(self._returns) >= _MOST_BREAKPOINTS:
            return
        self._probe.set_breakpoint(address)
        self._returns.add(address)


def _read(place: Expression | None, core: _Halted) -> int | None:
    return None if place is None else place.value(core)

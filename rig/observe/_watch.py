"""Stops at functions with hardware breakpoints, and what is read there. The firmware's time stands still meanwhile.

Board time is what passed between stops: the clock is read when the core has halted and again before it is let go, so
that neither the halts nor what is read in them counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Protocol

from rig.errors import BoardFault, FirmwareFault, ProbeFault, RigError, UsageError
from rig.observe._clock import WRAP, Clock, Words
from rig.observe._expression import Expression
from rig.observe._profile import Point, Profile

_MOST_PAYLOAD = 1 << 16
_CRASHED = "vector-catch"
_FRAME_LR, _FRAME_PC = 20, 24
_EXC_RETURN_PSP = 4


class Kind(StrEnum):
    """What a stop is."""

    PUBLISH = "publish"
    RETURNED = "returned"
    TRANSPORT = "transport"
    CALLBACK = "callback"


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One stop.

    :ivar at: board time, in ticks of its clock; 0 where it has none.
    :ivar function: at whose entry, or from whose call.
    :ivar counter: the application's number of the sample; None where the profile says no place of it.
    :ivar local: it came by shared memory; None where that is not known.
    :ivar failed: publish reported failure.
    :ivar payload: the sample's bytes; empty where the profile says no place of them.
    :ivar place: where they stand; None if not known.
    :ivar sp: the stack pointer.
    """

    kind: Kind
    at: float
    function: str = ""
    counter: int | None = None
    local: bool | None = None
    failed: bool = False
    payload: bytes = b""
    place: int | None = None
    sp: int = 0


class Halt(Protocol):
    """Why a core halted."""

    @property
    def reason(self) -> str: ...


class Watched(Words, Protocol):
    """A debug probe, as far as watching needs it."""

    @property
    def breakpoints(self) -> int: ...

    def halt(self) -> None: ...

    def resume(self) -> None: ...

    def step(self) -> None: ...

    def step_past(self) -> None: ...

    def wait_halted(self, timeout: float) -> Halt: ...

    def registers(self) -> Mapping[str, int]: ...

    def general_registers(self) -> Mapping[str, int]: ...

    def read(self, address: int, length: int) -> bytes: ...

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
    :param clock: None: the board has none.
    :param name_of: address -> its name, for a crash.
    """

    def __init__(
        self,
        probe: Watched,
        profile: Profile,
        *,
        address_of: Callable[[str], int],
        clock: Clock | None,
        name_of: Callable[[int], str | None] = lambda _: None,
    ) -> None:
        self._probe, self._clock, self._name_of = probe, clock, name_of
        points = [(Kind.PUBLISH, profile.publish)]
        points += [(Kind.TRANSPORT, profile.transport)] if profile.transport is not None else []
        points += [(Kind.CALLBACK, each) for each in profile.callbacks]
        self._points: dict[int, tuple[Kind, Point]] = {}
        for kind, point in points:
            self._points[address_of(point.function) & ~1] = (kind, point)
        self._room = probe.breakpoints
        if len(self._points) > self._room:
            raise UsageError(
                f"this core has {self._room} hardware breakpoints, and the profile names {len(self._points)} functions",
                hint="leave out callbacks, or the transport's",
            )
        self._returns: set[int] = set()
        self._set = False
        self._time = 0.0
        self.false_stops = 0
        """Halts at an address where none was asked for."""
        self.no_payload = ""
        """Why the bytes of a sample could not be read, if they could not."""
        self.unseen_returns = 0
        """Publishes whose return was not watched: no breakpoint was left for it."""

    def __enter__(self) -> Watch:
        """Set the breakpoints; the core must be halted."""
        self.arm()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take them away and let the core run. What ended the watch is what the caller has to know: an interruption
        amid a request leaves a probe that answers nothing any more.
        """
        with suppress(RigError) if error is not None else nullcontext():
            self._probe.halt()
            self.disarm()
            self._probe.resume()

    def arm(self) -> None:
        """Set the breakpoints; the core is halted."""
        if not self._set:
            self._set = True
            for address in (*self._points, *self._returns):
                self._probe.set_breakpoint(address)

    def disarm(self) -> None:
        """Take them away; the core is halted."""
        if self._set:
            self._set = False
            for address in (*self._points, *self._returns):
                self._probe.remove_breakpoint(address)

    def addresses(self, kind: Kind) -> list[int]:
        """Where functions of a kind begin."""
        return [address for address, (each, _) in self._points.items() if each is kind]

    def events(self, *, timeout: float) -> Iterator[Event]:
        """One event for each stop, until the core runs for ``timeout`` seconds without one.

        :raises FirmwareFault: the firmware crashed.
        """
        while self.go(timeout):
            at = self._time
            registers = self._probe.general_registers()
            event = self._event(registers, at)
            if event is not None:
                yield event

    def go(self, timeout: float) -> bool:
        """Let the core run to its next stop; False if it has none in time, and is running.

        :raises FirmwareFault: the firmware crashed.
        """
        left = self._leave()
        self._probe.resume()
        try:
            halt = self._probe.wait_halted(timeout)
        except BoardFault:
            return False
        if self._clock is not None:
            self._time += (self._clock.read(self._probe) - left) % WRAP
        if halt.reason == _CRASHED:
            raise self._crash()
        return True

    def _leave(self) -> int:
        """Ticks of the clock when the core leaves where it is halted."""
        if self._clock is None:
            return 0
        if self._clock.settles:
            self._probe.step_past()
            self._time += self._clock.settles
        return self._clock.read(self._probe)

    def here(self) -> Event | None:
        """The stop at which the core is halted; None if it is none of the profile's functions."""
        registers = self._probe.general_registers()
        return self._event(registers, self._time) if registers["pc"] & ~1 in self._points else None

    def steps_to(self, kinds: Sequence[Kind], *, most: int) -> int | None:
        """Instructions from the publish at which the core is halted to the next function of these kinds, counted one
        by one.

        Interrupts are held back by the debug port meanwhile. None if it does not come there within ``most``.
        """
        wanted = {address for address, (kind, _) in self._points.items() if kind in kinds}
        for count in range(1, most + 1):
            self._probe.step()
            if self._probe.general_registers()["pc"] & ~1 in wanted:
                return count
        return None

    def halt_cost(self, *, times: int, timeout: float) -> list[float]:
        """Ticks that a halt adds to board time, and what it has in front of it: two stops of which nothing but one
        instruction, and on a clock that has to settle another one, stands between.

        The core is halted at a publish. Empty where the board has no clock, or no breakpoint is left.
        """
        if self._clock is None or len(self._points) + len(self._returns) >= self._room:
            return []
        begin = self._probe.general_registers()["pc"]
        for _ in range(2 if self._clock.settles else 1):
            self._probe.step_past()
        behind = self._probe.general_registers()["pc"] & ~1
        if behind in self._points or behind in self._returns:
            return []
        found: list[float] = []
        for _ in range(times):
            if next((e for e in self.events(timeout=timeout) if e.kind is Kind.PUBLISH), None) is None:
                break
            if self._probe.general_registers()["pc"] != begin:
                continue
            self._probe.set_breakpoint(behind)
            before = self._time
            came = self.go(timeout)
            self._probe.remove_breakpoint(behind)
            if not came:
                break
            found.append(self._time - before - 2 * self._clock.settles)
        return found

    def count_calls(self, functions: Mapping[str, int], *, publishes: int, timeout: float) -> dict[str, float]:
        """Calls of functions for each publish: function -> calls, over so many publishes. The core is halted at one.

        As many functions at a time as there are breakpoints beside the one at publish.
        """
        found: dict[str, float] = {}
        names = list(functions)
        (publish,) = self.addresses(Kind.PUBLISH)
        self.disarm()
        size = max(1, self._room - 1)
        for group in (names[at : at + size] for at in range(0, len(names), size)):
            places = {functions[name] & ~1: name for name in group if functions[name] & ~1 != publish}
            for address in (publish, *places):
                self._probe.set_breakpoint(address)
            heard: Counter[str] = Counter()
            left = publishes
            while left and self.go(timeout):
                pc = self._probe.general_registers()["pc"] & ~1
                left -= pc == publish
                if pc in places and left:
                    heard[places[pc]] += 1
            self._probe.halt()
            for address in (publish, *places):
                self._probe.remove_breakpoint(address)
            if left < publishes:
                found |= {name: heard[name] / (publishes - left) for name in group}
        self.arm()
        return found

    def _event(self, registers: Mapping[str, int], at: float) -> Event | None:
        pc = registers["pc"] & ~1
        core = _Halted(self._probe, registers)
        sp = registers.get("sp", 0)
        if pc in self._points:
            kind, point = self._points[pc]
            if kind is Kind.PUBLISH and point.failed is not None:
                self._expect_return(registers["lr"] & ~1)
            place = self._place(point, core)
            return Event(
                kind=kind,
                at=at,
                function=point.function,
                counter=_must(point, point.counter, core),
                local=None if point.local is None else _must(point, point.local, core) == point.local_is,
                payload=self._payload(point, place, core),
                place=place,
                sp=sp,
            )
        if pc in self._returns:
            publish = next(point for kind, point in self._points.values() if kind is Kind.PUBLISH)
            failed = bool(_must(publish, publish.failed, core))
            return Event(kind=Kind.RETURNED, at=at, function=publish.function, failed=failed, sp=sp)
        self.false_stops += 1
        return None

    def _place(self, point: Point, core: _Halted) -> int | None:
        try:
            return _read(point.payload, core)
        except ProbeFault as fault:
            self.no_payload = _unreadable(point, fault)
            return None

    def _payload(self, point: Point, place: int | None, core: _Halted) -> bytes:
        if place is None or point.length is None:
            return b""
        try:
            length = point.length.value(core)
            return self._probe.read(place, length) if length <= _MOST_PAYLOAD else b""
        except ProbeFault as fault:
            self.no_payload = _unreadable(point, fault)
            return b""

    def _expect_return(self, address: int) -> None:
        """Stop where publish returns to, as long as there are breakpoints."""
        if address in self._returns:
            return
        if len(self._points) + len(self._returns) >= self._room:
            self.unseen_returns += 1
            return
        self._probe.set_breakpoint(address)
        self._returns.add(address)

    def _crash(self) -> FirmwareFault:
        """What the core has stacked on its way into the fault."""
        registers = self._probe.registers()
        frame = registers["psp"] if registers["lr"] & _EXC_RETURN_PSP else registers["msp"]
        pc, link = (self._probe.read_u32(frame + offset) for offset in (_FRAME_PC, _FRAME_LR))
        names = [self._name_of(address & ~1) or f"{address:#010x}" for address in (pc, link)]
        return FirmwareFault(
            f"the firmware crashed (HardFault) at {names[0]}, called from {names[1]}",
            hint="see what it does without the rig: rig flash, then a debugger",
        )


def _read(place: Expression | None, core: _Halted) -> int | None:
    return None if place is None else place.value(core)


def _must(point: Point, place: Expression | None, core: _Halted) -> int | None:
    """The same. :raises UsageError: it cannot be read, so the profile is not this firmware's."""
    try:
        return _read(place, core)
    except ProbeFault as fault:
        text = place.text if place is not None else ""
        raise UsageError(
            f"{text!r} cannot be read when {point.function} is entered: {fault.message}",
            hint="does this function have its arguments there? The first four words are in r0 to r3, the rest at [sp]",
        ) from fault


def _unreadable(point: Point, fault: ProbeFault) -> str:
    return f"the payload of {point.function} cannot be read where the profile has it: {fault.message}"

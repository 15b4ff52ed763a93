"""Finds the writes of the target that stored payload bytes: the witness for copies that misses none.

A trace has every write of a window, so it also shows a copy that was overwritten before any scan. The payload is
pseudo-random: eight consecutive bytes of it, all written in the window, are no coincidence. Each write is reported with
the function that made it and the place it went to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

RUN = 8
SERIALISER = "bench_payload_write"
_CALLED = ("memcpy", "memmove", "__aeabi_mem")  # who called them says more


class Write(Protocol):
    """One instruction that stored ``data`` from ``address`` on; ``pc`` is its own address, ``link`` the lr it had."""

    @property
    def pc(self) -> int: ...
    @property
    def link(self) -> int: ...
    @property
    def address(self) -> int: ...
    @property
    def data(self) -> bytes: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class PayloadWrites:
    """Payload bytes that one function wrote to one place: ``bytes`` in all, repeats included.

    ``address`` is that of the byte with the lowest ``offset`` in the payload, ``symbol`` names it. ``caller`` is empty
    unless the function only copies for another, as memcpy does.
    """

    function: str
    caller: str
    address: int
    symbol: str
    offset: int
    bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Trace:
    """The result of tracing one sample. ``blind``: why the trace is no evidence, or empty; ``writes``: number of writes
    of any bytes.
    """

    writers: tuple[PayloadWrites, ...] = ()
    writes: int = 0
    blind: str = ""

    @property
    def serialised(self) -> int:
        """Payload bytes that the application itself wrote into the loan: they prove that the trace works.

        Without optimisation a compiler also stores the words while they are computed; these are not counted.
        """
        return max((writer.bytes for writer in self._own), default=0)

    @property
    def _own(self) -> tuple[PayloadWrites, ...]:
        return tuple(writer for writer in self.writers if writer.function == SERIALISER)

    @property
    def copies(self) -> tuple[PayloadWrites, ...]:
        """Writes by another function to another place. To write bytes where they already are is no copy."""
        place = max(self._own, key=lambda writer: writer.bytes, default=None)
        origins = {place.address - place.offset} if place is not None else set()
        return tuple(
            writer
            for writer in self.writers
            if writer.function != SERIALISER and writer.address - writer.offset not in origins
        )


def find_payload_writes(
    writes: Sequence[Write], payload: bytes, *, symbol_at: Callable[[int], str | None] = lambda _: None
) -> list[PayloadWrites]:
    """Payload bytes among ``writes``, by writer and place, in order of appearance.

    A byte counts each time it is written as part of at least ``RUN`` consecutive payload bytes that were written to one
    place with nothing else in between. So clearing a copy does not count where the payload happens to have the same
    value.

    :raises ValueError: the payload is shorter than ``RUN`` bytes, so it cannot be recognised.
    """
    if len(payload) < RUN:
        raise ValueError(f"payload of {len(payload)} bytes is shorter than a run of {RUN}")
    found = _Memory(payload)
    for write in writes:
        found.write(write)
    table: dict[tuple[str, str, int], PayloadWrites] = {}
    for write, address, offset in found.counted():
        function = _function(symbol_at, write.pc)
        caller = _function(symbol_at, write.link & ~1) if function.startswith(_CALLED) else ""
        key = (function, caller, address - offset)
        row = table.get(key)
        if row is None:
            row = PayloadWrites(function=function, caller=caller, address=address, symbol="", offset=offset, bytes=0)
        low = min((row.address, row.offset), (address, offset))
        table[key] = replace(row, address=low[0], offset=low[1], bytes=row.bytes + 1)
    return [replace(row, symbol=symbol_at(row.address) or "") for row in table.values()]


def _function(symbol_at: Callable[[int], str | None], address: int) -> str:
    name = symbol_at(address)
    return name.split("+")[0] if name else f"{address:#010x}"


@dataclass(slots=True)
class _Byte:
    """One write of one byte. ``time`` counts instructions; ``offset`` in the payload once it is known to be of it, and
    ``copying``, the number of the copying that it belongs to.
    """

    value: int
    time: int
    offset: int = -1
    copying: int = -1


class _Memory:
    """What the window has written, with the history of every byte."""

    def __init__(self, payload: bytes) -> None:
        self._payload = payload
        self._runs: dict[bytes, list[int]] = {}
        for offset in range(len(payload) - RUN + 1):
            self._runs.setdefault(payload[offset : offset + RUN], []).append(offset)
        self._writes: list[Write] = []
        self._bytes: dict[int, list[_Byte]] = {}
        self._copyings: list[dict[int, _Byte]] = []  # of each the writes that it is made of, by address

    def write(self, write: Write) -> None:
        time = len(self._writes)
        self._writes.append(write)
        for index, value in enumerate(write.data):
            self._bytes.setdefault(write.address + index, []).append(_Byte(value, time))
        for start in range(write.address - RUN + 1, write.address + len(write.data)):
            for offset in self._runs.get(self._last(start), ()):
                self._count(start, offset)

    def counted(self) -> Iterable[tuple[Write, int, int]]:
        """(write, address, offset) of every payload byte written, in order."""
        rows = [
            (byte.time, address, byte.offset)
            for address, history in self._bytes.items()
            for byte in history
            if byte.offset >= 0
        ]
        return ((self._writes[time], address, offset) for time, address, offset in sorted(rows))

    def _last(self, start: int) -> bytes:
        """The run of bytes at ``start`` as they are now; short if one of them was not written in the window."""
        histories = (self._bytes.get(address) for address in range(start, start + RUN))
        return bytes(history[-1].value for history in histories if history)

    def _count(self, start: int, offset: int) -> None:
        latest = [self._bytes[address][-1] for address in range(start, start + RUN)]
        if all(byte.offset >= 0 for byte in latest) or self._disturbed(
            start, offset, min(byte.time for byte in latest)
        ):
            return
        newest = max((byte for byte in latest if byte.offset >= 0), key=lambda byte: byte.time, default=None)
        if newest is None:
            self._copyings.append({})
        number = len(self._copyings) - 1 if newest is None else newest.copying
        for index, byte in enumerate(latest):
            if byte.offset < 0:
                byte.offset, byte.copying = offset + index, number
                self._join(self._copyings[number], start + index, byte)

    def _join(self, copying: dict[int, _Byte], address: int, byte: _Byte) -> None:
        """Make a write part of a copying. One that stood there before the byte beside it was written, and is written
        anew now, was none: it wiped the place, and happens to have the payload's value.
        """
        rival = copying.setdefault(address, byte)
        if rival is byte:
            return
        beside = [copying[near].time for near in (address - 1, address + 1) if near in copying]
        if min(abs(byte.time - time) for time in beside) < min(abs(rival.time - time) for time in beside):
            rival.offset = rival.copying = -1
            copying[address] = byte

    def _disturbed(self, start: int, offset: int, since: int) -> bool:
        """Whether something else than the payload was written in or beside a run while it was written."""
        for address in range(start - RUN, start + 2 * RUN):
            place = address - start + offset
            if not 0 <= place < len(self._payload):
                continue
            for byte in reversed(self._bytes.get(address, ())):
                if byte.time < since:
                    break
                if byte.value != self._payload[place]:
                    return True
        return False

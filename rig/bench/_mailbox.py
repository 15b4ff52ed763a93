"""The mailbox protocol: commands out, replies and ring entries in. Works on any memory that can be read and written."""

from __future__ import annotations

import contextlib
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from rig.bench import _layout as layout
from rig.bench._layout import Capability, ClockKind, Command, EntryFlag, EntryKind, Status
from rig.errors import BoardFault, FirmwareFault, RigError

_POLL_SECONDS = 0.0005
_SHORTEST, _LONGEST = _POLL_SECONDS / 8, 0.01  # seconds between two looks at a command that is under way
_LATE = 1 / 4  # of what has been waited, so much longer at most
_LOOK_SECONDS = 0.05  # between two looks at what the contexts do
_STEP_NUMBER = 7  # place of a call's step in its entry
_MOST_ENTRIES = 500_000  # of one program: many times what the longest one leaves, and what memory has room for
_SLOWEST = 3  # times its time-out, a program that goes on may take


class Stuck(FirmwareFault):
    """Contexts are in calls of the middleware that do not return. ``doing``: as ``Mailbox.doing`` returned it."""

    def __init__(self, doing: tuple[int, ...], seconds: float) -> None:
        super().__init__(f"no call of the middleware has come back for {seconds:g} s", hint="see console.log")
        self.doing = doing


class Slow(FirmwareFault):
    """A program still runs, call by call, and its time is up."""


class Memory(Protocol):
    """Target memory, readable and writable while the target runs."""

    def read(self, address: int, length: int) -> bytes:
        """Read ``length`` bytes."""
        ...

    def last(self, address: int, length: int) -> bytes:
        """Read bytes, also those that firmware left that has ended."""
        ...

    def write(self, address: int, data: bytes) -> None:
        """Write bytes."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Hello:
    """What the firmware reports of itself. ``memory_bytes``: the largest message pool it can make; ``os``: the
    operating system below it, ``none`` on bare metal; ``variant``: with shared memory (``shm``) or without
    (``network``).
    """

    version: int
    boot_serial: int
    clock: ClockKind
    clock_hz: int
    capabilities: Capability
    memory_bytes: int
    middleware: str
    middleware_version: str
    compiler: str
    os: str
    os_version: str
    variant: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One entry of the ring. Times are raw 32-bit ticks; ``status`` is an error code or the index of a wrong byte."""

    kind: EntryKind
    intact: bool
    local: bool
    session: int
    reader: int
    sequence: int
    length: int
    address: int
    status: int
    loan_begin: int
    loan_end: int
    publish: int
    enter: int
    leave: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """Answer to one command, with the entries that came while it ran."""

    status: Status
    results: tuple[int, ...]
    entries: tuple[Entry, ...]


class Mailbox:
    """The rig's end of the mailbox at ``address``.

    :param healthy: returns why the board is dead, or None; called while waiting, so that no wait outlives its board.
    """

    def __init__(self, memory: Memory, address: int, *, healthy: Callable[[], str | None] = lambda: None) -> None:
        self._memory = memory
        self._address = address
        self._healthy = healthy
        self._serial = 0
        self._command = "a command"
        self._ring_entries = 0
        self._tail = 0
        self.program_words = 0
        self.entries_so_far = bytearray()

    def attach(self, *, deadline: float = 5.0) -> Hello:
        """Wait until the firmware runs, and return its ``Hello``.

        :raises FirmwareFault: it is not up after ``deadline`` seconds, or speaks another version.
        """
        end = time.monotonic() + deadline
        while True:
            header = layout.HEADER.unpack(self._memory.read(self._address, layout.HEADER.size))
            if header[0] == layout.MAGIC:
                break
            self._check(end, "the firmware did not open its mailbox", "look at console.log; is this a rig-bench image?")
            time.sleep(_POLL_SECONDS)
        if header[1] != layout.VERSION:
            raise FirmwareFault(
                f"the firmware speaks mailbox version {header[1]}, this rig {layout.VERSION}",
                hint="rebuild the firmware from the sources of this rig",
            )
        entries, entry_bytes = struct.unpack("<II", self._memory.read(self._address + layout.OFFSET_RING_RECORDS, 8))
        if entry_bytes != layout.ENTRY.size or entries == 0 or entries & (entries - 1):
            raise FirmwareFault(f"the mailbox's ring makes no sense: {entries} entries of {entry_bytes} bytes")
        self._ring_entries = entries
        self.program_words = self._word(layout.OFFSET_PROGRAM_WORDS)
        self._tail = self._word(layout.OFFSET_TAIL)
        self._serial = self._word(layout.OFFSET_REPLY_SERIAL)
        names = [raw.split(b"\0")[0].decode("ascii", "replace") for raw in header[8:14]]
        return Hello(
            version=header[1],
            boot_serial=header[3],
            clock=ClockKind(header[4]),
            clock_hz=header[5],
            capabilities=Capability(header[6]),
            memory_bytes=header[7],
            middleware=names[0],
            middleware_version=names[1],
            compiler=names[2],
            os=names[3],
            os_version=names[4],
            variant=names[5],
        )

    @property
    def rests(self) -> frozenset[int]:
        """Addresses of the words that the firmware writes when it holds in a callback, and when it finishes."""
        return frozenset(self._address + offset for offset in (layout.OFFSET_HOLD, layout.OFFSET_REPLY_SERIAL))

    def begin(self, command: Command, arguments: Sequence[int] = (), text: Sequence[str] = ()) -> None:
        """Hand over a command without waiting for its reply."""
        if len(arguments) > layout.ARGUMENTS:
            raise ValueError(f"{len(arguments)} arguments, at most {layout.ARGUMENTS}")
        encoded = b"".join(t.encode("utf-8") + b"\0" for t in text)
        if len(encoded) > layout.TEXT_BYTES:
            raise ValueError(f"{len(encoded)} bytes of text, at most {layout.TEXT_BYTES}")
        words = [a & 0xFFFFFFFF for a in arguments] + [0] * (layout.ARGUMENTS - len(arguments))
        if encoded:
            padded = encoded + b"\0" * (-len(encoded) % 4)
            self._memory.write(self._address + layout.OFFSET_TEXT, padded)
        self._command = f"command {command.name.lower()}"
        self._memory.write(self._address + layout.OFFSET_COMMAND, struct.pack("<17I", command, *words))
        self._write_word(layout.OFFSET_CANCEL, 0)
        self._serial = (self._serial + 1) & 0xFFFFFFFF or 1
        self._write_word(layout.OFFSET_COMMAND_SERIAL, self._serial)

    def finish(
        self, *, timeout: float, on_hold: Callable[[], None] | None = None, patience: float | None = None
    ) -> Reply:
        """Drain entries until the command's reply is there.

        :param timeout: seconds from now.
        :param on_hold: called while the firmware holds in its last callback, with all buffers in place.
        :param patience: seconds that a context may stay in one call of the middleware while nothing else moves.
        :raises Stuck: a context stays there for longer.
        :raises FirmwareFault: no reply in time; the command is cancelled first, so that the next one can run.
        """
        end = time.monotonic() + timeout
        moved, seen = time.monotonic(), self.doing() if patience is not None else ()
        look = heard = moved
        entries: list[Entry] = []
        while True:
            serial, held, released = self._glance()
            came = self.drain()
            entries += came
            if serial == self._serial:
                break
            if came:
                heard = time.monotonic()
            if held and held != released:
                try:
                    if on_hold is not None:
                        on_hold()
                finally:
                    self._write_word(layout.OFFSET_HOLD_RELEASE, held)
                heard = time.monotonic()
            if patience is not None and (now := time.monotonic()) - look > _LOOK_SECONDS:
                look, doing = now, self.doing()
                if doing != seen or not any(word & 0xFF for word in doing):
                    moved, seen = now, doing
                elif now - moved > patience:
                    self._write_word(layout.OFFSET_CANCEL, 1)
                    raise Stuck(doing, patience)
            try:
                words = f"no reply to {self._command} within {timeout:g} s"
                self._check(end, words, "the firmware hangs; see console.log")
            except FirmwareFault:
                self._write_word(layout.OFFSET_CANCEL, 1)
                raise
            time.sleep(_pause(time.monotonic() - heard))
        raw = self._memory.read(self._address + layout.OFFSET_STATUS, 4 + 4 * layout.RESULTS)
        status, *results = struct.unpack(f"<i{layout.RESULTS}I", raw)
        return Reply(status=Status(status), results=tuple(results), entries=tuple(entries))

    @property
    def ring_entries(self) -> int:
        """Entries that the ring holds until they are read."""
        return self._ring_entries

    def command(
        self, command: Command, arguments: Sequence[int] = (), text: Sequence[str] = (), *, timeout: float = 5.0
    ) -> Reply:
        """Run one command to its reply."""
        self.begin(command, arguments, text)
        return self.finish(timeout=timeout)

    def run_program(
        self,
        words: Sequence[int],
        *,
        timeout: float,
        on_hold: Callable[[int], None] | None = None,
        strict: bool = False,
    ) -> tuple[bytes, Status]:
        """Run a program to its end; return its raw entries, oldest first, and its final status.

        :param strict: it ends at the first entity that cannot be made.
        :param timeout: seconds; the time starts again at each entry, so that slow firmware does not count as hung.
        :param on_hold: called with the number of a step that waits for the rig; it goes on afterwards.
        :raises ValueError: it has more words than the firmware has room for.
        :raises Slow: it still leaves entries after ``_SLOWEST`` times the time-out.
        :raises FirmwareFault: no reply in time, or no end; ``entries_so_far`` has the entries until then.
        """
        if len(words) > self.program_words:
            raise ValueError(f"a program of {len(words)} words, the firmware has room for {self.program_words}")
        place = self._address + layout.OFFSET_RING + self._ring_entries * layout.ENTRY.size
        self._memory.write(place, struct.pack(f"<{len(words)}I", *words))
        self.entries_so_far = bytearray()
        self.begin(Command.PROGRAM, (len(words), strict))
        try:
            return self._to_the_end(timeout, on_hold)
        except (FirmwareFault, BoardFault):
            # What it left between the last look and its end says which call it died of.
            with contextlib.suppress(RigError):
                self.entries_so_far += self._left()
            raise

    def _to_the_end(self, timeout: float, on_hold: Callable[[int], None] | None) -> tuple[bytes, Status]:
        begin = heard = time.monotonic()
        end, beats = begin + timeout, self.heartbeat()
        while True:
            serial, held, released = self._glance()
            raw = self.drain_raw()
            self.entries_so_far += raw
            if serial == self._serial:
                break
            try:
                now = time.monotonic()
                if len(self.entries_so_far) > _MOST_ENTRIES * layout.ENTRY.size:
                    raise FirmwareFault(
                        f"{self._command} goes on after {_MOST_ENTRIES:,} calls and deliveries",
                        hint="it delivers without end: a queue that has become a ring?",
                    )
                if raw or (now > end and self.heartbeat() != beats):
                    if now > begin + _SLOWEST * timeout:
                        raise Slow(f"{self._command} is still under way after {now - begin:.0f} s")
                    end, beats = now + timeout, self.heartbeat() if now > end else beats
                self._check(end, f"no reply to {self._command} within {timeout:g} s", "the firmware hangs")
            except FirmwareFault:
                self._write_word(layout.OFFSET_CANCEL, 1)
                raise
            if on_hold is not None and held and held != released:
                self._let_go(held, on_hold)
                heard = time.monotonic()
                end = heard + timeout
            elif raw:
                heard = now
            else:
                time.sleep(_pause(now - heard))
        raw_status = self._memory.read(self._address + layout.OFFSET_STATUS, 4)
        return bytes(self.entries_so_far), Status(int.from_bytes(raw_status, "little", signed=True))

    def _let_go(self, held: int, on_hold: Callable[[int], None]) -> None:
        """The program waits for the rig: give it what it waits for."""
        self.entries_so_far += self.drain_raw()  # the last one is that of the step
        try:
            on_hold(layout.ENTRY.unpack(self.entries_so_far[-layout.ENTRY.size :])[_STEP_NUMBER])
        finally:
            self._write_word(layout.OFFSET_HOLD_RELEASE, held)

    def _glance(self) -> tuple[int, int, int]:
        """The serials of the last reply, of the hold in which the firmware stands, and of the hold that was let go. One
        read: each is a way to the board and back.
        """
        raw = self._memory.read(self._address + layout.OFFSET_HOLD, layout.OFFSET_REPLY_SERIAL + 4 - layout.OFFSET_HOLD)
        held, released = struct.unpack_from("<II", raw)
        return int.from_bytes(raw[-4:], "little"), held, released

    def text(self) -> str:
        """The text field as the last command left it, up to its NUL."""
        raw = self._memory.read(self._address + layout.OFFSET_TEXT, layout.TEXT_BYTES)
        return raw.split(b"\0")[0].decode("ascii", "replace")

    def drain(self) -> list[Entry]:
        """Take the entries that are in the ring now."""
        return [_entry(values) for values in layout.ENTRY.iter_unpack(self.drain_raw())]

    def drain_raw(self) -> bytes:
        """The same, as they lie in memory.

        :raises FirmwareFault: some were overwritten before they could be read.
        """
        raw = self._entries(self._memory.read)
        if raw:
            self._write_word(layout.OFFSET_TAIL, self._tail)
        return raw

    def _left(self) -> bytes:
        """The entries of firmware that may have ended."""
        return self._entries(self._memory.last)

    def _entries(self, read: Callable[[int, int], bytes]) -> bytes:
        head = int.from_bytes(read(self._address + layout.OFFSET_HEAD, 4), "little")
        waiting = (head - self._tail) & 0xFFFFFFFF
        if waiting == 0:
            return b""
        if waiting > self._ring_entries:
            raise FirmwareFault(f"{waiting - self._ring_entries} entries were overwritten before the rig read them")
        first = self._tail % self._ring_entries
        upto = min(waiting, self._ring_entries - first)
        size = layout.ENTRY.size
        ring = self._address + layout.OFFSET_RING
        raw = read(ring + first * size, upto * size)
        if upto < waiting:
            raw += read(ring, (waiting - upto) * size)
        self._tail = head
        return raw

    def doing(self) -> tuple[int, ...]:
        """For each context one word: ``rig_doing`` in the low bits, its number of calls above."""
        raw = self._memory.read(self._address + layout.OFFSET_DOING, 4 * layout.CONTEXTS)
        return struct.unpack(f"<{layout.CONTEXTS}I", raw)

    def heartbeat(self) -> int:
        """Number of loops of the firmware's main context so far."""
        return self._word(layout.OFFSET_HEARTBEAT)

    def _word(self, offset: int) -> int:
        return int.from_bytes(self._memory.read(self._address + offset, 4), "little")

    def _write_word(self, offset: int, value: int) -> None:
        self._memory.write(self._address + offset, value.to_bytes(4, "little"))

    def _check(self, end: float, message: str, hint: str) -> None:
        reason = self._healthy()
        if reason is not None:
            raise FirmwareFault(reason, hint=hint)
        if time.monotonic() > end:
            raise FirmwareFault(message, hint=hint)


def _pause(waited: float) -> float:
    """Seconds until the next look at a command of which nothing has been heard for so long. Each look takes time of the
    host, and of an emulated board too: what takes long is looked at less often.
    """
    return min(max(_LATE * waited, _SHORTEST), _LONGEST)


def _entry(values: tuple[int, ...]) -> Entry:
    kind, flags, reader, sequence, length, address, status, *times = values
    return Entry(
        kind=EntryKind(kind),
        intact=bool(flags & EntryFlag.INTACT),
        local=bool(flags & EntryFlag.LOCAL),
        session=reader >> 12,
        reader=reader & 0xFFF,
        sequence=sequence,
        length=length,
        address=address,
        status=status,
        loan_begin=times[0],
        loan_end=times[1],
        publish=times[2],
        enter=times[3],
        leave=times[4],
    )

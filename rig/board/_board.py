"""What every board offers, whatever it is made of."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, final

from rig.board._console import ConsoleRecorder
from rig.inventory import BoardKind, BoardSpec
from rig.probe import FirmwareImage, FlashReport, MemoryWrite, Probe
from rig.records import Command

__all__ = ["MAILBOX_SYMBOL", "Board", "BoardIdentity", "LinkEndpoint", "Memory"]

MAILBOX_SYMBOL = "rig_mailbox"


@final
@dataclass(frozen=True, kw_only=True)
class BoardIdentity:
    """Which board this is, as the rig found it, not as boards.yaml describes it.

    ``emulator`` is such as "QEMU 7.2.22"; ``icount_shift``: an instruction takes 2**shift ns of the board's time. Both
    are None for hardware.
    """

    name: str
    kind: BoardKind
    target: str | None
    core: str
    probe_uid: str | None
    probe_product: str | None
    emulator: str | None
    icount_shift: int | None


@final
@dataclass(frozen=True, kw_only=True)
class LinkEndpoint:
    """Where the board's XRCE traffic is.

    ``serial``: ``device`` is the port that the rig opens, ``baud`` its rate in bit/s.
    ``udp4``: the firmware sends to ``host``:``port``, so that is where the rig listens.
    """

    kind: Literal["serial", "udp4"]
    device: str | None
    baud: int
    host: str | None
    port: int | None


class Memory(Protocol):
    """Memory of the board while its firmware runs. All methods raise ``BoardFault`` once the board is dead."""

    def read(self, address: int, length: int) -> bytes:
        """Return ``length`` bytes at ``address``."""
        ...

    def last(self, address: int, length: int) -> bytes:
        """Return what is there now, or what firmware that has ended left there; BoardFault only if nobody knows."""
        ...

    def write(self, address: int, data: bytes) -> None:
        """Write ``data`` at ``address``."""
        ...

    def read_u32(self, address: int) -> int:
        """Return the little-endian word at ``address`` in one access."""
        ...

    def write_u32(self, address: int, value: int) -> None:
        """Write the word at ``address`` in one access."""
        ...


class Board(Protocol):
    """A board that is powered and ready for firmware. ``spec``: its entry, with probe and line of the place if it has
    been a place.

    A failed step latches: until ``power_cycle``, later steps refuse and cite the first cause.
    """

    @property
    def spec(self) -> BoardSpec:
        """What the inventory says."""
        ...

    @property
    def identity(self) -> BoardIdentity:
        """What was found."""
        ...

    @property
    def link(self) -> LinkEndpoint:
        """Where the XRCE traffic is; known before ``boot``. An emulated board gets a new device by ``power_cycle``."""
        ...

    @property
    def console(self) -> ConsoleRecorder:
        """What the firmware logs."""
        ...

    @property
    def memory(self) -> Memory:
        """Memory while the firmware runs."""
        ...

    @property
    def probe(self) -> Probe | None:
        """The debug probe, for breakpoints and the like; None on a native board."""
        ...

    @property
    def image(self) -> FirmwareImage | None:
        """The firmware that was flashed last."""
        ...

    @property
    def mailbox_address(self) -> int:
        """Address of the mailbox in ``memory``.

        :raises UsageError: the firmware has none, or there is no firmware yet.
        """
        ...

    @property
    def recoveries(self) -> Mapping[str, int]:
        """How often each stage of recovery was needed: reset, reconnect, power-cycle."""
        ...

    @property
    def commands(self) -> Sequence[Command]:
        """Commands of boards.yaml that were run to switch its power."""
        ...

    def flash(self, image: FirmwareImage) -> FlashReport:
        """Bring ``image`` onto the board and verify it.

        :raises UsageError: it is for another board; nothing has been changed.
        :raises BoardFault: it does not read back.
        """
        ...

    def boot(self) -> None:
        """Reset and run the firmware; its log is recorded from the first byte.

        :raises BoardFault: it cannot be started, not even after recovery.
        """
        ...

    def ram_regions(self) -> list[tuple[int, int]]:
        """Return the memory that a scan has to cover, as (start, length)."""
        ...

    def symbol_at(self, address: int) -> str | None:
        """Name an address of ``ram_regions`` by the firmware's symbols, ``"symbol+0x10"``; None if none covers it."""
        ...

    @property
    def untraceable(self) -> str | None:
        """Why ``trace_writes`` cannot work on this board; None where it can."""
        ...

    def trace_writes(
        self, *, begin: int, until: Collection[int], start: Callable[[], None], timeout: float
    ) -> list[MemoryWrite]:
        """Return every write of the core to RAM in a window of what it runs; see ``Probe.trace_writes``.

        :raises ProbeFault: the trace did not finish; the board is healthy and runs.
        :raises BoardFault: the board is dead.
        :raises UsageError: it is ``untraceable``.
        """
        ...

    def alive(self) -> bool:
        """Whether the board is powered and its firmware has not crashed."""
        ...

    def why_dead(self) -> str | None:
        """Return what ended the firmware or the board, in one line; None while both work.

        A core that is halted after ``boot``, by a crash, a BKPT or a debugger, counts as ended.
        """
        ...

    def crash(self) -> str | None:
        """Return how the firmware itself crashed (a fault of its core, a signal), in one line; None if it did not."""
        ...

    def power_cycle(self) -> None:
        """Switch the board off and on, put the firmware back, and forget earlier failures; ``boot`` is next."""
        ...

    def close(self) -> None:
        """Release the board, even what cannot be ended cleanly. Doing it twice is harmless."""
        ...

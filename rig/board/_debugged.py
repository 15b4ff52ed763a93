"""A board with a debug probe, real or emulated: one code path."""

from __future__ import annotations

import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType

from rig.board._board import MAILBOX_SYMBOL, BoardIdentity, LinkEndpoint, Memory
from rig.board._console import ConsolePump, ConsoleRecorder
from rig.board._latch import Latch
from rig.board._power import Power
from rig.board._teardown import run_step
from rig.errors import BoardFault, RigFault, UsageError
from rig.inventory import BoardSpec
from rig.probe import CRASH_SYMBOL, FirmwareImage, FlashReport, MemoryWrite, Probe, RttReader, decode_crash, open_probe
from rig.records import Command

__all__ = ["DebuggedBoard"]

_LOG = logging.getLogger(__name__)
_RTT_SYMBOL = "_SEGGER_RTT"
_RTT_BLOCK_SIZE = 24
_LOG_PERIOD = 0.05  # seconds; the log must not take time from what is measured
_SWITCHING = 3600.0  # seconds; commands of the person's have a limit of their own, an emulator a shorter one
_LADDER = ("reset", "reconnect", "power-cycle")


class DebuggedBoard:
    """See ``Board``. Construct it powered off; ``start`` makes it usable."""

    def __init__(self, spec: BoardSpec, power: Power, recorder: ConsoleRecorder) -> None:
        self.spec = spec
        self.console = recorder
        self._power = power
        self._latch = Latch(spec.name, power.death)
        self._probe: Probe | None = None
        self._session = contextlib.ExitStack()
        self._image: FirmwareImage | None = None
        self._rtt: RttReader | None = None
        self._pump: ConsolePump | None = None
        self._crash: str | None = None
        self._crash_point: int | None = None  # has a breakpoint
        self._booted = False  # a core that is halted before its first boot has not crashed
        self._recoveries: Counter[str] = Counter()
        self._memory = _BoardMemory(self._latch, self._need_probe)
        self._closed = False

    def start(self) -> None:
        """Power the board, connect the probe, prove that the right core answers."""
        self._power.on()
        self._connect()
        self._pump = ConsolePump(self.console, self._read_log, _LOG_PERIOD)

    # ---- what it is

    @property
    def identity(self) -> BoardIdentity:
        probe = self._need_probe().identity
        return BoardIdentity(
            name=self.spec.name,
            kind=self.spec.kind,
            target=self.spec.target,
            core=probe.core,
            probe_uid=probe.uid,
            probe_product=probe.product,
            emulator=self._power.emulator,
            icount_shift=self._power.icount_shift,
        )

    @property
    def link(self) -> LinkEndpoint:
        return self._power.link

    @property
    def memory(self) -> Memory:
        return self._memory

    @property
    def probe(self) -> Probe | None:
        return self._probe

    @property
    def image(self) -> FirmwareImage | None:
        return self._image

    @property
    def mailbox_address(self) -> int:
        if self._image is None:
            raise UsageError(f"board {self.spec.name} has no firmware yet", hint="flash it first")
        return self._image.find(MAILBOX_SYMBOL).address

    @property
    def recoveries(self) -> Mapping[str, int]:
        return MappingProxyType(self._recoveries)

    @property
    def commands(self) -> Sequence[Command]:
        return tuple(self._power.commands)

    def ram_regions(self) -> list[tuple[int, int]]:
        return self._need_probe().ram_regions()

    def symbol_at(self, address: int) -> str | None:
        return self._image.symbol_at(address) if self._image is not None else None

    @property
    def untraceable(self) -> str | None:
        if self._need_probe().traces_writes:
            return None
        return "a debug probe of real hardware cannot stop at every write"

    def trace_writes(
        self, *, begin: int, until: Collection[int], start: Callable[[], None], timeout: float
    ) -> list[MemoryWrite]:
        reason = self.untraceable
        if reason is not None:
            raise UsageError(f"writes of board {self.spec.name} cannot be traced: {reason}")
        with self._latch.access():
            return self._need_probe().trace_writes(begin=begin, until=until, start=start, timeout=timeout)

    # ---- firmware

    def flash(self, image: FirmwareImage) -> FlashReport:
        with self._latch.step():
            report = self._need_probe().flash(image)
        self._booted = self._booted and report.skipped
        self._image = image
        symbol = image.symbols.get(_RTT_SYMBOL)
        self._rtt = RttReader(self._memory, symbol.address, _RTT_BLOCK_SIZE) if symbol else None
        return report

    def boot(self) -> None:
        if self._image is None:
            raise UsageError(f"board {self.spec.name} has no firmware yet", hint="flash it first")
        self._latch.check()
        try:
            self._boot_once()
            return
        except RigFault as error:
            if self._latch.gone(error):
                raise self._latch.note(error) from error
            first = error
        for rung in _LADDER:
            _LOG.warning("board %s: %s; trying %s", self.spec.name, first.message, rung)
            self._recoveries[rung] += 1
            with contextlib.suppress(RigFault):
                self._climb(rung)
                self._boot_once()
                return
        fault = BoardFault(
            f"board {self.spec.name} does not start, not even after {', '.join(_LADDER)}: {first.message}",
            hint="check power and cables; then rig doctor",
        )
        raise self._latch.note(fault) from first

    def _boot_once(self) -> None:
        probe = self._need_probe()
        self._crash = None
        probe.reset(halt=True)
        if self._rtt is not None:
            self._rtt.invalidate()
        probe.catch_faults()
        self._watch_crash_point(probe)
        probe.resume()
        self._booted = True

    def _watch_crash_point(self, probe: Probe) -> None:
        """Stop where firmware goes that has kept its crash by itself, if it has such a place."""
        assert self._image is not None
        symbol = self._image.symbols.get(CRASH_SYMBOL)
        wanted = symbol.address if symbol else None
        if self._crash_point is not None and self._crash_point != wanted:
            probe.remove_breakpoint(self._crash_point)
        if wanted is not None:
            probe.set_breakpoint(wanted)
        self._crash_point = wanted

    def _climb(self, rung: str) -> None:
        if rung == "reset":
            self._need_probe().reset(halt=True)
        elif rung == "reconnect":
            self._reconnect()
        else:
            self._cycle()

    # ---- health

    def alive(self) -> bool:
        return self.why_dead() is None

    def why_dead(self) -> str | None:
        death = self._power.death()
        if death is not None:
            return death
        if self._latch.cause is not None:
            return self._latch.cause.message
        if self._crash is None:
            try:
                self._crash = self._look_for_crash(self._need_probe())
            except RigFault as error:
                return self._latch.gone(error) or error.message
        return self._crash

    def crash(self) -> str | None:
        return self._crash if self.why_dead() is not None else None

    def _look_for_crash(self, probe: Probe) -> str | None:
        state = probe.state()
        if state == "lockup" and self._booted:
            return "the core is locked up: it faulted in its fault handler, or has no firmware"
        if state != "halted" or not self._booted:
            return None
        crash = decode_crash(probe, self._image)
        if crash is not None:
            return str(crash)
        pc = probe.registers()["pc"]
        where = self._image.symbol_at(pc) if self._image else None
        return f"the core is halted at {pc:#010x} ({where or 'no symbol'})"

    def power_cycle(self) -> None:
        self._recoveries["power-cycle"] += 1
        self._cycle()

    def _cycle(self) -> None:
        self._disconnect()
        run_step("power off", self._power.off, timeout=_SWITCHING)
        self._latch.reset()
        self._crash, self._booted = None, False
        with self._latch.step():
            self._power.on()
            self._connect()
        if self._image is not None:
            self.flash(self._image)

    # ---- probe

    def _need_probe(self) -> Probe:
        if self._probe is None:
            self._latch.check()
            raise BoardFault(f"board {self.spec.name} is not connected", hint="power-cycle the board")
        return self._probe

    def _connect(self) -> None:
        assert self.spec.target is not None
        frequency = self.spec.probe.frequency if self.spec.probe else None
        probe = self._session.enter_context(
            open_probe(self._power.probe_uid, target=self.spec.target, frequency=frequency)
        )
        if self.spec.core is not None and probe.core != self.spec.core:
            self._session.close()
            raise UsageError(
                f"board {self.spec.name} ({self.spec.where}) should have a {self.spec.core}, but probe"
                f" {probe.uid} finds a {probe.core}",
                hint="is it the right board? compare the uid with: pyocd list",
            )
        self._probe = probe

    def _disconnect(self) -> None:
        self._probe = None
        self._crash_point = None  # went with the session
        run_step("close probe", self._session.close)
        self._session = contextlib.ExitStack()

    def _reconnect(self) -> None:
        if self._probe is not None:
            self._probe.give_up()
        self._disconnect()
        self._connect()

    def _read_log(self) -> bytes:
        rtt = self._rtt
        if rtt is None or self._probe is None or self._latch.cause is not None:
            return b""
        return rtt.poll()

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._pump is not None:
            run_step("stop log", self._pump.stop, timeout=1.0)
        self._disconnect()
        run_step("let go", self._power.let_go, timeout=_SWITCHING)


class _BoardMemory:
    """Memory through the probe; a fault of the probe on a dead board is the board's."""

    def __init__(self, latch: Latch, probe: Callable[[], Probe]) -> None:
        self._latch = latch
        self._probe = probe

    def read(self, address: int, length: int) -> bytes:
        with self._latch.access():
            return self._probe().read(address, length)

    def last(self, address: int, length: int) -> bytes:
        return self.read(address, length)  # a core that stands still has its memory yet

    def write(self, address: int, data: bytes) -> None:
        with self._latch.access():
            self._probe().write(address, data)

    def read_u32(self, address: int) -> int:
        with self._latch.access():
            return self._probe().read_u32(address)

    def write_u32(self, address: int, value: int) -> None:
        with self._latch.access():
            self._probe().write_u32(address, value)

"""One opened probe: the target behind it, as the rest of the rig sees it.

Wraps a pyOCD session. Every public method may be called from several threads (a console reads RTT while
an experiment reads memory): one lock serialises them.
"""

from __future__ import annotations

import contextlib
import functools
import struct
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar, final

from rig.errors import BoardFault, ProbeFault, UsageError
from rig.probe._chips import knows_target
from rig.probe._cores import core_of_cpuid
from rig.probe._image import FirmwareImage
from rig.probe._listing import find_probe
from rig.probe._programming import FlashReport, program
from rig.probe._translation import ProbeLost, translated
from rig.probe.qemu import MemoryWrite, TracePlan

__all__ = ["HaltInfo", "Probe", "TargetIdentity", "TargetState", "open_probe"]

TargetState = Literal["running", "halted", "sleeping", "reset", "lockup"]
WatchKind = Literal["read", "write", "access"]

_CPUID = 0xE000_ED00
_POLL_SECONDS = 0.002
_PIECE = 64 << 10  # bytes that are asked for at once: a remote probe answers each within its time
_MOST_WRITES = 200_000
_GENERAL = (*(f"r{number}" for number in range(13)), "sp", "lr", "pc")
_REGISTERS = (*_GENERAL, "xpsr", "msp", "psp")
_DWT_FUNCTION, _DWT_MATCHED = 8, 1 << 24
_DHCSR, _DHCSR_KEY, _C_DEBUGEN = 0xE000_EDF0, 0xA05F_0000, 1

_P = ParamSpec("_P")
_R = TypeVar("_R")


@final
@dataclass(frozen=True, kw_only=True)
class TargetIdentity:
    """What is behind an opened probe, as read from it: core name by CPUID, debug port id."""

    uid: str
    vendor: str
    product: str
    target: str
    core: str
    cpuid: int
    dpidr: int


@final
@dataclass(frozen=True, kw_only=True)
class HaltInfo:
    """Where and why the core halted; ``watch_address`` is the start of the watched data that was accessed."""

    reason: str
    pc: int
    watch_address: int | None


def _border(
    doing: str,
) -> Callable[[Callable[Concatenate[Probe, _P], _R]], Callable[Concatenate[Probe, _P], _R]]:
    """Run a method under the probe's lock, with pyOCD's exceptions translated."""

    def decorate(method: Callable[Concatenate[Probe, _P], _R]) -> Callable[Concatenate[Probe, _P], _R]:
        @functools.wraps(method)
        def wrapper(self: Probe, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
            try:
                with self._lock, translated(doing, self.uid):
                    return method(self, *args, **kwargs)
            except ProbeLost:
                self.give_up()
                raise

        return wrapper

    return decorate


class Probe:
    """An opened probe; ``open_probe`` makes one.

    All methods raise ``ProbeFault`` when the probe or the way to it fails.
    """

    def __init__(self, session: Any, target: str) -> None:
        self._lock = threading.RLock()
        self._session = session
        self._core = session.target.selected_core
        cpuid = self._core.ap.read32(_CPUID)
        self.identity = TargetIdentity(
            uid=str(session.probe.unique_id),
            vendor=str(session.probe.vendor_name),
            product=str(session.probe.product_name),
            target=target,
            core=core_of_cpuid(cpuid),
            cpuid=cpuid,
            dpidr=session.target.dp.dpidr.idr,
        )

    @property
    def uid(self) -> str:
        """Unique id of the probe."""
        return self.identity.uid

    @property
    def core(self) -> str:
        """Name of the core, such as ``"cortex-m3"``."""
        return self.identity.core

    @property
    def has_fpu(self) -> bool:
        """Whether the core has floating point registers."""
        return bool(self._core.has_fpu)

    @property
    def session(self) -> Any:
        """The pyOCD session, for this room only."""
        return self._session

    def ram_regions(self) -> list[tuple[int, int]]:
        """Return the RAM that firmware can write, as (start, length)."""
        regions = self._session.target.memory_map
        return [(region.start, region.length) for region in regions if region.is_ram and region.is_writable]

    def give_up(self) -> None:
        """Expect closing to fail, and be silent about it: the probe is gone, or its session is beyond use."""
        self._session.context_state.suppress_disconnect_error = True

    # ---- flash

    @_border("flash")
    def flash(self, image: FirmwareImage, *, force: bool = False) -> FlashReport:
        """Bring ``image`` onto the target and read it back.

        An image that is there already is not written again, unless ``force``. Afterwards the core is halted
        at reset; if nothing was written it is left alone.

        :raises UsageError: the image is for another core, or does not fit; nothing has been erased.
        :raises BoardFault: it does not read back.
        """
        return program(self, image, force=force)

    # ---- run control

    @_border("reset")
    def reset(self, *, halt: bool = False) -> None:
        """Reset the target; it runs, or is halted before its first instruction."""
        self._core.clear_debug_cause_bits()  # a reset leaves them, and the next halt would show an old reason
        if halt:
            self._core.reset_and_halt()
        else:
            self._core.reset()

    @_border("halt")
    def halt(self) -> None:
        """Halt the core."""
        self._core.halt()

    @_border("resume")
    def resume(self) -> None:
        """Let the core run, past a breakpoint that it is at."""
        if self._core.is_halted() and self._core.find_breakpoint(self._core.read_core_register("pc")) is not None:
            self._step_past()
        self._core.resume()

    @_border("step")
    def step(self) -> None:
        """Execute one instruction."""
        self._core.step()

    @_border("step")
    def step_past(self) -> None:
        """Execute one instruction, also if there is a breakpoint on it."""
        self._step_past()

    def _step_past(self) -> None:
        pc = self._core.read_core_register("pc")
        stopped = self._core.find_breakpoint(pc) is not None
        if stopped:
            self._core.remove_breakpoint(pc)
        self._core.step()
        if stopped:
            self._core.set_breakpoint(pc, _hardware_breakpoint())

    @_border("read the state")
    def state(self) -> TargetState:
        """Return whether the core runs."""
        state: TargetState = self._core.get_state().name.lower()
        return state

    @_border("detach")
    def release(self) -> None:
        """Let the core run as if no debugger were there: its BKPTs and faults are its own."""
        self._core.resume()
        self._core.ap.write32(_DHCSR, _DHCSR_KEY)

    @_border("catch faults")
    def catch_faults(self, enable: bool = True) -> None:
        """Halt the core on entry to HardFault, where the stacked registers are still there to read."""
        from pyocd.core.target import Target  # noqa: PLC0415 - see rig.probe

        self._core.ap.write32(_DHCSR, _DHCSR_KEY | _C_DEBUGEN | self._core.ap.read32(_DHCSR) & 0xE)
        self._core.set_vector_catch(Target.VectorCatch.HARD_FAULT if enable else Target.VectorCatch.NONE)

    def wait_halted(self, timeout: float) -> HaltInfo:
        """Wait until the core halts, and return where and why.

        :param timeout: seconds.
        :raises BoardFault: it still runs when they are over.
        """
        deadline = time.monotonic() + timeout
        while True:
            state = self.state()
            if state == "halted":
                return self._halt_info()
            if time.monotonic() > deadline:
                raise BoardFault(f"core of {self.uid} did not halt within {timeout:g} s (it is {state})")
            time.sleep(_POLL_SECONDS)

    @_border("read why the core halted")
    def _halt_info(self) -> HaltInfo:
        reason = self._core.get_halt_reason()
        watched = None
        for watchpoint in self._core.dwt.get_watchpoints() if self._core.dwt else ():
            if self._core.ap.read32(watchpoint.comp_register_addr + _DWT_FUNCTION) & _DWT_MATCHED:
                watched = int(watchpoint.addr)
        return HaltInfo(
            reason=reason.name.lower().replace("_", "-") if reason else "unknown",
            pc=int(self._core.read_core_register("pc")),
            watch_address=watched,
        )

    @_border("read registers")
    def registers(self) -> dict[str, int]:
        """Return r0 to r12, sp, lr, pc, xpsr, msp and psp; the core must be halted."""
        return self._read_registers(_REGISTERS)

    @_border("read registers")
    def general_registers(self) -> dict[str, int]:
        """Return r0 to r12, sp, lr and pc; the core must be halted. An emulated core has to run code for the others."""
        return self._read_registers(_GENERAL)

    def _read_registers(self, names: tuple[str, ...]) -> dict[str, int]:
        if not self._core.is_halted():
            raise ProbeFault(f"registers of {self.uid} cannot be read while its core runs", hint="halt it first")
        values = self._core.read_core_registers_raw(list(names))
        return dict(zip(names, (int(value) for value in values), strict=True))

    @_border("write a register")
    def write_register(self, name: str, value: int) -> None:
        """Write one core register; the core must be halted."""
        self._core.write_core_register(name, value)

    # ---- breakpoints

    @property
    def breakpoints(self) -> int:
        """Hardware breakpoints of the core that are free."""
        with self._lock:
            return int(self._core.available_breakpoint_count)

    @_border("set a breakpoint")
    def set_breakpoint(self, address: int) -> None:
        """Halt the core before the instruction at ``address``; also takes effect while it runs.

        :raises ProbeFault: the core has no breakpoint left.
        """
        if not self._core.set_breakpoint(address & ~1, _hardware_breakpoint()):
            raise ProbeFault(f"no breakpoint left on {self.uid} for {address:#010x}", hint="remove another one")
        self._core.bp_manager.flush()

    @_border("remove a breakpoint")
    def remove_breakpoint(self, address: int) -> None:
        """Remove the breakpoint at ``address``, if there is one."""
        self._core.remove_breakpoint(address & ~1)
        self._core.bp_manager.flush()

    @_border("set a watchpoint")
    def set_watchpoint(self, address: int, size: int, kind: WatchKind = "write") -> None:
        """Halt the core after it has accessed any of ``size`` bytes at ``address``.

        :param size: a power of two; the address must be a multiple of it.
        :raises UsageError: size or address cannot be watched.
        :raises ProbeFault: the core has no watchpoint left.
        """
        if size <= 0 or size & (size - 1) or address % size:
            raise UsageError(
                f"cannot watch {size} bytes at {address:#010x}", hint="a power of two, at a multiple of it"
            )
        if self._core.dwt is None or not self._core.set_watchpoint(address, size, _watch_type(kind)):
            raise ProbeFault(f"no watchpoint left on {self.uid} for {address:#010x}", hint="remove another one")

    @_border("remove a watchpoint")
    def remove_watchpoint(self, address: int) -> None:
        """Remove every watchpoint that starts at ``address``."""
        self._core.dwt.remove_watchpoint(address)

    # ---- writes, one by one

    @property
    def traces_writes(self) -> bool:
        """Whether ``trace_writes`` works: only on emulated boards, as no debug port of real silicon offers it."""
        return hasattr(self._session.probe, "trace_writes")

    @_border("trace writes")
    def trace_writes(
        self,
        *,
        begin: int | None,
        until: Collection[int] = (),
        ends: Collection[int] = (),
        times: int = 1,
        start: Callable[[], None] = lambda: None,
        timeout: float,
        most: int = _MOST_WRITES,
    ) -> list[MemoryWrite]:
        """Return every write of the core to RAM within a window of execution, in order.

        The core must be running, and is running again afterwards, also after an error. Its time stands still at every
        write. The call holds the probe until it returns.

        :param begin: the window begins when the core reaches the instruction at this address; None: it begins where the
            core is halted, and the core is halted again afterwards, past all breakpoints.
        :param until: the window ends with a write that covers one of these addresses; that write is the last one
            returned.
        :param ends: it also ends when the core reaches one of these instructions for the ``times``-th time.
        :param start: called as soon as the core cannot pass ``begin`` unnoticed.
        :param timeout: seconds from that moment on.
        :param most: number of writes after which the trace is given up.
        :raises ProbeFault: the trace did not finish, or the probe cannot trace.
        """
        if not self.traces_writes:
            raise ProbeFault(f"probe {self.uid} cannot trace writes", hint="only emulated boards can")
        plan = TracePlan(
            begin=begin,
            until=frozenset(until),
            seconds=timeout,
            writes=most,
            ends=frozenset(address & ~1 for address in ends),
            times=times,
        )
        writes: list[MemoryWrite] = self._session.probe.trace_writes(plan, start)
        return writes

    # ---- memory, whether the core runs or not

    @_border("read memory")
    def read(self, address: int, length: int) -> bytes:
        """Return ``length`` bytes at ``address``; the core is not stopped."""
        # Not through the core: pyOCD would look for its software breakpoints, one byte at a time.
        if not length:
            return b""
        direct = getattr(self._session.probe, "read_block", None)  # of an emulated board in this process
        if direct is not None:
            return bytes(direct(address, length))
        return b"".join(self._piece(address + at, min(_PIECE, length - at)) for at in range(0, length, _PIECE))

    def _piece(self, address: int, length: int) -> bytes:
        if address % 4 or length % 4:
            return bytes(self._core.ap.read_memory_block8(address, length))
        words = self._core.ap.read_memory_block32(address, length // 4)  # a remote probe sends numbers as text
        return struct.pack(f"<{len(words)}I", *words)

    @_border("write memory")
    def write(self, address: int, data: bytes) -> None:
        """Write ``data`` at ``address``; the core is not stopped."""
        for at in range(0, len(data), _PIECE):
            self._core.ap.write_memory_block8(address + at, list(data[at : at + _PIECE]))

    @_border("read memory")
    def read_u32(self, address: int) -> int:
        """Return the little-endian word at ``address`` in one access."""
        return int(self._core.ap.read32(address))

    @_border("write memory")
    def write_u32(self, address: int, value: int) -> None:
        """Write the word at ``address`` in one access."""
        self._core.ap.write32(address, value & 0xFFFF_FFFF)


@contextlib.contextmanager
def open_probe(
    uid: str,
    *,
    target: str,
    frequency: int | None = None,
    attach: bool = True,
    options: Mapping[str, object] | None = None,
) -> Iterator[Probe]:
    """Open the probe with exactly this unique id for the length of the ``with`` block.

    :param target: pyOCD target name.
    :param frequency: of the debug clock in Hz; pyOCD's default otherwise.
    :param attach: leave the core as it is; otherwise halt it.
    :param options: further pyOCD session options.
    :raises ProbeFault: no such probe, in use by another debugger, or no answer from the target.
    :raises UsageError: pyOCD does not know the target.
    """
    raw = find_probe(uid)
    with translated("open it", uid):
        session = _session(raw, target, _options(raw, target, frequency, attach, options or {}))
    try:
        with translated("open it", uid):
            session.open()
            if session.target.selected_core is None:
                raise ProbeFault(f"probe {uid} finds no core", hint="is the board powered?")
            probe = Probe(session, target)
        yield probe
    finally:
        known = bool(getattr(session.context_state, "suppress_disconnect_error", False))  # see give_up
        with contextlib.suppress(ProbeLost) if known else contextlib.nullcontext(), translated("close it", uid):
            session.close()


def _options(
    raw: Any, target: str, frequency: int | None, attach: bool, more: Mapping[str, object]
) -> dict[str, object]:
    options: dict[str, object] = {
        "target_override": target,
        "connect_mode": "attach" if attach else "halt",
        "no_config": True,  # what a run does is in boards.yaml, not in a stray pyocd.yaml
        "hide_programming_progress": True,
    }
    if frequency is not None:
        options["frequency"] = frequency
    if raw.vendor_name == "QEMU":
        options["reset.post_delay"] = 0.0  # for real chips to come up
    return options | dict(more)


def check_target(target: str) -> str:
    """pyOCD's own name of a target that it knows, be it built in or of an installed pack.

    :raises UsageError: it knows none of this name.
    """
    from pyocd.target import normalise_target_type_name  # noqa: PLC0415 - see rig.probe

    name: str = normalise_target_type_name(target)
    if not knows_target(name):
        raise UsageError(
            f"pyOCD knows no target {target!r}", hint=f"pyocd list --targets; or: pyocd pack install {target}"
        )
    return name


def _session(raw: Any, target: str, options: Mapping[str, object]) -> Any:
    from pyocd.core.session import Session  # noqa: PLC0415 - see rig.probe

    check_target(target)
    session = Session(raw, auto_open=False, options=dict(options))
    session.target._svd_location = None  # a register description that nobody reads, parsed by a thread of its own
    return session


def _hardware_breakpoint() -> Any:
    from pyocd.core.target import Target  # noqa: PLC0415 - see rig.probe

    return Target.BreakpointType.HW


def _watch_type(kind: WatchKind) -> Any:
    from pyocd.core.target import Target  # noqa: PLC0415 - see rig.probe

    types = Target.WatchpointType
    return {"read": types.READ, "write": types.WRITE, "access": types.READ_WRITE}[kind]

"""What lies behind the MEM-AP of an emulated board: QEMU's bus, and the debug registers that it lacks.

Routes every access by address, and serialises them: one lock per board, since a console thread and the
main thread share it. One debugger per board is enforced by a file lock, because QEMU would let a second
one wait for ever.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections.abc import Callable
from typing import IO

from rig.probe.qemu._comparators import Comparators
from rig.probe.qemu._debug_registers import (
    AIRCR,
    AIRCR_KEY,
    AIRCR_RESETS,
    CORE_IDS,
    DCRDR,
    DCRSR,
    DCRSR_WRITE,
    DEMCR,
    DFSR,
    DHCSR,
    DHCSR_KEY,
    identification,
)
from rig.probe.qemu._descriptor import Descriptor
from rig.probe.qemu._direct_memory import DirectMemory
from rig.probe.qemu._machines import MACHINES
from rig.probe.qemu._qmp import QmpClient
from rig.probe.qemu._qtest import QtestClient
from rig.probe.qemu._rsp import RspClient
from rig.probe.qemu._run_control import RunControl
from rig.probe.qemu._sockets import LinkError
from rig.probe.qemu._write_trace import MemoryWrite, TracePlan

__all__ = ["Bus", "BusFault"]

_PPB = 0xE000_0000
_CONTROL_BITS = 0xF
_SELECTOR_BITS = 0x7F


class BusFault(LinkError):
    """There is nothing at this address."""


class Bus:
    """The opened debug side of one emulated board.

    :raises LinkError: another debugger has the board, or QEMU does not answer.
    """

    def __init__(self, descriptor: Descriptor) -> None:
        machine = MACHINES[descriptor.machine]
        ids = CORE_IDS[machine.core]
        self.lock = threading.RLock()
        self._identification = identification(ids)
        self._comparators = Comparators(breakpoints=ids.breakpoints, watchpoints=ids.watchpoints)
        self._ranges = (
            *((memory.start, memory.end) for memory in machine.memories),
            *((start, start + length) for start, length in machine.windows),
            (_PPB, 1 << 32),
        )
        self._roms = tuple((memory.start, memory.end) for memory in machine.memories if memory.kind == "rom")
        self._register_data = 0  # DCRDR
        with contextlib.ExitStack() as stack:
            stack.callback(_lock_debugger(descriptor).close)
            qmp = QmpClient(descriptor.qmp)
            stack.callback(qmp.close)
            was_running = qmp.running()
            rsp = RspClient(descriptor.gdb)
            stack.callback(rsp.close)
            self._qtest = QtestClient(descriptor.qtest)
            stack.callback(self._qtest.close)
            self._direct = DirectMemory(machine, descriptor.pid, qmp)
            stack.callback(self._direct.close)
            self._run = RunControl(machine, self._comparators, (rsp, self._qtest, qmp))
            self._run.attach(was_running=was_running)
            self._links = stack.pop_all()

    def close(self) -> None:
        """Close the connections; the board stays halted or running as it is."""
        with self.lock, self._links, contextlib.suppress(LinkError):  # it may be dead
            self._run.detach()

    def system_reset(self) -> None:
        with self.lock:
            self._run.system_reset()

    def hold_in_reset(self) -> None:
        with self.lock:
            self._run.stop_for_reset()

    def trace_writes(self, plan: TracePlan, start: Callable[[], None]) -> list[MemoryWrite]:
        with self.lock:
            return self._run.trace_writes(plan, start)

    # ---- single accesses

    def read(self, address: int, bits: int = 32) -> int:
        with self.lock:
            word = self._read_debug(address & ~3)
            if word is not None:
                return word >> 8 * (address & 3) & ((1 << bits) - 1)
            self._check(address, bits // 8)
            return self._qtest.read(address, bits)

    def write(self, address: int, value: int, bits: int = 32) -> None:
        with self.lock:
            if self._write_debug(address, value):
                return
            self._check(address, bits // 8)
            data = value.to_bytes(bits // 8, "little")
            self._run.written(address, data)
            if self._read_only(address):
                self._run.write_read_only(address, data)
            else:
                self._qtest.write(address, value, bits)

    # ---- blocks

    def read_block(self, address: int, length: int) -> bytes:
        with self.lock:
            if address >= _PPB:
                return b"".join(self.read(address + done).to_bytes(4, "little") for done in range(0, length, 4))
            self._check(address, length)
            direct = self._direct.read(address, length)
            return self._qtest.read_block(address, length) if direct is None else direct

    def write_block(self, address: int, data: bytes) -> None:
        with self.lock:
            if address >= _PPB:
                for done in range(0, len(data), 4):
                    self.write(address + done, int.from_bytes(data[done : done + 4], "little"))
                return
            self._check(address, len(data))
            self._run.written(address, data)
            if self._read_only(address):
                self._run.write_read_only(address, data)
            else:
                self._qtest.write_block(address, data)

    def _read_only(self, address: int) -> bool:
        """Whether a write of the core's would be lost here, and the debugger's takes the back door."""
        return any(start <= address < end for start, end in self._roms)

    def _check(self, address: int, length: int) -> None:
        """qtest itself reads 0 where there is nothing."""
        if not any(start <= address and address + length <= end for start, end in self._ranges):
            raise BusFault(f"no memory at {address:#010x}, {length} bytes")

    # ---- debug registers

    def _read_debug(self, address: int) -> int | None:
        """Return the debug register at ``address``, None if there is none."""
        if address < _PPB:
            return None
        known = self._identification.get(address)
        if known is not None:
            return known
        if Comparators.covers(address):
            return self._comparators.read(address)
        if address == DHCSR:
            return self._run.status()
        if address == DFSR:
            self._run.poll()
            return self._run.fault_status
        return {DCRSR: 0, DCRDR: self._register_data, DEMCR: self._run.exception_monitor}.get(address)

    def _write_debug(self, address: int, value: int) -> bool:
        """Write the debug register at ``address``; False if there is none."""
        if address < _PPB:
            return False
        if address in self._identification:
            return True
        if Comparators.covers(address):
            if self._comparators.write(address, value):
                self._run.breakpoints_changed()
        elif address == DHCSR:
            if value >> 16 == DHCSR_KEY:
                self._run.control(value & _CONTROL_BITS)
        elif address == DCRSR:
            self._transfer_register(value)
        elif address == DCRDR:
            self._register_data = value
        elif address == DEMCR:
            self._run.exception_monitor = value
        elif address == DFSR:
            self._run.fault_status &= ~value
        elif address == AIRCR and value >> 16 == AIRCR_KEY and value & AIRCR_RESETS:
            self._run.system_reset()
        else:
            return False
        return True

    def _transfer_register(self, request: int) -> None:
        if not self._run.halted:
            return
        if request & DCRSR_WRITE:
            self._run.registers.write(request & _SELECTOR_BITS, self._register_data)
        else:
            self._register_data = self._run.registers.read(request & _SELECTOR_BITS)


def _lock_debugger(descriptor: Descriptor) -> IO[str]:
    """Take the board for this debugger, or say who has it."""
    try:
        file = os.fdopen(os.open(descriptor.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644), "r+")
    except OSError as error:
        raise LinkError(f"emulated board {descriptor.uid} is gone: {error.strerror}") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = file.read().strip() or "unknown"
        file.close()
        raise LinkError(f"emulated board {descriptor.uid} is in use by another debugger (process {holder})") from error
    file.seek(0)
    file.truncate()
    file.write(str(os.getpid()))
    file.flush()
    return file

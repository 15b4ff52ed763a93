"""Runs, halts, steps and resets one emulated core, with the stops that a debugger expects of real silicon.

Knows the gdbstub, and where QEMU differs from hardware:

* BKPT: QEMU turns it into a HardFault. A debugger that calls a routine (a flash algorithm) returns to a
  BKPT, so the return address gets a breakpoint at resume. A BKPT that a debugger wrote is tracked and gets one. For a
  BKPT of the firmware itself the HardFault vector is hooked: if the stacked PC is a BKPT, the exception entry is undone
  and the core halts there. Firmware may have one entry for all its exceptions, as some operating systems do. Then the
  first exception there that is no fault removes the hook until the next reset. The machine and its time stand still
  until the debugger next asks for the state.
* Lockup: QEMU ends itself. So a core that could not execute a single instruction is not started; it reports S_LOCKUP
  instead.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from rig.probe.qemu._comparators import Comparators
from rig.probe.qemu._core_registers import SYSM_PSP, CoreRegisters
from rig.probe.qemu._debug_registers import (
    C_DEBUGEN,
    C_HALT,
    C_MASKINTS,
    C_STEP,
    DFSR_BKPT,
    DFSR_DWTTRAP,
    DFSR_HALTED,
    DFSR_VCATCH,
    HFSR,
    HFSR_FORCED,
    S_HALT,
    S_LOCKUP,
    S_REGRDY,
    S_RESET,
    S_RETIRE,
    VC_CORERESET,
    VC_HARDERR,
    VTOR,
)
from rig.probe.qemu._machines import Machine
from rig.probe.qemu._qmp import QmpClient
from rig.probe.qemu._qtest import QtestClient
from rig.probe.qemu._rsp import RspClient, StopReply
from rig.probe.qemu._sockets import LinkError
from rig.probe.qemu._write_trace import MemoryWrite, TracePlan, WriteTracer

__all__ = ["RunControl"]

_EXECUTE = 1  # gdbstub breakpoint kind
_THUMB_SIZE = 2
_BKPT = 0xBE
_RESET_VECTOR, _HARDFAULT_VECTOR = 4, 12
_FRAME_PC = 24  # offset of the stacked PC in an exception frame
_EXC_RETURN = 0xF000_0000
_EXC_RETURN_PSP = 4
_XPSR_THUMB = 24
_IPSR = 0x1FF
_FAULTS = range(2, 7)  # NMI, HardFault, MemManage, BusFault, UsageFault
_BX_LR = b"\x70\x47\x00\xbf"
_STOP_ATTEMPTS = 3
_PIECE = 1024  # bytes of one gdbstub packet, whose buffer has 4096 characters


class RunControl:
    """Run state of one core; ``registers`` may be used while ``halted`` only. Not thread-safe by itself."""

    def __init__(self, machine: Machine, comparators: Comparators, links: tuple[RspClient, QtestClient, QmpClient]):
        self._machine = machine
        self._comparators = comparators
        self._rsp, self._qtest, self._qmp = links
        self.registers = CoreRegisters(self._rsp, scratch=machine.scratch, core=machine.core)
        self.halted = True
        self.fault_status = 0  # DFSR
        self.exception_monitor = 0  # DEMCR
        self._control = C_HALT  # DHCSR control bits; a parked board reads C_HALT, or debuggers let it go
        self._lockup = False
        self._reset_seen = False
        self._software: set[int] = set()  # BKPT opcodes that a debugger wrote
        self._return: int | None = None  # where a routine called by a debugger comes back
        self._hook_off = False  # the firmware's own HardFault handler runs
        self._inserted: set[tuple[int, int, int]] = set()

    def attach(self, *, was_running: bool) -> None:
        """Take over the machine, which opening the gdbstub has stopped."""
        self._rsp.forget_breakpoints()
        if was_running:
            self.halted, self._control = False, 0
            self._rsp.resume()

    def detach(self) -> None:
        """Leave the machine as it is: halted, or running without breakpoints."""
        if not self.halted:
            self._rsp.stop()
            if not self._would_lock_up():
                self._rsp.detach()
                return
        self._rsp.forget_breakpoints()

    # ---- DHCSR

    def status(self) -> int:
        """Return DHCSR; reading it notices that the core has stopped, and clears S_RESET_ST."""
        self.poll()
        value = self._control | S_REGRDY
        value |= S_LOCKUP if self._lockup else S_HALT if self.halted else S_RETIRE
        if self._reset_seen:
            value |= S_RESET
            self._reset_seen = False
        return value

    def control(self, bits: int) -> None:
        """Write the control bits of DHCSR: halt, resume or step."""
        self.poll()
        self._control = bits if bits & C_DEBUGEN else 0
        if bits & C_DEBUGEN and bits & C_HALT:
            self._halt()
        elif self.halted and not bits & C_HALT:
            self._resume(step=bool(bits & C_DEBUGEN and bits & C_STEP))

    # ---- stopping

    def poll(self) -> None:
        """Notice a stop that has happened."""
        if not self.halted:
            reply = self._rsp.poll_stop()
            if reply is not None:
                self._note_stop(reply)

    def _halt(self) -> None:
        self._lockup = False
        for _attempt in range(_STOP_ATTEMPTS):
            if self.halted:
                return
            reply = self._rsp.stop()
            if reply is None:
                self.halted = True
            else:
                self._note_stop(reply)

    def _note_stop(self, reply: StopReply) -> None:
        self.halted = True
        pc = self._rsp.read_register("pc")
        if reply.watch_address is not None:
            self._comparators.mark_match(reply.watch_address)
            self.fault_status |= DFSR_DWTTRAP
        elif not reply.by_itself:
            self.fault_status |= DFSR_HALTED
        elif pc in self._requested():
            self.fault_status |= DFSR_BKPT
        elif self._hooked() and pc == self._vector(_HARDFAULT_VECTOR):
            self._note_hardfault(pc)
        elif pc in self._caught():
            self.fault_status |= DFSR_VCATCH
        else:
            self.fault_status |= DFSR_HALTED
        if self.halted:
            self._control |= C_HALT

    def _note_hardfault(self, pc: int) -> None:
        """The core is at the first instruction of the HardFault handler, which is hooked."""
        if self._rsp.read_register("xpsr") & _IPSR not in _FAULTS:  # an entry that exceptions share
            self._unhook(pc)
            return
        bkpt = self._stacked_bkpt()
        if bkpt is not None:
            self._return_from_exception(bkpt)
            self._qtest.write(HFSR, HFSR_FORCED)
            self.fault_status |= DFSR_BKPT
        elif self.exception_monitor & VC_HARDERR:
            self.fault_status |= DFSR_VCATCH
        else:  # the firmware's own business: out of its way until the next reset
            self._unhook(pc)

    def _unhook(self, pc: int) -> None:
        """Let the firmware go on, without the hook at ``pc``."""
        self._hook_off = True
        self._remove((_EXECUTE, pc, _THUMB_SIZE))
        self.halted = False
        self._rsp.resume()

    def _stacked_bkpt(self) -> int | None:
        link = self._rsp.read_register("lr")
        on_process_stack = bool(link & _EXC_RETURN_PSP)
        frame = self.registers.read_special(SYSM_PSP) if on_process_stack else self._rsp.read_register("sp")
        stacked = self._qtest.read(frame + _FRAME_PC) & ~1
        return stacked if self._is_bkpt(stacked) else None

    def _return_from_exception(self, destination: int) -> None:
        """Leave HardFault by a real exception return, so that its active state goes too."""
        rsp, scratch = self._rsp, self._machine.scratch
        memory = rsp.read_memory(scratch, len(_BX_LR))
        rsp.write_memory(scratch, _BX_LR)
        rsp.write_register("pc", scratch)
        if (_EXECUTE, destination, _THUMB_SIZE) not in self._inserted:
            self._insert((_EXECUTE, destination, _THUMB_SIZE))
        rsp.resume()
        if rsp.poll_stop(1.0) is None:
            rsp.stop()
        self._remove((_EXECUTE, destination, _THUMB_SIZE))
        rsp.write_memory(scratch, memory)

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Stop a running machine for the length of the block, unseen by the debugger."""
        if self.halted:
            yield
            return
        for _attempt in range(_STOP_ATTEMPTS):
            reply = self._rsp.stop()
            if reply is None or not reply.by_itself:
                break
            self._note_stop(reply)  # it had just stopped for a reason of its own
            if self.halted:
                yield
                return
        try:
            yield
        except BaseException:
            with contextlib.suppress(LinkError):  # what went wrong first is what the caller has to know
                self._go_on()
            raise
        self._go_on()

    def _go_on(self) -> None:
        if not self.halted:
            self._rsp.resume()

    def trace_writes(self, plan: TracePlan, start: Callable[[], None]) -> list[MemoryWrite]:
        """Record every write to RAM, see ``WriteTracer``. The machine runs before and after; if the plan has no
        ``begin``, it is halted before and after.

        :raises LinkError: the core is in the other state, or the trace did not finish.
        """
        memories = [(memory.start, memory.length) for memory in self._machine.ram]
        if plan.begin is None:
            if not self.halted:
                raise LinkError("the core runs: there is no place to trace from")
            for entry in tuple(self._inserted):  # they come back when the core is let go
                self._remove(entry)
            return WriteTracer(self._rsp, plan, memories, self._note_stop).run(start)
        with self.paused():
            if self.halted:
                raise LinkError("the core is halted: there is nothing to trace")
            return WriteTracer(self._rsp, plan, memories, self._note_stop).run(start)

    # ---- running

    def _resume(self, *, step: bool = False) -> None:
        self._lockup = self._would_lock_up()
        if self._lockup:
            return
        self._insert_all()
        self.halted = False
        if step:
            self._step()
        else:
            self._rsp.resume()

    def _step(self) -> None:
        masked = bool(self._control & C_MASKINTS)
        if masked:
            self._rsp.mask_interrupts(True)
        reply = self._rsp.step()
        if masked:
            self._rsp.mask_interrupts(False)
        self._note_stop(reply)

    def system_reset(self) -> None:
        """Reset the machine; it halts at once if the reset vector is caught, and runs otherwise."""
        self._rsp.stop()
        self._qmp.system_reset()
        self._lockup = self._hook_off = False
        self._reset_seen = self.halted = True
        if self.exception_monitor & VC_CORERESET and self._control & C_DEBUGEN:
            self.fault_status |= DFSR_VCATCH
            self._control |= C_HALT
        else:
            self._control &= ~C_HALT
            self._resume()

    def stop_for_reset(self) -> None:
        """Hold the machine still while its reset line is asserted."""
        if not self.halted:
            self._rsp.stop()

    def _would_lock_up(self) -> bool:
        """Whether the first fault would end QEMU, on a core whose firmware is missing or erased."""
        table = self._vector_table()
        if self._executable(self._qtest.read(table + _HARDFAULT_VECTOR)):
            return False
        if self._control & C_DEBUGEN and self._called_return() is not None:  # a flash algorithm needs no vectors
            return False
        thumb = self._rsp.read_register("xpsr") >> _XPSR_THUMB & 1
        runnable = self._executable(self._rsp.read_register("pc") | thumb)
        return not (runnable and self._executable(self._qtest.read(table + _RESET_VECTOR)))

    def _executable(self, address: int) -> bool:
        inside = any(memory.start <= address < memory.end for memory in self._machine.memories)
        return bool(address & 1) and (inside or address & ~0xF == self._machine.scratch)

    def write_read_only(self, address: int, data: bytes) -> None:
        """Write memory that the core cannot write; a running machine is stopped meanwhile."""
        with self.paused():
            for done in range(0, len(data), _PIECE):
                self._rsp.write_memory(address + done, data[done : done + _PIECE])

    # ---- breakpoints

    def written(self, address: int, data: bytes) -> None:
        """Note a write by the debugger: it may set or remove a software breakpoint."""
        before = len(self._software)
        if self._software:
            self._software -= {known for known in self._software if address <= known < address + len(data)}
        if len(data) == _THUMB_SIZE and data[1] == _BKPT:
            self._software.add(address)
        if len(self._software) != before:
            self.breakpoints_changed()

    def breakpoints_changed(self) -> None:
        if not self.halted:
            with self.paused():
                self._insert_all()

    def _insert_all(self) -> None:
        """Make the gdbstub's list what the registers ask for; the machine is stopped."""
        self._return = self._called_return()
        wanted = {(_EXECUTE, address, _THUMB_SIZE) for address in self._requested() | self._caught()}
        if self._hooked():
            wanted.add((_EXECUTE, self._vector(_HARDFAULT_VECTOR), _THUMB_SIZE))
        wanted.update(self._comparators.data())
        for entry in self._inserted - wanted:
            self._remove(entry)
        for entry in wanted - self._inserted:
            self._insert(entry)

    def _called_return(self) -> int | None:
        """Where a routine that the debugger called comes back: to a BKPT."""
        link = self._rsp.read_register("lr") & ~1
        return link if link < _EXC_RETURN and self._is_bkpt(link) else None

    def _insert(self, entry: tuple[int, int, int]) -> None:
        self._rsp.insert(*entry)
        self._inserted.add(entry)

    def _remove(self, entry: tuple[int, int, int]) -> None:
        if entry in self._inserted:
            self._rsp.remove(*entry)
            self._inserted.discard(entry)

    def _requested(self) -> set[int]:
        """Addresses at which the debugger asked the core to stop."""
        called = set() if self._return is None else {self._return}
        return self._comparators.execution() | self._software | called

    def _caught(self) -> set[int]:
        return {self._vector(_RESET_VECTOR)} if self.exception_monitor & VC_CORERESET else set()

    def _hooked(self) -> bool:
        return bool(self._control & C_DEBUGEN) and not self._hook_off

    def _vector_table(self) -> int:
        return self._qtest.read(VTOR)

    def _vector(self, offset: int) -> int:
        return self._qtest.read(self._vector_table() + offset) & ~1

    def _is_bkpt(self, address: int) -> bool:
        return self._qtest.read(address, 16) >> 8 == _BKPT

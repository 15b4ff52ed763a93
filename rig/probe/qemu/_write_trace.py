"""Every write of an emulated core to its RAM, one by one: who, where, and which bytes.

QEMU's gdbstub takes a write watchpoint of any length. One over each RAM stops the machine before every instruction that
stores there. The stop names the watchpoint, not the address: the trace computes the address from the instruction's
encoding and the registers. Then it executes the instruction alone and reads what was stored. The trace does not see
what the core itself stacks on entry to an exception, nor what a debugger writes.

Knows the gdbstub; must not know what runs on the core.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn, final

from rig.probe.qemu._rsp import RspClient, StopReply
from rig.probe.qemu._sockets import LinkError
from rig.probe.qemu._thumb import instruction_bytes, store_target

__all__ = ["MemoryWrite", "TracePlan", "WriteTracer"]

_EXECUTE, _WRITE = 1, 2  # gdbstub breakpoint kinds
_THUMB_SIZE = 2
_LR, _PC = 14, 15


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class MemoryWrite:
    """One instruction that stored ``data`` from ``address`` on. ``pc`` is its own address, ``link`` the lr it had."""

    pc: int
    link: int
    address: int
    data: bytes


@final
@dataclass(frozen=True, kw_only=True)
class TracePlan:
    """What to trace: from the instruction at ``begin`` to a write that covers one of the addresses ``until``, or until
    the core has reached an instruction of ``ends`` ``times`` times.

    ``begin`` None: from where the core is halted; then it is halted at the end too. The trace takes at most ``seconds``
    and records at most ``writes`` writes.
    """

    begin: int | None
    until: frozenset[int]
    seconds: float
    writes: int
    ends: frozenset[int] = frozenset()
    times: int = 1


class WriteTracer:
    """One trace. The machine is stopped when the trace begins and when it ends; then all its watchpoints are removed.

    :param memories: the RAM to watch, as (start, length).
    :param note: called for a stop that is not the trace's own, such as a fault of the firmware.
    """

    def __init__(
        self, rsp: RspClient, plan: TracePlan, memories: Sequence[tuple[int, int]], note: Callable[[StopReply], None]
    ) -> None:
        self._rsp = rsp
        self._plan = plan
        self._ends = [(_EXECUTE, address & ~1, _THUMB_SIZE) for address in plan.ends]
        self._left = plan.times
        self._watches = [(_WRITE, start, length) for start, length in memories]
        self._note = note
        self._end = 0.0
        self._code: dict[int, tuple[int, int]] = {}
        self._writes: list[MemoryWrite] = []

    def run(self, start: Callable[[], None]) -> list[MemoryWrite]:
        """Let the machine run, call ``start``, and record the writes.

        :raises LinkError: the trace did not finish; the message says why.
        """
        if self._plan.begin is not None:
            self._come_to((_EXECUTE, self._plan.begin & ~1, _THUMB_SIZE), start)
        else:
            start()
            self._end = time.monotonic() + self._plan.seconds
        with contextlib.ExitStack() as stack:
            self._rsp.mask_interrupts(True)  # of single steps: else one might run a handler in place of the store
            stack.enter_context(_undone(lambda: self._rsp.mask_interrupts(False)))
            for watch in (*self._watches, *self._ends):
                stack.enter_context(self._inserted(watch))
            while not self._over():
                self._rsp.resume()
                self._take(self._next_stop("did not come to its end"))
        return self._writes

    def _come_to(self, begin: tuple[int, int, int], start: Callable[[], None]) -> None:
        with self._inserted(begin):
            self._rsp.resume()
            start()
            self._end = time.monotonic() + self._plan.seconds
            reply = self._next_stop("did not begin")
            if not self._at_begin():
                self._stopped_otherwise(reply)

    def _take(self, reply: StopReply) -> None:
        if reply.watch_address is not None or not self._ends:
            self._add(reply)
            return
        pc = self._rsp.read_register("pc")
        end = next((entry for entry in self._ends if entry[1] == pc), None)
        if end is None:
            self._stopped_otherwise(reply)
        self._left -= 1
        if self._left:  # past it, to whatever it stores first
            self._rsp.remove(*end)
            self._rsp.resume()
            self._add(self._next_stop("did not come to its end"))
            self._rsp.insert(*end)

    # ---- one write

    def _add(self, reply: StopReply) -> None:
        if reply.watch_address is None:
            self._stopped_otherwise(reply)
        if len(self._writes) >= self._plan.writes:
            raise LinkError(f"the trace has {len(self._writes)} writes and is not at its end")
        registers = self._rsp.read_core_registers()
        pc = registers[_PC]
        first, second = self._instruction(pc)
        target = store_target(first, second, registers)
        watch = target and self._watched(*target)
        if not target or not watch:
            raise LinkError(f"a write by {first:04x} {second:04x} at {pc:#010x} cannot be understood")
        self._step_over(watch)
        if self._rsp.read_register("pc") != pc + instruction_bytes(first):
            raise LinkError(f"the store at {pc:#010x} was not executed by a step")
        data = self._rsp.read_memory(*target)
        self._writes.append(MemoryWrite(pc=pc, link=registers[_LR], address=target[0], data=data))

    def _instruction(self, pc: int) -> tuple[int, int]:
        known = self._code.get(pc)
        if known is None:
            code = self._rsp.read_memory(pc, 4)
            known = self._code[pc] = int.from_bytes(code[:2], "little"), int.from_bytes(code[2:], "little")
        return known

    def _watched(self, address: int, length: int) -> tuple[int, int, int] | None:
        """The watchpoint that a store goes to: the one that has to be out of its way."""
        for watch in self._watches:
            if watch[1] <= address and address + length <= watch[1] + watch[2]:
                return watch
        return None

    def _step_over(self, watch: tuple[int, int, int]) -> None:
        self._rsp.remove(*watch)
        self._rsp.step()
        self._rsp.insert(*watch)

    def _over(self) -> bool:
        if not self._left:
            return True
        if not self._writes:
            return False
        last = self._writes[-1]
        return any(last.address <= address < last.address + len(last.data) for address in self._plan.until)

    # ---- stops

    def _inserted(self, entry: tuple[int, int, int]) -> contextlib.AbstractContextManager[None]:
        self._rsp.insert(*entry)
        return _undone(lambda: self._remove(entry))

    def _remove(self, entry: tuple[int, int, int]) -> None:
        while (reply := self._rsp.stop()) is not None:  # again if the stop was of a kind that lets the core go on
            if reply.by_itself and reply.watch_address is None and not self._at_begin():
                self._note(reply)
        self._rsp.remove(*entry)

    def _at_begin(self) -> bool:
        begin = self._plan.begin
        return begin is not None and self._rsp.read_register("pc") == begin & ~1

    def _next_stop(self, what: str) -> StopReply:
        reply = self._rsp.poll_stop(max(0.0, self._end - time.monotonic()))
        if reply is None:
            raise LinkError(
                f"the trace {what} within {self._plan.seconds:g} s; it has {len(self._writes)} writes so far"
            )
        return reply

    def _stopped_otherwise(self, reply: StopReply) -> NoReturn:
        pc = self._rsp.read_register("pc")
        self._note(reply)
        raise LinkError(f"the core stopped at {pc:#010x} for a reason of its own")


@contextlib.contextmanager
def _undone(undo: Callable[[], None]) -> Iterator[None]:
    """Undo something at the end of the block; what went wrong in the block is what the caller has to know."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(LinkError):
            undo()
        raise
    undo()

"""The calls that led to where a Cortex-M stands: from its registers and stack, by the image's call frame information.

Passes exceptions: a return address that is an EXC_RETURN means that the hardware has stacked eight registers (and more
where the FPU was in use), ARMv7-M architecture manual, B1.5.6. Where the stack pointer itself is gone, as after a stack
overflow, ``scan`` finds the newest return address that still stands on the stack.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, final

__all__ = ["Frame", "has_code", "scan", "unstacked", "unwind"]

_SP, _LR, _PC, _XPSR = 13, 14, 15, 16
_EXC_RETURN, _NOT_EXC_RETURN = 0xFFFF_FF80, 1 << 1  # from there on, without that bit: lr is all ones after a reset
_USES_PSP, _PLAIN_FRAME = 1 << 2, 1 << 4
_FRAME = struct.Struct("<8I")
_FPU_BYTES = 18 * 4
_PADDED = 1 << 9  # of the stacked xPSR: a word was left out so that the frame is aligned
_LONGEST = 64
_WORD = 0xFFFF_FFFF

Registers = dict[int, int]
"""By number: 0 to 15, and 16 for xPSR."""


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """One call. ``exact``: the core stands at ``pc`` itself, and not behind a call that it made.

    ``registers``: as they were in this frame, as far as they are known. ``guessed``: found on the stack by its looks.
    """

    pc: int
    exact: bool
    registers: Mapping[int, int] = field(repr=False)
    guessed: bool = False

    @property
    def look_up(self) -> int:
        """The address whose line is meant: of the call, where the core is behind it."""
        return self.pc if self.exact else self.pc - 2


def has_code(segments: tuple[tuple[int, bytes], ...], address: int) -> bool:
    """Whether an image loads something there."""
    return any(begin <= address < begin + len(data) for begin, data in segments)


def unstacked(registers: Registers, read: Callable[[int, int], bytes], psp: int) -> Registers | None:
    """The registers as they were when the exception was taken whose EXC_RETURN is in lr; None if it is none, or the
    stack cannot be read.
    """
    leave = registers[_LR]
    if leave < _EXC_RETURN or leave & _NOT_EXC_RETURN:
        return None
    base = psp if leave & _USES_PSP else registers[_SP]
    try:
        r0, r1, r2, r3, r12, lr, pc, xpsr = _FRAME.unpack(read(base, _FRAME.size))
    except Exception:  # a stack pointer that points nowhere
        return None
    size = _FRAME.size + (0 if leave & _PLAIN_FRAME else _FPU_BYTES) + (4 if xpsr & _PADDED else 0)
    held = {0: r0, 1: r1, 2: r2, 3: r3, 12: r12, _LR: lr, _PC: pc & ~1, _XPSR: xpsr, _SP: (base + size) & _WORD}
    return registers | held


def unwind(
    dwarf: Any,
    start: Registers,
    read: Callable[[int, int], bytes],
    *,
    psp: int,
    is_code: Callable[[int], bool],
    guessed: bool = False,
) -> list[Frame]:
    """The frames from the innermost on; ends where nothing is known, and never raises for what it reads."""
    registers: Registers | None = dict(start)
    exact = not guessed
    frames: list[Frame] = []
    while registers is not None and len(frames) < _LONGEST:
        frame = Frame(pc=registers[_PC], exact=exact, registers=registers, guessed=guessed)
        if not is_code(frame.look_up) or any((f.pc, f.registers[_SP]) == (frame.pc, registers[_SP]) for f in frames):
            if not frames:
                frames.append(frame)  # where it stands is told, though nothing is known of it
            break
        frames.append(frame)
        above = _caller(dwarf, frame, read)
        if above is not None and above[_PC] >= _EXC_RETURN:
            above = unstacked(above | {_LR: above[_PC]}, read, psp)
            exact = True
        else:
            exact = False
        registers = above
    return frames


def _caller(dwarf: Any, frame: Frame, read: Callable[[int, int], bytes]) -> Registers | None:
    """The registers of the caller; in a function of which nothing is known, lr is believed once."""
    registers = dict(frame.registers)
    row = _row(dwarf, frame.look_up)
    if row is None:
        return registers | {_PC: _target(registers[_LR])} if frame.exact else None
    try:
        rule = row["cfa"]
        if rule.reg is None:
            return None
        cfa = (registers[rule.reg] + rule.offset) & _WORD
        found = dict(registers)
        for number, kept in row.items():
            if isinstance(number, int) and kept.type == "OFFSET":
                found[number] = int.from_bytes(read(cfa + kept.arg, 4), "little")
    except Exception:  # the stack is not readable, or a rule that no Cortex-M compiler makes
        return None
    return found | {_SP: cfa, _PC: _target(found[_LR])}


def _target(address: int) -> int:
    return address if address >= _EXC_RETURN else address & ~1


def _row(dwarf: Any, address: int) -> Mapping[Any, Any] | None:
    if dwarf is None or not dwarf.has_CFI():
        return None
    for entry in dwarf.CFI_entries():
        begin = entry.header.get("initial_location") if hasattr(entry, "cie") and entry.cie is not None else None
        if begin is None or not begin <= address < begin + entry.header["address_range"]:
            continue
        best: Mapping[Any, Any] | None = None
        for row in entry.get_decoded().table:
            if row["pc"] <= address:
                best = row
        return best
    return None


def scan(
    stack: bytes, base: int, *, is_call: Callable[[int], bool], registers: Registers, skip: int = 0
) -> Registers | None:
    """Registers at the newest return address that stands on a stack, by its looks: an odd word that points right
    behind a call. Most functions push lr last, so that the caller's stack pointer is the next word's address.

    :param stack: the stack's bytes from its lowest address ``base`` on.
    """
    for offset in range(skip, len(stack) - 3, 4):
        word = int.from_bytes(stack[offset : offset + 4], "little")
        if word & 1 and is_call(word & ~1):
            return registers | {_SP: base + offset + 4, _PC: word & ~1, _LR: word}
    return None

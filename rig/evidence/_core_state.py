"""Where a core stands: registers, fault status in words, the calls that led there, and its memory.

Halts a core that runs: after a fault its board is brought back anyway.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

from rig.board import Board
from rig.errors import RigError
from rig.evidence._core_file import Thread
from rig.evidence._lines import DebugLines, SourceLine
from rig.evidence._unwind import Frame, has_code, scan, unstacked, unwind
from rig.probe import CRASH_SYMBOL, FirmwareImage, Probe, decode_crash

__all__ = ["CoreState", "look", "read_memory"]

_NAMES = (*(f"r{number}" for number in range(13)), "sp", "lr", "pc", "xpsr")
_SP, _LR, _PC, _XPSR = 13, 14, 15, 16
_STACK = ("rig_stack_bottom", "rig_stack_top")
_SCANNED = 64 << 10
_KEPT_FRAME = "rig_fault_frame"
_STATUS = {
    "CFSR": 0xE000_ED28,
    "HFSR": 0xE000_ED2C,
    "DFSR": 0xE000_ED30,
    "MMFAR": 0xE000_ED34,
    "BFAR": 0xE000_ED38,
    "SHCSR": 0xE000_ED24,
    "ICSR": 0xE000_ED04,
}
_NO_STATUS = ("cortex-m0", "cortex-m0plus", "cortex-m1")  # ARMv6-M has none of these but DFSR and ICSR
_EVERYWHERE = ("DFSR", "ICSR")
_SIGNAL_CRASH, _SIGNAL_STOP = 11, 5
_PIECE = 1 << 20


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class CoreState:
    """What was found. ``notes``: in words, one a line, the fault first. ``frames``: each with its places in the
    sources, innermost first. ``threads``: for a core file; the place of the fault before that of the handler.
    """

    state: str
    registers: dict[str, int]
    status: dict[str, int]
    notes: tuple[str, ...]
    frames: tuple[tuple[Frame, tuple[SourceLine, ...]], ...]
    threads: tuple[Thread, ...]


def look(board: Board, probe: Probe) -> CoreState:
    """Halt the core and say where it stands.

    :raises RigError: the probe does not answer.
    """
    state = str(probe.state())
    if state not in ("halted", "lockup"):
        probe.halt()
    registers = probe.registers()
    status: dict[str, int] = {}
    for name, address in _STATUS.items():
        if probe.core not in _NO_STATUS or name in _EVERYWHERE:
            with contextlib.suppress(RigError):
                status[name] = probe.read_u32(address)
    notes = [f"the core was {state} when the rig looked"]
    with contextlib.suppress(RigError):
        crash = decode_crash(probe, board.image)
        if crash is not None:
            notes.insert(0, str(crash))
    here = {number: registers[name] for number, name in enumerate(_NAMES)}
    begin, guessed = _begin(board.image, probe, here, registers["psp"], notes)
    frames = _frames(board.image, probe, begin, psp=registers["psp"], guessed=guessed)
    crashed = begin is not here
    threads = [Thread(registers=here, signal=_SIGNAL_STOP)]
    if crashed:
        at = begin[_PC] - 2 if guessed else begin[_PC]  # a debugger takes the first frame's pc for where it stands
        threads.insert(0, Thread(registers=begin | {_PC: at}, signal=_SIGNAL_CRASH))
    return CoreState(
        state=state,
        registers=registers,
        status=status,
        notes=tuple(notes),
        frames=tuple(frames),
        threads=tuple(threads),
    )


def _begin(
    image: FirmwareImage | None, probe: Probe, here: dict[int, int], psp: int, notes: list[str]
) -> tuple[dict[int, int], bool]:
    """The registers where the firmware went wrong, and whether they are a guess; adds what is worth saying."""
    begin, guessed = here, False
    if image is None:
        return begin, guessed
    if _stands_in(image, CRASH_SYMBOL, here[_PC]) and _KEPT_FRAME in image.symbols:
        words = probe.read(image.find(_KEPT_FRAME).address, 32)
        r0, r1, r2, r3, r12, lr, pc, xpsr = (int.from_bytes(words[at : at + 4], "little") for at in range(0, 32, 4))
        begin = here | {0: r0, 1: r1, 2: r2, 3: r3, 12: r12, _LR: lr, _PC: pc & ~1, _XPSR: xpsr}
    elif here[_XPSR] & 0x1FF in (3, 4, 5, 6):
        begin = unstacked(here, probe.read, psp) or here
    bottom, top = (image.symbols[name].address if name in image.symbols else 0 for name in _STACK)
    overflow = begin[_SP] < bottom
    if overflow:
        notes.insert(0, f"stack overflow: the stack pointer is {bottom - begin[_SP]} bytes below the stack's end")
    if not overflow and not has_code(image.segments, begin[_PC]) and _behind_a_call(image, begin[_LR] & ~1):
        notes.append(f"it jumped to {begin[_PC]:#010x}, where no code is; the call is that behind which lr points")
        begin, guessed = begin | {_PC: begin[_LR] & ~1}, True
    elif overflow or not has_code(image.segments, begin[_PC]):
        low = bottom if overflow else begin[_SP]
        found = None
        with contextlib.suppress(RigError):
            stack = probe.read(low, min(_SCANNED, top - low) if low < top else 1024)
            found = scan(stack, low, is_call=lambda address: _behind_a_call(image, address), registers=begin)
        if found is not None:
            notes.append(
                "what was stacked is lost; the calls are those whose return addresses still stand on the stack"
            )
            begin, guessed = found, True
    return begin, guessed


def _frames(
    image: FirmwareImage | None, probe: Probe, begin: dict[int, int], *, psp: int, guessed: bool
) -> list[tuple[Frame, tuple[SourceLine, ...]]]:
    if image is None:
        return []
    try:
        lines = DebugLines(image.path)
    except OSError:  # it was built anew or removed since it was flashed
        return []
    with contextlib.closing(lines):
        frames = unwind(
            lines.dwarf,
            begin,
            probe.read,
            psp=psp,
            is_code=lambda address: has_code(image.segments, address),
            guessed=guessed,
        )
        return [(frame, tuple(lines.at(frame.look_up)) or _by_symbol(image, frame)) for frame in frames]


def _by_symbol(image: FirmwareImage, frame: Frame) -> tuple[SourceLine, ...]:
    return (SourceLine(function=image.symbol_at(frame.look_up) or "no symbol", file="", line=0),)


def _stands_in(image: FirmwareImage, name: str, pc: int) -> bool:
    symbol = image.symbols.get(name)
    return symbol is not None and symbol.address <= pc < symbol.address + max(symbol.size, 2)


def _behind_a_call(image: FirmwareImage, address: int) -> bool:
    """Whether a BL, or a BLX of a register, ends at an address of the image (ARMv7-M, A7.7.18 and A7.7.19)."""
    for begin, data in image.segments:
        offset = address - begin
        if 4 <= offset <= len(data):
            first, second = (int.from_bytes(data[offset - back : offset - back + 2], "little") for back in (4, 2))
            return (first & 0xF800 == 0xF000 and second & 0xD000 == 0xD000) or second & 0xFF87 == 0x4780
    return False


def read_memory(board: Board, *, seconds: float, notes: list[str]) -> Iterator[tuple[int, bytes]]:
    """The board's RAM region by region, as much as can be read in time; ``notes`` says what is missing."""
    deadline = time.monotonic() + seconds
    for start, length in board.ram_regions():
        parts: list[bytes] = []
        taken = 0
        while taken < length:
            if time.monotonic() > deadline:
                notes.append(f"memory: {length - taken} bytes at {start + taken:#010x} and what follows took too long")
                break
            size = min(_PIECE, length - taken)
            try:
                parts.append(board.memory.read(start + taken, size))
            except RigError as error:
                notes.append(f"memory at {start + taken:#010x} cannot be read: {error.message}")
                break
            taken += size
        if parts:
            yield start, b"".join(parts)
        if taken < length:
            return

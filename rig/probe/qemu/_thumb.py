"""Where a Thumb instruction is about to store, and how much.

Knows the encodings of ARMv6-M and ARMv7-M stores, floating point included (ARMv7-M architecture manual, A5 to A7).
Numbers in, numbers out.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["instruction_bytes", "store_target"]

_SP = 13
_WIDE = 0b11101  # the lowest leading five bits of a 32-bit instruction
_REGISTER_16 = {0b0101000: 4, 0b0101001: 2, 0b0101010: 1}  # STR, STRH, STRB with a register as offset
_IMMEDIATE_16 = {0b01100: 4, 0b01110: 1, 0b10000: 2}  # STR, STRB, STRH with an offset in units of their size
_SINGLE_32 = {0xF800: 1, 0xF820: 2, 0xF840: 4}  # STRB, STRH, STR; bit 7: a 12-bit offset
_EXCLUSIVE = {4: 1, 5: 2, 7: 8}  # STREXB, STREXH, STREXD


def instruction_bytes(first: int) -> int:
    """Size of the instruction that begins with this halfword."""
    return 4 if first >> 11 >= _WIDE else 2


def store_target(first: int, second: int, registers: Sequence[int]) -> tuple[int, int] | None:
    """First address and count of the bytes that an instruction will store; None if it is no store.

    :param first: its first halfword; ``second``: the next one (ignored for a 16-bit instruction).
    :param registers: r0 to pc before it is executed.
    """
    found = _wide(first, second, registers) if instruction_bytes(first) == 4 else _narrow(first, registers)
    return None if found is None else (found[0] & 0xFFFF_FFFF, found[1])


def _narrow(first: int, registers: Sequence[int]) -> tuple[int, int] | None:
    base = registers[first >> 3 & 7]
    size = _REGISTER_16.get(first >> 9)
    if size is not None:
        return base + registers[first >> 6 & 7], size
    size = _IMMEDIATE_16.get(first >> 11)
    if size is not None:
        return base + (first >> 6 & 0x1F) * size, size
    if first >> 11 == 0b10010:  # STR relative to sp
        return registers[_SP] + (first & 0xFF) * 4, 4
    if first >> 11 == 0b11000:  # STM
        return registers[first >> 8 & 7], 4 * (first & 0xFF).bit_count()
    if first >> 9 == 0b1011010:  # PUSH, with lr or without
        size = 4 * (first & 0x1FF).bit_count()
        return registers[_SP] - size, size
    return None


def _wide(first: int, second: int, registers: Sequence[int]) -> tuple[int, int] | None:
    base = registers[first & 0xF]
    size = _SINGLE_32.get(first & 0xFF70)
    if size is not None:
        return base + _single_offset(first, second, registers), size
    if first & 0xFE50 == 0xE840 and first & 0x0120:  # STRD
        return base + _signed_offset(first, second), 8
    if first & 0xFE10 == 0xEC00 and second & 0x0E00 == 0x0A00 and first & 0x01A0:  # else a move of two registers
        return _floating(first, second, base)
    return _multiple(first, second, base) or _exclusive(first, second, base)


def _multiple(first: int, second: int, base: int) -> tuple[int, int] | None:
    size = 4 * second.bit_count()
    if first & 0xFFD0 == 0xE880:  # STMIA
        return base, size
    return (base - size, size) if first & 0xFFD0 == 0xE900 else None  # STMDB


def _exclusive(first: int, second: int, base: int) -> tuple[int, int] | None:
    if first & 0xFFF0 == 0xE840:  # STREX
        return base + (second & 0xFF) * 4, 4
    size = _EXCLUSIVE.get(second >> 4 & 0xF) if first & 0xFFF0 == 0xE8C0 else None
    return None if size is None else (base, size)


def _single_offset(first: int, second: int, registers: Sequence[int]) -> int:
    if first & 0x0080:
        return second & 0xFFF
    if not second & 0x0800:
        return registers[second & 0xF] << (second >> 4 & 3)
    offset = second & 0xFF if second & 0x0200 else -(second & 0xFF)
    return offset if second & 0x0400 else 0  # post-indexed: stored first, added later


def _signed_offset(first: int, second: int) -> int:
    """The 8-bit word offset of STRD and VSTR: P in bit 8, U in bit 7."""
    offset = (second & 0xFF) * 4
    return 0 if not first & 0x0100 else offset if first & 0x0080 else -offset


def _floating(first: int, second: int, base: int) -> tuple[int, int]:
    if first & 0x0120 == 0x0100:  # VSTR
        return base + _signed_offset(first, second), 8 if second & 0x0100 else 4
    size = 4 * (second & 0xFE if second & 0x0100 else second & 0xFF)  # FSTMX names a word more than it stores
    return (base - 4 * (second & 0xFF), size) if first & 0x0100 else (base, size)

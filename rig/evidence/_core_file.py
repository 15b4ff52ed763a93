"""Memory and registers of an Arm board as an ELF core file, which gdb opens beside the firmware.

Knows the format: a note NT_PRSTATUS for each thread, laid out as 32-bit Arm Linux has it (148 bytes, registers from
byte 72 on), and a segment for each range of memory. Pages of zeros are holes in the file. The firmware's own code is
not in it: gdb reads that from the firmware's file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

__all__ = ["Thread", "write_core"]

_EHDR = struct.Struct("<16s2H5I6H")
_PHDR = struct.Struct("<8I")
_SHDR = struct.Struct("<10I")
_NHDR = struct.Struct("<3I")
_ET_CORE, _EM_ARM, _EABI5 = 4, 40, 0x0500_0000
_PT_LOAD, _PT_NOTE, _READ_WRITE = 1, 4, 6
_SHT_PROGBITS, _SHT_STRTAB, _SHF_WRITE_ALLOC = 1, 3, 3
_NT_PRSTATUS, _PRSTATUS_BYTES, _SIGNAL_AT, _PID_AT, _REGISTERS_AT = 1, 148, 12, 24, 72
_PAGE = 4096


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Thread:
    """Registers 0 to 15 and xPSR (16) at one place; missing ones are written as 0. ``signal``: as Unix numbers it."""

    registers: Mapping[int, int] = field(repr=False)
    signal: int = 5


def write_core(path: Path, threads: Sequence[Thread], memory: Iterable[tuple[int, bytes]]) -> None:
    """Write a core file; the first thread is the one that a debugger shows.

    :raises OSError: it cannot be written.
    """
    blocks = [(start, data) for start, data in memory if data]
    notes = b"".join(_status(number, thread) for number, thread in enumerate(threads, start=1))
    names = b"\0.memory\0.shstrtab\0"
    count = len(blocks) + 1
    at = _EHDR.size + _PHDR.size * count + len(notes)
    begin = at = -(-at // _PAGE) * _PAGE
    headers = [_PHDR.pack(_PT_NOTE, _EHDR.size + _PHDR.size * count, 0, 0, len(notes), 0, 4, 4)]
    sections = [bytes(_SHDR.size)]
    for start, data in blocks:
        headers.append(_PHDR.pack(_PT_LOAD, at, start, start, len(data), len(data), _READ_WRITE, _PAGE))
        sections.append(_SHDR.pack(1, _SHT_PROGBITS, _SHF_WRITE_ALLOC, start, at, len(data), 0, 0, 4, 0))
        at += -(-len(data) // _PAGE) * _PAGE
    sections.append(_SHDR.pack(9, _SHT_STRTAB, 0, 0, at, len(names), 0, 0, 1, 0))
    table = at + len(names) + (-len(names)) % 4
    identity = b"\x7fELF\x01\x01\x01" + bytes(9)
    head = _EHDR.pack(
        identity, _ET_CORE, _EM_ARM, 1, 0, _EHDR.size, table, _EABI5, _EHDR.size, _PHDR.size, count,
        _SHDR.size, len(sections), len(sections) - 1,
    )  # fmt: skip
    with path.open("wb") as file:
        file.write(head + b"".join(headers) + notes)
        place = begin
        for _, data in blocks:
            for offset in range(0, len(data), _PAGE):
                page = data[offset : offset + _PAGE]
                if page.count(0) != len(page):
                    file.seek(place + offset)
                    file.write(page)
            place += -(-len(data) // _PAGE) * _PAGE
        file.seek(at)
        file.write(names)
        file.seek(table)
        file.write(b"".join(sections))


def _status(number: int, thread: Thread) -> bytes:
    body = bytearray(_PRSTATUS_BYTES)
    struct.pack_into("<H", body, _SIGNAL_AT, thread.signal)
    struct.pack_into("<I", body, _PID_AT, number)
    values = [thread.registers.get(register, 0) & 0xFFFF_FFFF for register in range(17)]
    struct.pack_into("<17I", body, _REGISTERS_AT, *values)
    return _NHDR.pack(5, len(body), _NT_PRSTATUS) + b"CORE\0\0\0\0" + bytes(body)

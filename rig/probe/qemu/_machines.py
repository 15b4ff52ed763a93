"""The QEMU machines that can stand in for a board: cores, memories, pyOCD target names.

Knows facts about machines (``info mtree`` of QEMU 7.2), nothing about processes or sockets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, final

__all__ = ["MACHINES", "Machine", "MemoryRange"]


@final
@dataclass(frozen=True, kw_only=True)
class MemoryRange:
    """``length`` bytes of memory at ``start``.

    ``flash`` is written through a flash controller only. ``rom`` stands for flash whose controller QEMU lacks: firmware
    cannot write it, and the debugger writes it through QEMU directly.
    """

    name: str
    start: int
    length: int
    kind: Literal["ram", "flash", "rom"]
    boot: bool = False

    @property
    def end(self) -> int:
        """First address behind the range."""
        return self.start + self.length


@final
@dataclass(frozen=True, kw_only=True)
class Machine:
    """One emulated board.

    ``scratch`` is the address of two executable words that no firmware uses. The debug side runs single instructions
    there for which the gdbstub has no request, and then restores the words. They must not lie where a stack may be,
    because an exception return runs from them.

    ``windows`` are further addresses that answer on the bus, as (start, length).
    """

    name: str
    core: str
    target: str
    memories: tuple[MemoryRange, ...]
    scratch: int
    windows: tuple[tuple[int, int], ...] = ()

    @property
    def ram(self) -> tuple[MemoryRange, ...]:
        """The memories that firmware may write."""
        return tuple(memory for memory in self.memories if memory.kind == "ram")


_PERIPHERALS = (0x4000_0000, 0x2000_0000)
_BLOCK_RAM = (0x0100_0000, 0x1_0000)  # on the AN385 and AN386 only


def _mps2(name: str, core: str, psram: int, *, scratch: int, windows: tuple[tuple[int, int], ...]) -> Machine:
    return Machine(
        name=name,
        core=core,
        target=name.replace("-", "_"),
        memories=(
            MemoryRange(name="code", start=0x0000_0000, length=0x40_0000, kind="ram", boot=True),
            MemoryRange(name="sram", start=0x2000_0000, length=0x40_0000, kind="ram"),
            MemoryRange(name="psram", start=psram, length=0x100_0000, kind="ram"),
        ),
        scratch=scratch,
        windows=windows,
    )


_ALL = (
    # The block RAM is not in the memory map that firmware is linked for: a safe place for scratch code.
    _mps2("mps2-an385", "cortex-m3", 0x2100_0000, scratch=0x0100_3FF0, windows=(_PERIPHERALS, _BLOCK_RAM)),
    _mps2("mps2-an386", "cortex-m4", 0x2100_0000, scratch=0x0100_3FF0, windows=(_PERIPHERALS, _BLOCK_RAM)),
    _mps2("mps2-an500", "cortex-m7", 0x6000_0000, scratch=0x003F_FFF0, windows=(_PERIPHERALS,)),
    Machine(
        name="microbit",
        core="cortex-m0",
        target="nrf51",
        memories=(
            MemoryRange(name="flash", start=0x0000_0000, length=0x4_0000, kind="flash", boot=True),
            MemoryRange(name="sram", start=0x2000_0000, length=0x4000, kind="ram"),
        ),
        scratch=0x0003_FFF0,  # the last flash page, written only through the debugger's back door
        windows=(_PERIPHERALS, (0x1000_0000, 0x1100)),  # FICR and UICR
    ),
    Machine(
        name="netduinoplus2",  # an STM32F405
        core="cortex-m4",
        target="netduinoplus2",
        memories=(
            MemoryRange(name="flash", start=0x0800_0000, length=0x10_0000, kind="rom", boot=True),
            MemoryRange(name="sram", start=0x2000_0000, length=0x2_0000, kind="ram"),  # QEMU has more than the chip
        ),
        scratch=0x080F_FFF0,
        windows=(_PERIPHERALS, (0x0000_0000, 0x10_0000)),  # the flash is seen at 0 as well
    ),
)

MACHINES: Mapping[str, Machine] = MappingProxyType({machine.name: machine for machine in _ALL})

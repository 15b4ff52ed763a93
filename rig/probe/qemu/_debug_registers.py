"""The debug side of a Cortex-M as a debugger sees it: addresses, bits, identification registers.

QEMU models none of this, so it is laid out here after the ARMv7-M architecture manual (C1, "Debug") and
the CoreSight identification scheme. Constants and tables only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import final

__all__ = [
    "AIRCR",
    "AIRCR_KEY",
    "AIRCR_RESETS",
    "CORE_IDS",
    "C_DEBUGEN",
    "C_HALT",
    "C_MASKINTS",
    "C_STEP",
    "DCRDR",
    "DCRSR",
    "DCRSR_WRITE",
    "DEMCR",
    "DFSR",
    "DFSR_BKPT",
    "DFSR_DWTTRAP",
    "DFSR_HALTED",
    "DFSR_VCATCH",
    "DHCSR",
    "DHCSR_KEY",
    "DWT_BASE",
    "FPB_BASE",
    "HFSR",
    "HFSR_FORCED",
    "ROM_BASE",
    "SCS_BASE",
    "S_HALT",
    "S_LOCKUP",
    "S_REGRDY",
    "S_RESET",
    "S_RETIRE",
    "VC_CORERESET",
    "VC_HARDERR",
    "VTOR",
    "CoreIds",
    "identification",
]

SCS_BASE, DWT_BASE, FPB_BASE, ROM_BASE = 0xE000_E000, 0xE000_1000, 0xE000_2000, 0xE00F_F000

VTOR, AIRCR, HFSR, DFSR = 0xE000_ED08, 0xE000_ED0C, 0xE000_ED2C, 0xE000_ED30
DHCSR, DCRSR, DCRDR, DEMCR = 0xE000_EDF0, 0xE000_EDF4, 0xE000_EDF8, 0xE000_EDFC

AIRCR_KEY, AIRCR_RESETS = 0x05FA, 0b101  # SYSRESETREQ, VECTRESET
HFSR_FORCED = 1 << 30

DHCSR_KEY = 0xA05F
C_DEBUGEN, C_HALT, C_STEP, C_MASKINTS = 1, 2, 4, 8
S_REGRDY, S_HALT, S_LOCKUP, S_RETIRE, S_RESET = 1 << 16, 1 << 17, 1 << 19, 1 << 24, 1 << 25

DFSR_HALTED, DFSR_BKPT, DFSR_DWTTRAP, DFSR_VCATCH = 1, 2, 4, 8
VC_CORERESET, VC_HARDERR = 1, 1 << 10
DCRSR_WRITE = 1 << 16

_ARM_PERIPHERAL_ID = 0x4_000B_B000  # designer Arm: JEP106 continuation 4, identity 0x3B
_CLASS_ROM_TABLE, _CLASS_GENERIC = 0x1, 0xE


@final
@dataclass(frozen=True, kw_only=True)
class CoreIds:
    """What identifies one core: debug port, AHB-AP, part numbers, and how many comparators it has."""

    dpidr: int
    ap_idr: int
    rom_part: int
    scs_part: int
    dwt_part: int
    fpb_part: int
    breakpoints: int
    watchpoints: int


CORE_IDS: Mapping[str, CoreIds] = MappingProxyType(
    {
        "cortex-m0": CoreIds(
            dpidr=0x0BB1_1477,
            ap_idr=0x0477_0021,
            rom_part=0x471,
            scs_part=0x008,
            dwt_part=0x00A,
            fpb_part=0x00B,
            breakpoints=4,
            watchpoints=2,
        ),
        "cortex-m3": CoreIds(
            dpidr=0x2BA0_1477,
            ap_idr=0x2477_0011,
            rom_part=0x4C3,
            scs_part=0x000,
            dwt_part=0x002,
            fpb_part=0x003,
            breakpoints=6,
            watchpoints=4,
        ),
        "cortex-m4": CoreIds(
            dpidr=0x2BA0_1477,
            ap_idr=0x2477_0011,
            rom_part=0x4C4,
            scs_part=0x00C,
            dwt_part=0x002,
            fpb_part=0x003,
            breakpoints=6,
            watchpoints=4,
        ),
        "cortex-m7": CoreIds(
            dpidr=0x5BA0_2477,
            ap_idr=0x8477_0001,
            rom_part=0x4C7,
            scs_part=0x00C,
            dwt_part=0x002,
            fpb_part=0x00E,
            breakpoints=8,
            watchpoints=4,
        ),
    }
)

# Offsets of SCS, DWT and FPB from the ROM table, each marked present; 0 ends the table.
_ROM_ENTRIES = (0xFFF0_F003, 0xFFF0_2003, 0xFFF0_3003, 0)
_MEMTYPE, _MEMTYPE_SYSTEM_MEMORY = 0xFCC, 1


def identification(ids: CoreIds) -> Mapping[int, int]:
    """Return the read-only words by which a debugger discovers the components of the core."""
    words: dict[int, int] = {}
    for base, part, component_class in (
        (ROM_BASE, ids.rom_part, _CLASS_ROM_TABLE),
        (SCS_BASE, ids.scs_part, _CLASS_GENERIC),
        (DWT_BASE, ids.dwt_part, _CLASS_GENERIC),
        (FPB_BASE, ids.fpb_part, _CLASS_GENERIC),
    ):
        peripheral = _ARM_PERIPHERAL_ID | part
        words[base + 0xFD0] = (peripheral >> 32) & 0xFF
        words |= {base + 0xFD4 + 4 * index: 0 for index in range(3)}
        words |= {base + 0xFE0 + 4 * index: (peripheral >> (8 * index)) & 0xFF for index in range(4)}
        words |= dict(zip(range(base + 0xFF0, base + 0x1000, 4), (0x0D, component_class << 4, 0x05, 0xB1), strict=True))
    words |= {ROM_BASE + 4 * index: entry for index, entry in enumerate(_ROM_ENTRIES)}
    words[ROM_BASE + _MEMTYPE] = _MEMTYPE_SYSTEM_MEMORY
    return MappingProxyType(words)

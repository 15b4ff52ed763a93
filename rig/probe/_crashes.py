"""What a crashed Cortex-M left behind: the stacked registers and the fault status, in words.

Either the core stands at the entry of a fault handler, or the firmware has saved the registers itself and stands in
``rig_crashed``. Some operating systems have one entry for all exceptions; only in ``rig_crashed`` do they show that it
was a fault.

After the ARMv7-M architecture manual, B3.2.15 ("Configurable Fault Status Register"). ARMv6-M has no status registers:
there only the place of the crash is known.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Protocol, final

from rig.probe._image import FirmwareImage

__all__ = ["CRASH_SYMBOL", "CrashReport", "decode_crash"]

_CFSR, _HFSR, _MMFAR, _BFAR = 0xE000_ED28, 0xE000_ED2C, 0xE000_ED34, 0xE000_ED38
_FRAME = struct.Struct("<8I")
_EXC_RETURN_PSP = 4
_FAULTS = (3, 4, 5, 6)  # HardFault, MemManage, BusFault, UsageFault
CRASH_SYMBOL = "rig_crashed"
"""Where firmware goes that has kept what is known of its crash; the rig has a breakpoint there."""

_KEPT_FRAME, _KEPT_FILE, _KEPT_LINE = "rig_fault_frame", "rig_fault_file", "rig_fault_line"
_LONGEST_FILE = 96
_NAMES = {3: "HardFault", 4: "MemManage", 5: "BusFault", 6: "UsageFault"}
_CFSR_BITS = {
    0: "instruction fetch from memory that may not be executed",
    1: "data access that the MPU forbids",
    3: "MPU fault while leaving an exception",
    4: "MPU fault while entering an exception",
    8: "bus error on an instruction fetch",
    9: "bus error on a data access",
    10: "bus error on a buffered data access",
    11: "bus error while leaving an exception",
    12: "bus error while entering an exception",
    16: "undefined instruction",
    17: "branch to an address without the Thumb bit",
    18: "bad exception return",
    19: "no coprocessor",
    24: "unaligned access",
    25: "division by zero",
}
_MMFAR_VALID, _BFAR_VALID = 1 << 7, 1 << 15
_HFSR_VECTOR_TABLE, _HFSR_FORCED, _HFSR_DEBUG = 1 << 1, 1 << 30, 1 << 31


class HaltedCore(Protocol):
    """What decoding needs of a probe; the core is halted."""

    def read(self, address: int, length: int) -> bytes: ...
    def read_u32(self, address: int) -> int: ...
    def registers(self) -> dict[str, int]: ...


@final
@dataclass(frozen=True, kw_only=True)
class CrashReport:
    """Where and why the firmware crashed; ``pc`` and ``lr`` are the ones that the exception stacked."""

    exception: str
    pc: int
    lr: int
    where: str
    caller: str
    causes: tuple[str, ...]
    cfsr: int
    hfsr: int

    def __str__(self) -> str:
        """Return one line."""
        why = "; ".join(self.causes) or "cause not recorded by this core"
        return f"{self.exception} at {self.pc:#010x} ({self.where}), called from {self.caller}: {why}"


def decode_crash(core: HaltedCore, image: FirmwareImage | None) -> CrashReport | None:
    """Return why a halted core is in a fault handler, None if it is not in one."""
    registers = core.registers()
    if image is not None and _stands_in(image, registers["pc"]):
        return _kept(core, image)
    exception = registers["xpsr"] & 0x1FF
    if exception not in _FAULTS:
        return None
    frame = registers["psp"] if registers["lr"] & _EXC_RETURN_PSP else registers["msp"]
    try:
        _r0, _r1, _r2, _r3, _r12, lr, pc, _xpsr = _FRAME.unpack(core.read(frame, _FRAME.size))
    except Exception:  # a stack pointer that points nowhere is itself a frequent cause
        lr = pc = 0
    return _report(core, image, _NAMES[exception], pc, lr)


def _stands_in(image: FirmwareImage, pc: int) -> bool:
    symbol = image.symbols.get(CRASH_SYMBOL)
    return symbol is not None and symbol.address <= pc < symbol.address + max(symbol.size, 2)


def _kept(core: HaltedCore, image: FirmwareImage) -> CrashReport:
    """What firmware in ``rig_crashed`` has kept: registers, and for an assertion its file and line."""
    frame = core.read(image.find(_KEPT_FRAME).address, _FRAME.size)
    _r0, _r1, _r2, _r3, _r12, lr, pc, _xpsr = _FRAME.unpack(frame)
    cfsr = core.read_u32(_CFSR)
    if cfsr or core.read_u32(_HFSR) & ~_HFSR_DEBUG:
        exceptions = {4: cfsr & 0xFF, 5: cfsr >> 8 & 0xFF, 6: cfsr >> 16}
        return _report(core, image, _NAMES[next((e for e, bits in exceptions.items() if bits), 3)], pc, lr)
    line = core.read_u32(image.find(_KEPT_LINE).address)
    place = core.read_u32(image.find(_KEPT_FILE).address)
    file = core.read(place, _LONGEST_FILE).split(b"\0")[0].decode("ascii", "replace") if place else ""
    return _report(core, image, "Assertion", pc, lr, f"{file or 'a file without a name'}:{line}")


def _report(
    core: HaltedCore, image: FirmwareImage | None, exception: str, pc: int, lr: int, cause: str = ""
) -> CrashReport:
    cfsr, hfsr = core.read_u32(_CFSR), core.read_u32(_HFSR)
    return CrashReport(
        exception=exception,
        pc=pc,
        lr=lr,
        where=_name(image, pc),
        caller=_name(image, lr & ~1),
        causes=(cause,) if cause else tuple(_causes(core, cfsr, hfsr)),
        cfsr=cfsr,
        hfsr=hfsr,
    )


def _causes(core: HaltedCore, cfsr: int, hfsr: int) -> list[str]:
    causes = [text for bit, text in _CFSR_BITS.items() if cfsr >> bit & 1]
    if hfsr & _HFSR_VECTOR_TABLE:
        causes.append("vector table could not be read")
    if hfsr & _HFSR_FORCED and not causes:
        causes.append("an exception that could not be taken, such as SVC with interrupts masked")
    if cfsr & _BFAR_VALID:
        causes.append(f"address {core.read_u32(_BFAR):#010x}")
    elif cfsr & _MMFAR_VALID:
        causes.append(f"address {core.read_u32(_MMFAR):#010x}")
    return causes


def _name(image: FirmwareImage | None, address: int) -> str:
    return (image.symbol_at(address) if image else None) or "no symbol"

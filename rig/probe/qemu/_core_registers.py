"""Core registers by their DCRSR selector: through the gdbstub, or by running one instruction.

The gdbstub of QEMU 7.2 has no MSP, PSP, CONTROL or PRIMASK. For these the halted core runs a single MRS or
MSR with interrupts and timers held off, in scratch memory that is put back afterwards.
"""

from __future__ import annotations

import struct

from rig.probe.qemu._rsp import RspClient

__all__ = ["SYSM_MSP", "SYSM_PSP", "CoreRegisters"]

_NAMES = {13: "sp", 14: "lr", 15: "pc", 16: "xpsr", 33: "fpscr"} | {number: f"r{number}" for number in range(13)}
_PC = 15
SYSM_MSP, SYSM_PSP = 8, 9
_SPECIAL = {17: SYSM_MSP, 18: SYSM_PSP}
_CFBP = 20
_V6M_CFBP_FIELDS = ((0, 16), (24, 20))  # (shift, SYSm): PRIMASK, CONTROL
_V7M_CFBP_FIELDS = (*_V6M_CFBP_FIELDS, (8, 17), (16, 19))  # BASEPRI, FAULTMASK
_FIRST_FLOAT = 64
_MRS_R0, _MSR_R0 = (0xF3EF, 0x8000), (0xF380, 0x8800)
_XPSR_THUMB, _XPSR_IT_BITS = 1 << 24, 0x0600_FC00


class CoreRegisters:
    """The registers of a halted core."""

    def __init__(self, rsp: RspClient, *, scratch: int, core: str) -> None:
        self._rsp = rsp
        self._scratch = scratch
        self._cfbp_fields = _V6M_CFBP_FIELDS if core == "cortex-m0" else _V7M_CFBP_FIELDS

    def read(self, selector: int) -> int:
        """Return a register; a register that this core lacks reads as 0, as in hardware."""
        if selector >= _FIRST_FLOAT:
            name, shift = self._double(selector)
            return (self._rsp.read_register(name) >> shift) & 0xFFFF_FFFF if name else 0
        name = _NAMES.get(selector, "")
        if self._rsp.has_register(name):
            return self._rsp.read_register(name)
        if selector in _SPECIAL:
            return self.read_special(_SPECIAL[selector])
        if selector == _CFBP:
            return sum((self.read_special(sysm) & 0xFF) << shift for shift, sysm in self._cfbp_fields)
        return 0

    def write(self, selector: int, value: int) -> None:
        if selector >= _FIRST_FLOAT:
            self._write_float(selector, value)
        elif self._rsp.has_register(name := _NAMES.get(selector, "")):
            self._rsp.write_register(name, value & ~1 if selector == _PC else value)
        elif selector in _SPECIAL:
            self._inject(_MSR_R0, _SPECIAL[selector], value)
        elif selector == _CFBP:
            for shift, sysm in self._cfbp_fields:
                self._inject(_MSR_R0, sysm, (value >> shift) & 0xFF)

    def read_special(self, sysm: int) -> int:
        """Return the special register with MRS number ``sysm``."""
        return self._inject(_MRS_R0, sysm, 0)

    def _double(self, selector: int) -> tuple[str, int]:
        """S registers are halves of what QEMU calls d0 to d15."""
        index = selector - _FIRST_FLOAT
        name = f"d{index // 2}"
        return (name if self._rsp.has_register(name) else "", 32 * (index & 1))

    def _write_float(self, selector: int, value: int) -> None:
        name, shift = self._double(selector)
        if name:
            kept = self._rsp.read_register(name) & ~(0xFFFF_FFFF << shift)
            self._rsp.write_register(name, kept | (value & 0xFFFF_FFFF) << shift)

    def _inject(self, opcode: tuple[int, int], sysm: int, r0: int) -> int:
        """Run one instruction on r0 and return r0; everything else is as before."""
        rsp, scratch = self._rsp, self._scratch
        saved = {name: rsp.read_register(name) for name in ("r0", "pc", "xpsr")}
        memory = rsp.read_memory(scratch, 4)
        rsp.write_memory(scratch, struct.pack("<HH", opcode[0], opcode[1] | sysm))
        rsp.write_register("xpsr", saved["xpsr"] & ~_XPSR_IT_BITS | _XPSR_THUMB)
        rsp.write_register("r0", r0)
        rsp.write_register("pc", scratch)
        rsp.mask_interrupts(True)
        rsp.step()
        rsp.mask_interrupts(False)
        done = rsp.read_register("pc") == scratch + 4
        result = rsp.read_register("r0") if done else 0
        rsp.write_memory(scratch, memory)
        for name, value in saved.items():
            rsp.write_register(name, value)
        return result

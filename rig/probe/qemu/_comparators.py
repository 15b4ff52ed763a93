"""The breakpoint (FPB) and watchpoint (DWT) units as registers; what they ask for as gdbstub breakpoints.

No I/O: bytes of register state in, breakpoints out. The DWT says that it has no cycle counter, because an
emulated core has no cycles to count.
"""

from __future__ import annotations

from collections.abc import Iterator

from rig.probe.qemu._debug_registers import DWT_BASE, FPB_BASE

__all__ = ["Comparators"]

_FP_CTRL_REVISION_2 = 1 << 28  # the revision whose comparators take any address
_FP_CTRL_KEY, _FP_CTRL_ENABLE = 2, 1
_FP_COMP = 8
_DWT_NOCYCCNT = 1 << 25
_DWT_COMP, _DWT_STRIDE = 0x20, 0x10
_COMP, _MASK, _FUNCTION = 0, 1, 2
_MATCHED = 1 << 24
_GDB_KINDS = {5: 3, 6: 2, 7: 4}  # DWT function (read, write, access) -> gdbstub breakpoint kind
_UNIT_SIZE = 0x1000


class Comparators:
    """Both units of one core, all comparators off."""

    def __init__(self, *, breakpoints: int, watchpoints: int) -> None:
        self._enabled = False
        self._code = [0] * breakpoints
        self._dwt_control = 0
        self._data = [[0, 0, 0] for _ in range(watchpoints)]

    @staticmethod
    def covers(address: int) -> bool:
        """Whether ``address`` is a register of one of the two units."""
        return any(base <= address < base + _UNIT_SIZE for base in (FPB_BASE, DWT_BASE))

    def read(self, address: int) -> int:
        base, offset = address & ~0xFFF, address & 0xFFC
        return self._read_fpb(offset) if base == FPB_BASE else self._read_dwt(offset)

    def write(self, address: int, value: int) -> bool:
        """Write one register; True if that may have changed what the core has to stop at."""
        base, offset = address & ~0xFFF, address & 0xFFC
        return self._write_fpb(offset, value) if base == FPB_BASE else self._write_dwt(offset, value)

    def execution(self) -> set[int]:
        """Instruction addresses to stop at."""
        return {entry & ~1 for entry in self._code if entry & 1} if self._enabled else set()

    def data(self) -> Iterator[tuple[int, int, int]]:
        """Watched data as (gdbstub kind, address, size in bytes)."""
        for comparator, mask, function in self._data:
            kind = _GDB_KINDS.get(function & 0xF)
            if kind:
                size = 1 << mask
                yield kind, comparator & ~(size - 1), size

    def mark_match(self, address: int) -> None:
        """Note that an access at ``address`` stopped the core: MATCHED, until the register is read."""
        for entry in self._data:
            size = 1 << entry[_MASK]
            if entry[_FUNCTION] & 0xF in _GDB_KINDS and entry[_COMP] & ~(size - 1) <= address < entry[_COMP] + size:
                entry[_FUNCTION] |= _MATCHED

    def _read_fpb(self, offset: int) -> int:
        if offset == 0:
            count = len(self._code)
            return _FP_CTRL_REVISION_2 | (count & 0x70) << 8 | (count & 0xF) << 4 | self._enabled
        index = (offset - _FP_COMP) // 4
        return self._code[index] if 0 <= index < len(self._code) else 0

    def _write_fpb(self, offset: int, value: int) -> bool:
        if offset == 0:
            if value & _FP_CTRL_KEY:
                self._enabled = bool(value & _FP_CTRL_ENABLE)
            return True
        index = (offset - _FP_COMP) // 4
        if 0 <= index < len(self._code):
            self._code[index] = value
        return True

    def _read_dwt(self, offset: int) -> int:
        if offset == 0:
            return len(self._data) << 28 | _DWT_NOCYCCNT | self._dwt_control
        entry, register = self._locate(offset)
        if entry is None:
            return 0
        value = entry[register]
        if register == _FUNCTION:
            entry[register] &= ~_MATCHED
        return value

    def _write_dwt(self, offset: int, value: int) -> bool:
        if offset == 0:
            self._dwt_control = value & 0x01FF_FFFE
            return False
        entry, register = self._locate(offset)
        if entry is None:
            return False
        entry[register] = value & 0x1F if register == _MASK else value
        return register == _FUNCTION

    def _locate(self, offset: int) -> tuple[list[int] | None, int]:
        index, register = divmod(offset - _DWT_COMP, _DWT_STRIDE)
        if 0 <= index < len(self._data) and register // 4 <= _FUNCTION:
            return self._data[index], register // 4
        return None, 0

"""The register model of breakpoint and watchpoint units, without any emulator."""

from rig.probe.qemu._comparators import Comparators
from rig.probe.qemu._debug_registers import CORE_IDS, DWT_BASE, FPB_BASE, ROM_BASE, identification

FP_COMP0, DWT_COMP0 = FPB_BASE + 8, DWT_BASE + 0x20


def watch(unit: Comparators, index: int, address: int, mask: int, function: int) -> None:
    base = DWT_COMP0 + 16 * index
    unit.write(base, address)
    unit.write(base + 4, mask)
    unit.write(base + 8, function)


def test_counts_are_reported_as_hardware_does() -> None:
    unit = Comparators(breakpoints=6, watchpoints=4)
    assert (unit.read(FPB_BASE) >> 4) & 0xF == 6
    assert unit.read(DWT_BASE) >> 28 == 4
    assert unit.read(DWT_BASE) >> 25 & 1, "no cycle counter"
    assert unit.read(DWT_BASE + 4) == 0


def test_breakpoints_count_only_when_the_unit_is_enabled() -> None:
    unit = Comparators(breakpoints=2, watchpoints=0)
    unit.write(FP_COMP0, 0x101)
    assert unit.execution() == set()
    unit.write(FPB_BASE, 1)
    assert unit.execution() == set(), "without its key the write is ignored"
    unit.write(FPB_BASE, 3)
    assert unit.execution() == {0x100}
    unit.write(FP_COMP0, 0x100)
    assert unit.execution() == set()


def test_watchpoints_become_gdb_kinds() -> None:
    unit = Comparators(breakpoints=0, watchpoints=3)
    for index, function in enumerate((5, 6, 7)):
        watch(unit, index, 0x2000_0010 * (index + 1), 2, function)
    assert [kind for kind, _address, _size in unit.data()] == [3, 2, 4]
    watch(unit, 0, 0x2000_0013, 4, 6)
    assert next(unit.data()) == (2, 0x2000_0010, 16), "aligned to its size"


def test_match_is_shown_once_and_only_where_it_was() -> None:
    unit = Comparators(breakpoints=0, watchpoints=2)
    watch(unit, 0, 0x100, 2, 6)
    watch(unit, 1, 0x200, 2, 6)
    unit.mark_match(0x203)
    assert unit.read(DWT_COMP0 + 8) >> 24 & 1 == 0
    assert unit.read(DWT_COMP0 + 16 + 8) >> 24 & 1 == 1
    assert unit.read(DWT_COMP0 + 16 + 8) >> 24 & 1 == 0


def test_registers_that_do_not_exist_read_zero_and_ignore_writes() -> None:
    unit = Comparators(breakpoints=1, watchpoints=1)
    for address in (FP_COMP0 + 4, FPB_BASE + 0x800, DWT_COMP0 + 16, DWT_COMP0 + 12, DWT_BASE + 0x1C):
        unit.write(address, 0xFFFF_FFFF)
        assert unit.read(address) == 0
    assert list(unit.data()) == []


def test_identification_is_that_of_each_core() -> None:
    for ids in CORE_IDS.values():
        words = identification(ids)
        part = words[ROM_BASE + 0xFE0] | (words[ROM_BASE + 0xFE4] & 0xF) << 8
        assert part == ids.rom_part
        assert [words[ROM_BASE + 0xFF0 + 4 * index] & 0xFF for index in (0, 2, 3)] == [0x0D, 0x05, 0xB1]

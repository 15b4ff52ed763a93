"""From an address to function, file and line, by the debug information of an image.

Functions that the compiler inlined are told too: for one address the innermost comes first, and each of the others with
the line that calls it. After DWARF 5, sections 3.3.8 and 6.2.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, final

from elftools.dwarf.ranges import BaseAddressEntry, RangeEntry
from elftools.elf.elffile import ELFFile

__all__ = ["DebugLines", "SourceLine"]

_SHOWN_PARTS = 2  # of a file's path: where a tree was built says nothing, and does not belong into a record


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class SourceLine:
    """A place in the sources. ``file`` without what lies above its folder; ``line`` 0 where it is not known."""

    function: str
    file: str
    line: int

    def __str__(self) -> str:
        """Return ``function (folder/file.c:12)``."""
        return f"{self.function} ({self.file}:{self.line})" if self.file else self.function


class DebugLines:
    """The debug information of one ELF file, which stays open until ``close``.

    :raises OSError: the file cannot be read. An ELF file without debug information answers nothing.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        elf = ELFFile(self._file)
        self.dwarf: Any = elf.get_dwarf_info() if elf.has_dwarf_info() else None
        self._units: list[tuple[int, int, Any]] | None = None
        self._rows: dict[int, tuple[list[int], list[tuple[str, int]]]] = {}

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def at(self, address: int) -> list[SourceLine]:
        """The functions that the instruction at ``address`` belongs to, innermost first; empty if not known."""
        unit = self._unit(address)
        if unit is None:
            return []
        file, line = self._row(unit, address)
        found: list[SourceLine] = []
        for die in reversed(list(_around(unit, unit.get_top_DIE(), address))):
            found.append(SourceLine(function=_name(die), file=file, line=line))
            if die.tag == "DW_TAG_inlined_subroutine":
                file, line = self._call(unit, die)
        return found or [SourceLine(function="?", file=file, line=line)]

    def _unit(self, address: int) -> Any:
        if self._units is None:
            self._units = []
            for unit in self.dwarf.iter_CUs() if self.dwarf is not None else ():
                self._units += [(begin, end, unit) for begin, end in _ranges(unit, unit.get_top_DIE())]
        return next((unit for begin, end, unit in self._units if begin <= address < end), None)

    def _row(self, unit: Any, address: int) -> tuple[str, int]:
        if unit.cu_offset not in self._rows:
            self._rows[unit.cu_offset] = self._table(unit)
        addresses, places = self._rows[unit.cu_offset]
        index = bisect.bisect_right(addresses, address) - 1
        return places[index] if index >= 0 else ("", 0)

    def _table(self, unit: Any) -> tuple[list[int], list[tuple[str, int]]]:
        """Rows by address; a sequence's end has a row of its own, which names nothing."""
        program = self.dwarf.line_program_for_CU(unit)
        rows: dict[int, tuple[str, int]] = {}
        for entry in program.get_entries() if program is not None else ():
            state = entry.state
            if state is None:
                continue
            if state.end_sequence:
                rows.setdefault(state.address, ("", 0))
            elif state.line:
                rows[state.address] = (_file(program, state.file), state.line)
        ordered = sorted(rows)
        return ordered, [rows[address] for address in ordered]

    def _call(self, unit: Any, die: Any) -> tuple[str, int]:
        """Where an inlined function is called."""
        program = self.dwarf.line_program_for_CU(unit)
        file, line = (die.attributes.get(f"DW_AT_call_{part}") for part in ("file", "line"))
        named = _file(program, file.value) if file is not None and program is not None else ""
        return named, line.value if line is not None else 0


def _file(program: Any, index: int) -> str:
    header = program.header
    first = 0 if header["version"] >= 5 else 1
    entries = header["file_entry"]
    if not 0 <= index - first < len(entries):
        return ""
    entry = entries[index - first]
    directories = header["include_directory"]
    folder = b""
    if 0 <= entry.dir_index - first < len(directories):
        folder = directories[entry.dir_index - first]
    whole = PurePosixPath(folder.decode("utf-8", "replace"), entry.name.decode("utf-8", "replace"))
    return "/".join(whole.parts[-_SHOWN_PARTS:])


def _around(unit: Any, die: Any, address: int) -> Iterator[Any]:
    """The function and the inlined ones round an address, outermost first."""
    for child in die.iter_children():
        if child.tag in ("DW_TAG_subprogram", "DW_TAG_inlined_subroutine"):
            if any(begin <= address < end for begin, end in _ranges(unit, child)):
                yield child
                yield from _around(unit, child, address)
                return
        elif child.tag in ("DW_TAG_lexical_block", "DW_TAG_namespace"):
            inner = list(_around(unit, child, address))
            if inner:
                yield from inner
                return


def _ranges(unit: Any, die: Any) -> Iterator[tuple[int, int]]:
    low, high, ranges = (die.attributes.get(f"DW_AT_{part}") for part in ("low_pc", "high_pc", "ranges"))
    if ranges is not None:
        base = unit.get_top_DIE().attributes.get("DW_AT_low_pc")
        begin = base.value if base is not None else 0
        for entry in unit.dwarfinfo.range_lists().get_range_list_at_offset(ranges.value, cu=unit):
            if isinstance(entry, BaseAddressEntry):
                begin = entry.base_address
            elif isinstance(entry, RangeEntry):
                offset = 0 if getattr(entry, "is_absolute", False) else begin
                yield entry.begin_offset + offset, entry.end_offset + offset
    elif low is not None and high is not None:
        yield low.value, high.value if high.form == "DW_FORM_addr" else low.value + high.value


def _name(die: Any) -> str:
    for _ in range(8):
        name = die.attributes.get("DW_AT_name")
        if name is not None:
            return str(name.value.decode("utf-8", "replace"))
        link = next((key for key in ("DW_AT_abstract_origin", "DW_AT_specification") if key in die.attributes), None)
        if link is None:
            break
        die = die.get_DIE_from_attribute(link)
    return "?"

"""RAM use of an image by source file and object: everything that the linker placed, whatever its section.

Knows ELF symbols and DWARF. An object's source file comes from the debug information, by address. So it is known for
static objects too, after link-time optimisation, and if two files have the same name. If an image has the labels of
``_BOUNDS``, memory outside of them is left out: it belongs to the operating system that the image was linked with. Must
not know whose files these are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from rig.errors import UsageError

__all__ = ["UNNAMED", "ram_objects"]

UNNAMED = "(no symbol)"
"""Name of RAM that no symbol accounts for, by section: what a linker script or an assembler file set aside."""

_BOUNDS = (("rig_own_data_begin", "rig_own_data_end"), ("rig_own_bss_begin", "rig_own_bss_end"))
"""Labels round the RAM that counts, in the order begin and end, in images that hold other RAM too."""

_Range = tuple[int, int]
_SHF_WRITE, _SHF_ALLOC = 0x1, 0x2
_OBJECTS = ("STT_OBJECT", "STT_COMMON", "STT_TLS")
_HOLDS_DATA = ("SHT_PROGBITS", "SHT_NOBITS")
_LINKERS = re.compile(r"\.(got|stack|data\.rel\.ro|tm_clone|jcr)")  # what the linker makes for itself, and stacks
_ALIGNMENT = 64  # a gap up to this size is only padding between two objects
_OP_ADDR = 0x03
_PRIVATE = re.compile(r"\.(lto_priv|constprop|isra|part)?\.?\d+$")


def ram_objects(path: Path) -> dict[str, int]:
    """Bytes of RAM by ``source file:object``; without the file where the image has no debug information of it.

    Objects that are found twice (statics of one function, copies of a header's) are added up.

    :raises UsageError: the image cannot be read, or has only some of the labels that bound what counts.
    """
    try:
        with Path(path).open("rb") as file:
            elf = ELFFile(file)
            return _by_name(elf, _sources(elf), _bounds(path, elf))
    except OSError as error:
        raise UsageError(
            f"firmware {path} cannot be read: {error.strerror}", hint="build the firmware first"
        ) from error


def _bounds(path: Path, elf: Any) -> list[_Range] | None:
    """The (begin, end) of the RAM that counts; None if all of it does."""
    table = elf.get_section_by_name(".symtab")
    wanted = {label for pair in _BOUNDS for label in pair}
    labels = (
        {entry.name: int(entry["st_value"]) for entry in table.iter_symbols() if entry.name in wanted}
        if isinstance(table, SymbolTableSection)
        else {}
    )
    missing = sorted(wanted - labels.keys())
    if labels and missing:
        raise UsageError(
            f"firmware {path.name} has only some of the labels round its own RAM: no {', '.join(missing)}",
            hint="link it as firmware/ports/nuttx does, with own.ld",
        )
    return [(labels[begin], labels[end]) for begin, end in _BOUNDS] if labels else None


def _by_name(elf: Any, sources: dict[int, str], bounds: list[_Range] | None) -> dict[str, int]:
    found: dict[str, int] = {}

    def add(name: str, size: int) -> None:
        found[name] = found.get(name, 0) + size

    sections = {
        index: section
        for index, section in enumerate(elf.iter_sections())
        if section["sh_flags"] & _SHF_WRITE
        and section["sh_flags"] & _SHF_ALLOC
        and section["sh_type"] in _HOLDS_DATA
        and not _LINKERS.match(section.name)
    }
    taken: dict[int, list[tuple[int, int]]] = {index: [] for index in sections}
    for index, address, size, name, file in _symbols(elf):
        if index in sections and (bounds is None or any(begin <= address < end for begin, end in bounds)):
            source = sources.get(address, file)
            add(f"{source}:{name}" if source else name, size)
            taken[index].append((address, size))
    for index, section in sections.items():
        begin, end = int(section["sh_addr"]), int(section["sh_addr"]) + int(section["sh_size"])
        counts = [(begin, end)] if bounds is None else [(max(begin, a), min(end, b)) for a, b in bounds]
        rest = sum(sum(_gaps(a, b - a, [t for t in taken[index] if a <= t[0] < b])) for a, b in counts if a < b)
        if rest:
            add(f"{UNNAMED} {section.name}", rest)
    return found


def _symbols(elf: Any) -> Iterator[tuple[int, int, int, str, str]]:
    """(section, address, size, name, source file if it is a local object) of every object, aliases once."""
    table = elf.get_section_by_name(".symtab")
    if not isinstance(table, SymbolTableSection):
        return
    seen: set[tuple[int, int]] = set()
    file = ""
    for entry in table.iter_symbols():
        info = entry["st_info"]
        if info["type"] == "STT_FILE":
            file = entry.name
        size, place = int(entry["st_size"]), (int(entry["st_value"]), int(entry["st_size"]))
        if info["type"] not in _OBJECTS or not size or place in seen or isinstance(entry["st_shndx"], str):
            continue
        seen.add(place)
        local = info["bind"] == "STB_LOCAL"
        yield entry["st_shndx"], place[0], size, _PRIVATE.sub("", entry.name), file if local else ""


def _gaps(begin: int, size: int, taken: list[tuple[int, int]]) -> Iterator[int]:
    """Bytes of a section that no object covers, gap by gap; padding is left aside."""
    at = begin
    for address, length in [*sorted(taken), (begin + size, 0)]:
        if address - at > _ALIGNMENT:
            yield address - at
        at = max(at, address + length)


def _sources(elf: Any) -> dict[int, str]:
    """Address -> source file of every variable that the debug information places."""
    if not elf.has_dwarf_info():
        return {}
    found: dict[int, str] = {}
    for unit in elf.get_dwarf_info().iter_CUs():
        for die in _variables(unit.get_top_DIE()):
            place = die.attributes["DW_AT_location"]
            if place.form == "DW_FORM_exprloc" and place.value and place.value[0] == _OP_ADDR:
                address = int.from_bytes(bytes(place.value[1:]), "little" if elf.little_endian else "big")
                found[address] = _source(die)
    return found


def _variables(die: Any) -> Iterator[Any]:
    """Variables with a place, those of functions included."""
    for child in die.iter_children():
        if child.tag == "DW_TAG_variable" and "DW_AT_location" in child.attributes:
            yield child
        elif child.tag in ("DW_TAG_subprogram", "DW_TAG_lexical_block"):
            yield from _variables(child)


def _source(die: Any) -> str:
    """The file whose compilation made it: with link-time optimisation that of the DIE which it was made from."""
    while "DW_AT_abstract_origin" in die.attributes:
        die = die.get_DIE_from_attribute("DW_AT_abstract_origin")
    name = die.cu.get_top_DIE().attributes.get("DW_AT_name")
    return name.value.decode("utf-8", "replace") if name is not None else ""

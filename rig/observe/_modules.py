"""ROM and RAM of an image by module: symbols by how their names begin."""

from __future__ import annotations

from collections.abc import Mapping

from rig.probe import FirmwareImage

OTHER = "other"
UNNAMED = "(no symbol)"


def by_module(image: FirmwareImage, modules: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[int, int]]:
    """Module -> (bytes of code and constants, bytes of RAM); the longest beginning that fits decides.

    What no symbol covers is ``UNNAMED``: padding, and what assembler files and the linker set aside. Empty without
    symbols.
    """
    begins = sorted(((begin, name) for name, all_ in modules.items() for begin in all_), key=lambda row: -len(row[0]))
    found: dict[str, list[int]] = {}
    seen: set[tuple[int, int]] = set()
    if not image.symbols:
        return {}
    for symbol in image.symbols.values():
        if not symbol.size or (symbol.address, symbol.size) in seen:
            continue
        seen.add((symbol.address, symbol.size))
        name = next((name for begin, name in begins if symbol.name.startswith(begin)), OTHER)
        row = found.setdefault(name, [0, 0])
        row[_is_ram(image, symbol.address)] += symbol.size
    rom = image.sections.get("text", 0) - sum(row[0] for row in found.values())
    ram = image.sections.get("data", 0) + image.sections.get("bss", 0) - sum(row[1] for row in found.values())
    found[UNNAMED] = [max(0, rom), max(0, ram)]
    return {name: (row[0], row[1]) for name, row in sorted(found.items(), key=lambda row: -sum(row[1]))}


def _is_ram(image: FirmwareImage, address: int) -> bool:
    return any(start <= address < start + length for start, length in image.writable)

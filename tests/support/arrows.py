"""Which file leads to which: the arrows between C sources, from what their objects call, and circles among them."""

import graphlib
from collections.abc import Mapping
from pathlib import Path

from elftools.elf.elffile import ELFFile

Arrows = dict[str, set[str]]
"""By file."""


def circle(arrows: Arrows) -> list[str]:
    """The files of some circle; empty if there is none."""
    try:
        graphlib.TopologicalSorter(arrows).prepare()
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


def calls(objects: Mapping[str, Path]) -> Arrows:
    """What each object needs of the others.

    :param objects: name of the file -> the object that was made of it.
    """
    has: dict[str, str] = {}
    needs: Arrows = {}
    for name, path in objects.items():
        with path.open("rb") as file:
            symbols = list(ELFFile(file).get_section_by_name(".symtab").iter_symbols())
        others = [symbol for symbol in symbols if symbol["st_info"]["bind"] != "STB_LOCAL"]
        needs[name] = {symbol.name for symbol in others if symbol["st_shndx"] == "SHN_UNDEF"}
        has |= {symbol.name: name for symbol in others if symbol["st_shndx"] != "SHN_UNDEF"}
    return {name: {has[symbol] for symbol in needed if symbol in has} for name, needed in needs.items()}

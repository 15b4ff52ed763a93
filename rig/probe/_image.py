"""Firmware images: what an ELF file says about its core, its bytes, and its symbols.

Knows ELF (through pyelftools) and Arm build attributes. Must not know probes or boards: whether an image
fits a target is decided where both are known.
"""

from __future__ import annotations

import bisect
import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, final

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from rig.errors import UsageError
from rig.probe._cores import architecture_of_tag

__all__ = ["FirmwareImage", "Symbol"]

_LARGEST = 256 << 20  # an image with debug information; no MCU has as much
_SHF_WRITE, _SHF_ALLOC = 0x1, 0x2
_THUMB_BIT = 1
_DATA_KINDS = {"STT_FUNC": "function", "STT_OBJECT": "object", "STT_NOTYPE": "label"}


@final
@dataclass(frozen=True, kw_only=True)
class Symbol:
    """One named address; ``size`` in bytes, 0 if the file does not say."""

    name: str
    address: int
    size: int
    kind: Literal["function", "object", "label"]


@final
@dataclass(frozen=True, kw_only=True)
class FirmwareImage:
    """One ELF file, valid once loaded.

    ``core`` is the core it was built for ("cortex-m3"), the bare architecture ("armv7-m") if it names none,
    and "host" for an executable of this host. ``segments`` are (load address, bytes) in ascending order.
    ``occupied`` are the (start, length) ranges it uses when it runs, zero-initialised memory included.
    ``writable`` are the ranges of its sections that it may write. ``sections`` gives the sizes of text, data and bss in
    bytes.
    """

    path: Path
    digest: str
    core: str
    architecture: str
    hard_float: bool
    entry: int
    segments: tuple[tuple[int, bytes], ...] = field(repr=False)
    occupied: tuple[tuple[int, int], ...] = field(repr=False)
    writable: tuple[tuple[int, int], ...] = field(repr=False)
    symbols: Mapping[str, Symbol] = field(repr=False)
    sections: Mapping[str, int]
    _ordered: tuple[Symbol, ...] = field(repr=False)

    @classmethod
    def load(cls, path: Path) -> FirmwareImage:
        """Read the ELF file at ``path``.

        :raises UsageError: it cannot be read, is no ELF file, is cut short, or is for another machine.
        """
        path = Path(path)
        try:
            if path.exists() and not path.is_dir() and (not path.is_file() or path.stat().st_size > _LARGEST):
                raise UsageError(f"firmware {path} is not a file of at most {_LARGEST >> 20} MiB")
            data = path.read_bytes()
        except OSError as error:
            raise UsageError(
                f"firmware {path} cannot be read: {error.strerror}", hint="build the firmware first"
            ) from error
        if data[:4] != b"\x7fELF":
            raise UsageError(f"firmware {path} is not an ELF file", hint="pass the .elf, not the .bin or .hex")
        try:
            return _parse(path, data)
        except UsageError:
            raise
        except Exception as error:  # pyelftools raises whatever its parsers meet in a damaged file
            raise UsageError(
                f"firmware {path} is a damaged ELF file ({len(data)} bytes): {error}",
                hint="build or copy it again",
            ) from error

    @property
    def load_size(self) -> int:
        """Bytes to program."""
        return sum(len(data) for _address, data in self.segments)

    def find(self, name: str) -> Symbol:
        """Return the symbol called ``name``.

        :raises UsageError: there is none; names the nearest ones.
        """
        symbol = self.symbols.get(name)
        if symbol is None:
            near = sorted(known for known in self.symbols if name.strip("_").lower() in known.lower())[:3]
            raise UsageError(
                f"firmware {self.path.name} has no symbol {name!r}",
                hint=f"it has {', '.join(near)}" if near else "is it the bench firmware, and not stripped?",
            )
        return symbol

    def text(self, name: str) -> str | None:
        """The constant string called ``name``, up to its NUL; None if there is no such symbol or no bytes for it."""
        symbol = self.symbols.get(name)
        for start, data in self.segments if symbol is not None else ():
            offset = symbol.address - start if symbol is not None else -1
            if 0 <= offset < len(data):
                return data[offset:].split(b"\0", 1)[0].decode("ascii", "replace")
        return None

    def symbol_at(self, address: int) -> str | None:
        """Name ``address`` as ``"symbol"`` or ``"symbol+0x10"``; None if no symbol covers it."""
        index = bisect.bisect_right(self._ordered, address, key=lambda symbol: symbol.address)
        for symbol in reversed(self._ordered[max(0, index - 8) : index]):
            offset = address - symbol.address
            if offset == 0 or offset < symbol.size:
                return symbol.name if offset == 0 else f"{symbol.name}+{offset:#x}"
        return None


def _parse(path: Path, data: bytes) -> FirmwareImage:
    elf = ELFFile(io.BytesIO(data))
    core, architecture, hard_float = _core(path, elf)
    symbols = _symbols(elf, thumb=core != "host")
    return FirmwareImage(
        path=path,
        digest=f"sha256:{hashlib.sha256(data).hexdigest()}",
        core=core,
        architecture=architecture,
        hard_float=hard_float,
        entry=int(elf["e_entry"]),
        segments=tuple(_merge(path, sorted(_loaded(path, elf, len(data))))),
        occupied=tuple(sorted(_occupied(elf))),
        writable=tuple(sorted(_writable(elf))),
        symbols=MappingProxyType(symbols),
        sections=MappingProxyType(_sizes(elf)),
        _ordered=tuple(sorted(symbols.values(), key=lambda symbol: (symbol.address, symbol.size))),
    )


def _core(path: Path, elf: Any) -> tuple[str, str, bool]:
    """Return core, architecture and whether it passes floats in registers."""
    machine = elf["e_machine"]
    if machine in ("EM_X86_64", "EM_AARCH64", "EM_RISCV", "EM_386"):
        return "host", machine.removeprefix("EM_").lower(), False
    if machine != "EM_ARM":
        raise UsageError(f"firmware {path} is for {machine}, not for Arm or this host", hint="pass another file")
    attributes = _attributes(elf)
    if "TAG_CPU_ARCH" not in attributes:
        raise UsageError(
            f"firmware {path} does not say for which core it was built: it has no .ARM.attributes",
            hint="pass the linker's output, before a tool has stripped its sections",
        )
    architecture = architecture_of_tag(attributes["TAG_CPU_ARCH"], attributes.get("TAG_CPU_ARCH_PROFILE", 0))
    if architecture is None:
        raise UsageError(
            f"firmware {path} is for an Arm core that is no Cortex-M", hint="build it with -mcpu=cortex-m..."
        )
    name = str(attributes.get("TAG_CPU_NAME", "")).lower()
    core = name if name.startswith("cortex-m") else architecture
    return core, architecture, attributes.get("TAG_ABI_VFP_ARGS", 0) == 1


def _attributes(elf: Any) -> dict[str, Any]:
    section = elf.get_section_by_name(".ARM.attributes")
    if section is None:
        return {}
    return {
        attribute.tag: attribute.value
        for vendor in section.iter_subsections()
        for scope in vendor.iter_subsubsections()
        for attribute in scope.iter_attributes()
    }


def _loaded(path: Path, elf: Any, file_size: int) -> Iterator[tuple[int, bytes]]:
    """Yield (load address, bytes) of everything that the program headers load.

    The program headers and not the sections: they are what a loader goes by, and a stripped file has no others.
    """
    total = 0
    for index, segment in enumerate(elf.iter_segments()):
        offset, size = segment["p_offset"], segment["p_filesz"]
        if segment["p_type"] != "PT_LOAD" or not size:
            continue
        total += size
        if total > _LARGEST:
            raise UsageError(f"firmware {path} loads more than {_LARGEST >> 20} MiB", hint="no MCU has as much")
        if offset + size > file_size:
            raise UsageError(
                f"firmware {path} is cut short: segment {index} ends at byte {offset + size} of {file_size}",
                hint="build or copy it again",
            )
        yield segment["p_paddr"], segment.data()


def _merge(path: Path, chunks: list[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """Join chunks that touch, or leave a gap that is only alignment."""
    pending: tuple[int, bytearray] | None = None
    for address, data in chunks:
        if pending is not None and address < pending[0] + len(pending[1]):
            raise UsageError(
                f"firmware {path} loads {address:#010x} twice: two of its segments overlap",
                hint="see its linker script",
            )
        if pending is not None and 0 <= address - pending[0] - len(pending[1]) < 16:
            pending[1].extend(b"\0" * (address - pending[0] - len(pending[1])) + data)
            continue
        if pending is not None:
            yield pending[0], bytes(pending[1])
        pending = (address, bytearray(data))
    if pending is not None:
        yield pending[0], bytes(pending[1])


def _occupied(elf: Any) -> Iterator[tuple[int, int]]:
    for segment in elf.iter_segments():
        if segment["p_type"] == "PT_LOAD" and segment["p_memsz"]:
            yield int(segment["p_vaddr"]), int(segment["p_memsz"])


def _writable(elf: Any) -> Iterator[tuple[int, int]]:
    for section in elf.iter_sections():
        if section["sh_flags"] & _SHF_WRITE and section["sh_flags"] & _SHF_ALLOC and section["sh_size"]:
            yield int(section["sh_addr"]), int(section["sh_size"])


def _sizes(elf: Any) -> dict[str, int]:
    """Count as ``size`` does: read-only data is text."""
    sizes = {"text": 0, "data": 0, "bss": 0}
    for section in elf.iter_sections():
        if not section["sh_flags"] & _SHF_ALLOC:
            continue
        kind = "data" if section["sh_flags"] & _SHF_WRITE else "text"
        sizes["bss" if section["sh_type"] == "SHT_NOBITS" else kind] += int(section["sh_size"])
    return sizes


def _symbols(elf: Any, *, thumb: bool) -> dict[str, Symbol]:
    """Return the symbols by name; of several, a global one wins."""
    table = elf.get_section_by_name(".symtab")
    if not isinstance(table, SymbolTableSection):
        return {}
    found: dict[str, Symbol] = {}
    globals_: set[str] = set()
    for entry in table.iter_symbols():
        kind = _DATA_KINDS.get(entry["st_info"]["type"])
        name = entry.name
        if kind is None or not name or name.startswith("$") or entry["st_shndx"] == "SHN_UNDEF":
            continue
        is_global = entry["st_info"]["bind"] != "STB_LOCAL"
        if name in found and (name in globals_ or not is_global):
            continue
        address = entry["st_value"] & ~_THUMB_BIT if thumb and kind == "function" else entry["st_value"]
        found[name] = Symbol(name=name, address=int(address), size=int(entry["st_size"]), kind=kind)  # type: ignore[arg-type]
        if is_global:
            globals_.add(name)
    return found

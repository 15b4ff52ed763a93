"""Makes a new port, in the rig's own sources or in a folder of the user's."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import final

from rig.errors import UsageError
from rig.porting._entry import with_board
from rig.porting._presets import with_preset

__all__ = ["Memory", "NewPort", "new_port"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_TEMPLATES = ("port.c", "port.cmake", "link.ld", "rig_port_clock.h")
_SOURCES = {".c", ".h", ".ld", ".cmake"}
_KIB = 1024
# Least RAM in KiB, the stack, the sizes that leave the rest to the bench's own data; the largest that fits is taken.
_SIZES = (
    (
        128,
        "8K",
        "RIG_MAILBOX_RING=256 RIG_MAILBOX_PROGRAM=2048 BENCH_STREAM_BYTES=16384\n    BENCH_MESSAGE_BYTES=49152",
    ),
    (64, "4K", "RIG_MAILBOX_RING=128 RIG_MAILBOX_PROGRAM=1024 BENCH_STREAM_BYTES=8192\n    BENCH_MESSAGE_BYTES=16384"),
    (
        16,
        "1536",
        "RIG_MAILBOX_RING=32 RIG_MAILBOX_PROGRAM=144 BENCH_HOOKS=2 BENCH_KEPT=2 BENCH_OTHER=4 BENCH_OPEN=2\n"
        "    BENCH_STREAM_BYTES=3072 BENCH_MESSAGE_BYTES=4096 BENCH_RTT_BYTES=128",
    ),
)
_LIKE = (
    "compare every address, rate and pin, the memory map and the vector table with the manual of your chip: they are "
    "those of {like}"
)


@final
@dataclass(frozen=True, kw_only=True)
class Memory:
    """The memory map of a chip, in bytes: flash (or whatever it boots from) and the largest region of RAM."""

    code: tuple[int, int]
    ram: tuple[int, int]


@final
@dataclass(frozen=True, kw_only=True)
class NewPort:
    """What was made: the folder of the port, and every file that was written or changed."""

    folder: Path
    boards_file: Path
    files: tuple[Path, ...]


def new_port(
    name: str,
    *,
    folder: Path,
    boards_file: Path,
    firmware: Path,
    core: str,
    target: str,
    memory: Memory | None,
    like: str = "",
) -> NewPort:
    """Make a port and its entry in ``boards_file``; the file is created if it does not exist.

    A folder below ``firmware/ports/`` gets a preset of its name; any other is named by its path.

    :param folder: of the port; it must not exist yet.
    :param firmware: the rig's firmware sources.
    :param core: name of the core, such as ``cortex-m4``.
    :param target: pyOCD's name of the chip.
    :param memory: None if it is not known: then the linker script has a point to fill in.
    :param like: a port below ``firmware/ports/`` to begin with; "" for the skeleton.
    :raises UsageError: an invalid or taken name, RAM that is too small for the bench, or no such port.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"got port name {name!r}, expected letters, digits, '.', '_', '-'")
    if folder.exists():
        raise UsageError(f"{folder} is there already", hint="choose another name, or take it away first")
    own = folder.parent == firmware / "ports"
    source = f"preset: {name}" if own else f"port: {os.path.relpath(folder, boards_file.parent)}"
    files = _copied(like, firmware) if like else _skeleton(name, core, memory)
    texts = {folder / file: text for file, text in files.items()}
    texts[boards_file] = with_board(boards_file, name, _board(name, core, target, source))
    if own:
        presets = firmware / "CMakePresets.json"
        texts[presets] = with_preset(presets, name, f"{name} ({core}); not yet run on silicon")
    try:
        folder.mkdir(parents=True)
        for file, text in texts.items():
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise UsageError(f"cannot write {error.filename}: {error.strerror}") from error
    return NewPort(folder=folder, boards_file=boards_file, files=tuple(texts))


def _skeleton(name: str, core: str, memory: Memory | None) -> dict[str, str]:
    code, ram = (memory.code, memory.ram) if memory else ((0x0800_0000, 256 * _KIB), (0x2000_0000, 64 * _KIB))
    fitting = [row for row in _SIZES if row[0] * _KIB <= ram[1]]
    if not fitting:
        raise UsageError(
            f"{ram[1]} bytes of RAM are too few for the bench, which takes {_SIZES[-1][0]} KiB",
            hint="name the largest piece of RAM with --ram START:LENGTH",
        )
    _, stack, definitions = fitting[0]
    values = {
        "NAME": name,
        "CORE": core,
        "TODO_MEMORY": "" if memory else '\n   RIG_TODO("the memory map: flash and RAM of the chip")',
        "CODE_ORIGIN": f"{code[0]:#010x}",
        "CODE_LENGTH": _length(code[1]),
        "RAM_ORIGIN": f"{ram[0]:#010x}",
        "RAM_LENGTH": _length(ram[1]),
        "RAM_KIB": str(ram[1] // _KIB),
        "STACK": stack,
        "RECEIVE": "256" if ram[1] < 64 * _KIB else "2048",
        "SMALL": "set(RIG_PORT_SMALL ON) # smaller tables of the middleware\n" if ram[1] < 64 * _KIB else "",
        "DEFINITIONS": definitions,
    }
    template = resources.files("rig.porting") / "template"
    texts = {file: (template / file).read_text(encoding="utf-8") for file in _TEMPLATES}
    return {file: re.sub(r"@([A-Z_]+)@", lambda found: values[found[1]], text) for file, text in texts.items()}


def _length(length: int) -> str:
    return f"{length // _KIB}K" if length % _KIB == 0 else str(length)


def _copied(like: str, firmware: Path) -> dict[str, str]:
    """The files of another port, with a point that says what to do with them."""
    known = sorted(
        path.parent.name for path in (firmware / "ports").glob("*/port.cmake") if path.parent.name != "posix"
    )
    if like not in known:
        raise UsageError(f"no port {like!r} to begin with", hint=f"there are {', '.join(known)}")
    folder = firmware / "ports" / like
    files = [path for path in sorted(folder.iterdir()) if path.suffix in _SOURCES]
    texts = {path.name: path.read_text(encoding="utf-8") for path in files}
    texts["port.cmake"] = f'# RIG_TODO("{_LIKE.format(like=like)}")\n{texts["port.cmake"]}'
    return texts


def _board(name: str, core: str, target: str, source: str) -> str:
    return f"""{name}:
  kind: probe
  probe: {{uid: "{_PLACEHOLDER}-{name}"}}   # quoted; pyocd list shows it
  target: {target}{" " * max(1, 25 - len(target))}# pyocd list --targets; of a pack: pyocd pack install NAME
  core: {core}
  capabilities: [shm, rtt]          # large-memory where messages of more than 64 KiB fit
  firmware: {{{source}}}
  link: {{transport: serial, device: /dev/serial/by-id/{_PLACEHOLDER}-{name}, baud: 115200}}   # ls /dev/serial/by-id
"""


_PLACEHOLDER = "TODO"  # with the name: two boards cannot have one probe

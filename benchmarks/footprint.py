"""ROM and RAM of the Client library by profile: shared memory in or out, for each core, at -O2 and -Os.

Text is that of the whole library, before the linker drops what an application does not use. Its RAM is the caller's:
what one Client, session, entity and so on takes is read from the compiler.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import click

from benchmarks._report import report
from rig.errors import EnvironmentFault
from rig.places import firmware_root

_CORES = ("cortex-m0", "cortex-m3", "cortex-m7")
_LEVELS = ("-O2", "-Os")
_TYPES = {"client": "xrce_client_t", "session": "xrce_session_t", "entity": "xrce_entity_t", "name": "xrce_name_t"}
_COMPILER, _SIZE, _SYMBOLS = "arm-none-eabi-gcc", "arm-none-eabi-size", "arm-none-eabi-nm"


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode != 0:
        raise EnvironmentFault(f"{command[0]} failed: {done.stderr.strip().splitlines()[:1]}")
    return done.stdout


def _types(flags: list[str], shm: int, folder: Path) -> dict[str, int]:
    """Size of each of the library's types: of an array of that many characters."""
    types = dict(_TYPES) | ({"pair": "xrce_edge_t"} if shm else {})
    source = folder / "types.c"
    arrays = "".join(f"char of_{name}[sizeof({type_name})];\n" for name, type_name in types.items())
    source.write_text(f'#include "xrce_client.h"\n{arrays}', encoding="utf-8")
    output = folder / "types.o"
    _run(_COMPILER, *flags, "-c", str(source), "-o", str(output))
    found = re.findall(r"^\S+ (\S+) \S of_(\w+)$", _run(_SYMBOLS, "-S", str(output)), re.MULTILINE)
    return {name: int(size, 16) for size, name in found}


def measure(cores: tuple[str, ...]) -> list[dict[str, object]]:
    """Every level and profile of these cores."""
    if shutil.which(_COMPILER) is None:
        raise EnvironmentFault(f"{_COMPILER} is not on PATH", hint="apt-get install gcc-arm-none-eabi")
    library = firmware_root() / "xrce"
    sources = sorted(library.glob("*/*.c"))
    found: list[dict[str, object]] = []
    for core in cores:
        for level in _LEVELS:
            for shm in (0, 1):
                other = "network" if shm else "shm"  # the storey's other body
                flags = [f"-mcpu={core}", "-mthumb", level, "-std=c99", f"-DXRCE_SHM={shm}"]
                flags += [f"-I{library}", f"-I{library / 'include'}"]
                flags += ["-ffunction-sections", "-fdata-sections"]
                with tempfile.TemporaryDirectory() as name:
                    folder = Path(name)
                    outputs = []
                    for source in sources:
                        if source.parent.name != other:
                            outputs.append(str(folder / f"{source.stem}.o"))
                            _run(_COMPILER, *flags, "-c", str(source), "-o", outputs[-1])
                    total = _run(_SIZE, "-t", *outputs).strip().splitlines()[-1].split()
                    found.append(
                        {
                            "core": core,
                            "level": level,
                            "shm": bool(shm),
                            "text_bytes": int(total[0]),
                            "static_ram_bytes": int(total[1]) + int(total[2]),
                            "ram_bytes_each": _types(flags, shm, folder),
                        }
                    )
    return found


@click.command()
@click.option("--core", "cores", multiple=True, default=_CORES, show_default=True, help="Several may be given.")
def main(cores: tuple[str, ...]) -> None:
    """ROM and RAM of the Client by profile."""
    found = measure(cores)
    names = [*_TYPES, "pair"]
    rows: list[list[object]] = []
    for entry in found:
        each = entry["ram_bytes_each"]
        assert isinstance(each, dict)
        profile = f"{entry['core']} {entry['level']} {'shm' if entry['shm'] else 'network'}"
        rows.append([profile, entry["text_bytes"], entry["static_ram_bytes"], *(each.get(name, "-") for name in names)])
    report("footprint", ["profile", "text B", "static RAM B", *names], rows, {"profiles": found})


if __name__ == "__main__":
    main()

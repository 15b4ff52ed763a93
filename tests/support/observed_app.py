"""The application that stands in for a micro-ROS one: built with options, for the emulated board."""

import json
import subprocess
from pathlib import Path

from rig.bench import build

SOURCES = Path(__file__).resolve().parents[1] / "observe" / "firmware"


def build_application(folder: Path, *options: str) -> Path:
    """Build tests/observe/firmware/app.c into ``folder``; its header says what the options change."""
    elf = folder / "app.elf"
    flags = ["-mcpu=cortex-m3", "-mthumb", "-O2", "-g", "-ffreestanding", "-nostdlib", "-Wall", "-Wextra", "-Werror"]
    files = ["-T", str(SOURCES / "app.ld"), str(SOURCES / "app.c"), "-o", str(elf)]
    subprocess.run(["arm-none-eabi-gcc", *flags, *options, *files], check=True, timeout=60)
    return elf


FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"


def build_client_application(folder: Path, variant: str) -> Path:
    """Build tests/observe/firmware/client.c with our Client of a variant and the port of mps2-an385, as the bench has
    them: their objects are there once the bench is built.
    """
    bench = build("mps2-an385")[variant]
    commands = json.loads((bench.parent / "compile_commands.json").read_text(encoding="utf-8"))
    made = [Path(each["directory"]) / each["command"].split(" -o ")[1].split()[0] for each in commands]
    objects = [each for each in made if f"/{bench.stem}.dir/" in str(each)]
    taken = [each for each in objects if "/ports/" in str(each) and not each.name.startswith("heap")]
    taken += [each for each in objects if each.name.startswith("bench_counters")]  # where the Client counts its framing
    ports = FIRMWARE / "ports"
    flags = ["-mcpu=cortex-m3", "-mthumb", "-std=c99", "-O2", "-g", "-Wall", "-Wextra", "-Werror"]
    flags += [*(["-DSHM"] if variant == "shm" else []), f"-I{FIRMWARE}/middleware", f"-I{ports}"]
    linking = ["-nostartfiles", f"-T{ports}/mps2-an385/link.ld", f"-L{ports}/cortex-m", "-Wl,--gc-sections"]
    files = [SOURCES / "client.c", *taken, bench.parent / f"librig_middleware_{variant}.a"]
    elf = folder / f"client-{variant}.elf"
    subprocess.run(["arm-none-eabi-gcc", *flags, *map(str, files), *linking, "-o", str(elf)], check=True, timeout=60)
    return elf

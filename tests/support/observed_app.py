"""The application that stands in for a micro-ROS one: built with options, for the emulated board."""

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
_PORT = ("cortex-m/common.c", "mps2-an385/port.c", "cortex-m/startup.c", "cortex-m/lock.c", "cortex-m/preempt.c")


def build_client_application(folder: Path, variant: str) -> Path:
    """Build tests/observe/firmware/client.c with our Client of a variant, and the port of mps2-an385."""
    library = build("mps2-an385")[variant].parent / f"librig_middleware_{variant}.a"
    ports = FIRMWARE / "ports"
    flags = [
        "-mcpu=cortex-m3",
        "-mthumb",
        "-std=c99",
        "-O2",
        "-g",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-ffunction-sections",
    ]
    flags += ["-DRIG_MAILBOX_RING=1024", "-DRIG_MAILBOX_PROGRAM=16384", *(["-DSHM"] if variant == "shm" else [])]
    places = [FIRMWARE / "middleware", FIRMWARE / "bench", ports, ports / "cortex-m", ports / "mps2-an385"]
    sources = [SOURCES / "client.c", *(ports / name for name in _PORT), FIRMWARE / "bench" / "bench_counters.c"]
    linking = ["-nostartfiles", f"-T{ports}/mps2-an385/link.ld", f"-L{ports}/cortex-m", "-Wl,--gc-sections"]
    elf = folder / f"client-{variant}.elf"
    command = ["arm-none-eabi-gcc", *flags, *(f"-I{place}" for place in places), *map(str, [*sources, library])]
    subprocess.run([*command, *linking, "-o", str(elf)], check=True, timeout=60)
    return elf

"""The application that stands in for a micro-ROS one: built with options, for the emulated board."""

import subprocess
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[1] / "observe" / "firmware"


def build_application(folder: Path, *options: str) -> Path:
    """Build tests/observe/firmware/app.c into ``folder``; its header says what the options change."""
    elf = folder / "app.elf"
    flags = ["-mcpu=cortex-m3", "-mthumb", "-O2", "-g", "-ffreestanding", "-nostdlib", "-Wall", "-Wextra", "-Werror"]
    files = ["-T", str(SOURCES / "app.ld"), str(SOURCES / "app.c"), "-o", str(elf)]
    subprocess.run(["arm-none-eabi-gcc", *flags, *options, *files], check=True, timeout=60)
    return elf

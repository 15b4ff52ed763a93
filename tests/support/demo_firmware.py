"""Builds the demo firmware of these tests, and a state directory of their own."""

import subprocess
import time
from pathlib import Path

from rig.probe import FirmwareImage, Probe

SOURCES = Path(__file__).parents[1] / "probe" / "firmware"
MACHINES = {"mps2-an385": ("cortex-m3", 0x40_0000), "microbit": ("cortex-m0", 0x4000)}
TARGETS = {"mps2-an385": "mps2_an385", "microbit": "nrf51"}

LOG, BKPT, BAD_READ, WRITE, UNDEFINED, BKPT_PSP, SLEEP, LOCKUP, MEASURE, STORES, STORES_CRASH, ASSERT = range(1, 13)


def build_demo(
    machine: str, directory: Path, *, padding: int = 0, name: str = "demo", core: str = "", shared_entry: bool = False
) -> Path:
    """Build the demo for ``machine``; ``padding`` bytes make it larger; ``shared_entry``: one for all exceptions."""
    default_core, ram = MACHINES[machine]
    elf = directory / f"{name}-{machine}.elf"
    flags = ["-std=gnu99", "-Wall", "-Wextra", "-Werror", "-O2", "-g", "-mthumb", "-ffreestanding", "-nostdlib"]
    options = [f"-mcpu={core or default_core}", f"-Wl,--defsym=RAM_SIZE={ram}", "-T", SOURCES / "probe_demo.ld"]
    define = [f"-DPADDING={padding}"] if padding else []
    define += ["-DSHARED_ENTRY"] if shared_entry else []
    subprocess.run(
        ["arm-none-eabi-gcc", *flags, *define, *options, SOURCES / "probe_demo.c", "-o", elf], check=True, timeout=60
    )
    return elf


def build_with_word_at(address: int, directory: Path) -> Path:
    """Build an image for a Cortex-M0 that has, far from its code, one word: as boot loaders fill Nordic's UICR."""
    source, elf = directory / "word.c", directory / f"word-{address:#010x}.elf"
    source.write_text(
        '__attribute__((section(".vectors"), used)) const void *vectors[] = {(void *)0x20001000, (void *)0x101};\n'
        '__attribute__((section(".word"), used)) const unsigned word = 0x0003F000;\n'
        "void spin(void) { for (;;) { } }\n"
    )
    flags = ["-mcpu=cortex-m0", "-mthumb", "-nostdlib", "-ffreestanding", "-Wl,-n,-espin"]
    sections = ["-Wl,--section-start=.vectors=0", "-Wl,-Ttext=0x100", f"-Wl,--section-start=.word={address:#x}"]
    subprocess.run(
        ["arm-none-eabi-gcc", *flags, *sections, source, "-o", elf],
        check=True,
        timeout=60,
    )
    return elf


def start_demo(probe: Probe, image: FirmwareImage) -> None:
    """Reset the board and wait until the demo is past its start-up code, which clears what a test may write."""
    counter = image.find("demo_counter").address
    probe.reset(halt=True)
    probe.write_u32(counter, 0)
    probe.resume()
    deadline = time.monotonic() + 10
    while probe.read_u32(counter) == 0:
        assert time.monotonic() < deadline, "the demo does not start"

"""Firmware that comes to grief, for the tests of this room."""

import subprocess
from pathlib import Path

import pytest

from rig.inventory import BoardSpec, Inventory
from rig.probe import FirmwareImage

SOURCES = Path(__file__).parent / "firmware"
CORES = {"mps2-an385": "cortex-m3", "microbit": "cortex-m0"}
BOARDS = """\
version: 1
default: mps2-an385
boards:
  mps2-an385: {kind: emulated, machine: mps2-an385, firmware: {preset: p}, link: {transport: serial}}
  microbit: {kind: emulated, machine: microbit, firmware: {preset: p}, link: {transport: serial}}
"""


@pytest.fixture(scope="module", autouse=True)
def _apart(state_directory: Path) -> None:
    """All tests of this room have a state directory of their own."""


@pytest.fixture(scope="module")
def specs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, BoardSpec]:
    path = tmp_path_factory.mktemp("inventory") / "boards.yaml"
    path.write_text(BOARDS)
    return dict(Inventory.load(path).boards)


@pytest.fixture(scope="module")
def wrecks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, FirmwareImage]:
    """The firmware by board."""
    directory = tmp_path_factory.mktemp("wrecks")
    built = {}
    for board, core in CORES.items():
        elf = directory / f"wrecks-{board}.elf"
        flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-O2", "-g", "-mthumb", "-ffreestanding", "-nostdlib"]
        sources = ["-T", SOURCES / "wrecks.ld", SOURCES / "wrecks.c"]
        subprocess.run(
            ["arm-none-eabi-gcc", *flags, "-fno-optimize-sibling-calls", f"-mcpu={core}", *sources, "-o", elf],
            check=True,
            timeout=60,
        )
        built[board] = FirmwareImage.load(elf)
    return built

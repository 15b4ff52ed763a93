"""Firmware and board descriptions for the tests of the board room."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from demo_firmware import MACHINES, build_demo

from rig.inventory import BoardSpec, Inventory
from rig.probe import FirmwareImage

BOARDS = """\
version: 1
default: mps2-an385
boards:
  mps2-an385:
    {kind: emulated, machine: mps2-an385, firmware: {preset: p}, link: {transport: serial, baud: 921600}}
  microbit: {kind: emulated, machine: microbit, firmware: {preset: p}, link: {transport: serial}}
  native: {kind: native, firmware: {preset: p}, link: {transport: udp4}}
  native-serial: {kind: native, firmware: {preset: p}, link: {transport: serial, device: /dev/null}}
  lost: {kind: probe, probe: {uid: "no-such-probe"}, target: nrf51, firmware: {preset: p},
         link: {transport: serial, device: /dev/ttyACM99}}
"""


@pytest.fixture(scope="module", autouse=True)
def _apart(state_directory: Path) -> None:
    """All tests of this room have a state directory of their own."""


@pytest.fixture(scope="session")
def specs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, BoardSpec]:
    path = tmp_path_factory.mktemp("inventory") / "boards.yaml"
    path.write_text(BOARDS)
    return dict(Inventory.load(path).boards)


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, FirmwareImage]:
    directory = tmp_path_factory.mktemp("firmware")
    native = directory / "native"
    source = Path(__file__).parent / "firmware" / "native_demo.c"
    subprocess.run(["gcc", "-std=gnu99", "-Wall", "-Wextra", "-Werror", source, "-o", native], check=True, timeout=60)
    built = {machine: FirmwareImage.load(build_demo(machine, directory)) for machine in MACHINES}
    return built | {"native": FirmwareImage.load(native)}


@pytest.fixture
def wait_until() -> Callable[..., bool]:
    def wait_until(condition: Callable[[], object], timeout: float = 10.0) -> bool:
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    return wait_until

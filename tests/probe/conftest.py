"""Boards and firmware for the tests of the probe room: real QEMU, real pyOCD."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from demo_firmware import MACHINES, TARGETS, build_demo, start_demo

from rig.probe import FirmwareImage, Probe, open_probe
from rig.probe.qemu import EmulatedMachine, launch


@pytest.fixture(scope="module", autouse=True)
def _apart(state_directory: Path) -> None:
    """All tests of this room have a state directory of their own."""


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, FirmwareImage]:
    directory = tmp_path_factory.mktemp("firmware")
    return {machine: FirmwareImage.load(build_demo(machine, directory)) for machine in MACHINES}


@pytest.fixture(params=MACHINES)
def machine(request: pytest.FixtureRequest) -> Iterator[EmulatedMachine]:
    with launch(request.param, name=request.param) as running:
        yield running


@pytest.fixture
def image(machine: EmulatedMachine, images: dict[str, FirmwareImage]) -> FirmwareImage:
    return images[machine.machine.name]


@pytest.fixture
def probe(machine: EmulatedMachine) -> Iterator[Probe]:
    with open_probe(machine.uid, target=TARGETS[machine.machine.name]) as opened:
        yield opened


@pytest.fixture
def running(probe: Probe, image: FirmwareImage) -> Probe:
    """A probe whose board runs the demo, past its start-up code."""
    probe.flash(image)
    start_demo(probe, image)
    return probe

"""Another context publishes while the main one spins: an interrupt on the emulated board, a thread on the host."""

from collections.abc import Callable
from pathlib import Path

import pytest
from firmware_native import READER, WRITER, Native

from rig.bench import Bench, one_writer
from rig.bench._layout import Command
from rig.inventory import Inventory
from rig.station import Station

pytestmark = pytest.mark.firmware
SAMPLES = 100_000


def check(bench: Bench, session: int, samples: int) -> None:
    arguments = (session, 1, samples, 32, 100_000, 1)
    results = bench.command(Command.PREEMPT, arguments, timeout=110).results
    accepted, _full, delivered, damaged, misplaced, status, inside = results[:7]
    assert (accepted, delivered, damaged, misplaced, status) == (samples, samples, 0, 0, 0)
    assert inside > samples // 4, "hardly a sample was published while the other context was at work"


def test_threads(native: Callable[..., Native]) -> None:
    firmware = native()
    firmware.bench.start(buffers=8, buffer_bytes=8 * 64, link=False)
    firmware.open(0x90, timeout=0)
    firmware.create(READER, timeout=0)
    firmware.create(WRITER, timeout=0)
    check(firmware.bench, firmware.session, SAMPLES)


@pytest.mark.qemu
def test_interrupts(tmp_path: Path) -> None:
    spec = Inventory.load(Path(__file__).resolve().parents[2] / "boards.yaml").select(["mps2-an385"])[0]
    with Station(spec, agent="none", directory=tmp_path) as station:
        bench = station.prepare("shm").bench
        bench.start(buffers=8, buffer_bytes=8 * 64, link=False)
        topology = one_writer(bench, readers=1, timeout=0, request=False)
        check(bench, topology.session, SAMPLES)

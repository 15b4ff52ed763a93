"""Other contexts publish while the main one publishes and spins: interrupts on emulated boards, threads on the host."""

from collections.abc import Callable
from pathlib import Path

import pytest
from firmware_native import READER, WRITER, Native

from rig.bench import CONTEXTS, DATAWRITER, Bench, Entity, Status, Stuck, build_defect, one_writer, standing
from rig.inventory import Inventory
from rig.model import Qos
from rig.probe import FirmwareImage
from rig.station import Station

pytestmark = pytest.mark.firmware
SAMPLES = 100_000
SLEEP = 1.9
TRIES = 64
BOARDS = Path(__file__).resolve().parents[2] / "boards.yaml"


def check(bench: Bench, session: int, samples: int) -> None:
    each = samples // CONTEXTS
    seen = bench.preempt(session=session, writer=1, count=each, length=32, deadline=100, contexts=CONTEXTS)
    samples = each * CONTEXTS
    assert (seen.accepted, seen.delivered, seen.damaged, seen.misplaced) == (samples, samples, 0, 0)
    assert seen.status is Status.OK
    assert seen.inside > samples // 4, "hardly a sample was published while another context was at work"
    assert seen.depth == 0, "a callback ran with the lock held"


def check_sleep(bench: Bench, session: int) -> None:
    for context in range(1, CONTEXTS):
        seen = bench.wake(session=session, writer=1, context=context, length=32, tries=TRIES, timeout=SLEEP, late=SLEEP)
        assert seen.tried >= TRIES, "natively each point of the way into the sleep is tried as well"
        assert (seen.accepted, seen.delivered, seen.missed) == (seen.tried, seen.tried, 0)
        assert seen.inside > TRIES // 2, "hardly a sample was published into the spin"
        assert seen.longest > 0


def connect(bench: Bench) -> int:
    bench.start(buffers=8, buffer_bytes=8 * 64, link=False, contexts=True)
    topology = one_writer(bench, readers=1, timeout=0, request=False)
    for id in range(2, CONTEXTS + 1):
        bench.create(topology.session, Entity(kind=DATAWRITER, id=id, parent=1, topic=1, qos=Qos()), timeout=0)
    return topology.session


def test_threads(native: Callable[..., Native]) -> None:
    firmware = native()
    firmware.bench.start(buffers=8, buffer_bytes=8 * 64, link=False, contexts=True)
    firmware.open(0x90, timeout=0)
    firmware.create(READER, timeout=0)
    for id in range(1, CONTEXTS + 1):
        firmware.create(WRITER, id=id, timeout=0)
    check(firmware.bench, firmware.session, SAMPLES)
    check_sleep(firmware.bench, firmware.session)


@pytest.mark.qemu
@pytest.mark.parametrize("board", ["mps2-an385", "microbit"])
def test_interrupts(tmp_path: Path, board: str) -> None:
    spec = Inventory.load(BOARDS).select([board])[0]
    with Station(spec, agent="none", directory=tmp_path) as station:
        bench = station.prepare("shm").bench
        check(bench, connect(bench), SAMPLES)
        check_sleep(bench, connect(bench))


@pytest.mark.qemu
@pytest.mark.parametrize("board", ["mps2-an385", "microbit"])
def test_locks_that_do_nothing_are_seen_by_contexts_that_do_not_come_back(tmp_path: Path, board: str) -> None:
    spec = Inventory.load(BOARDS).select([board])[0]
    with Station(spec, agent="none", directory=tmp_path) as station:
        built = build_defect(board, "empty_locks", variants=("shm",))
        station.images = {variant: FirmwareImage.load(path) for variant, path in built.items()}
        bench = station.prepare("shm").bench
        session = connect(bench)
        turns = bench.preempt(
            session=session, writer=1, count=50, length=32, deadline=10, contexts=CONTEXTS, turns=True
        )
        assert (turns.accepted, turns.delivered, turns.inside) == (150, 150, 0)  # nothing meets, nothing is wrong
        with pytest.raises(Stuck) as stuck:
            bench.preempt(session=session, writer=1, count=10_000, length=32, deadline=100, contexts=CONTEXTS)
        # Which context stands is for the interrupts to say: one may find a list that another left half linked.
        assert all(" in " in place for place in standing(stuck.value)) and standing(stuck.value)

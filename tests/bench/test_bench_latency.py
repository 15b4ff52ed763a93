"""What the bench's own work adds to a latency is measured by the firmware itself, and taken off: real emulated core."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rig.experiments import EXPERIMENTS
from rig.inventory import Inventory
from rig.station import Station


@pytest.mark.qemu
@pytest.mark.firmware
@pytest.mark.timeout(180)
def test_the_instrument_is_taken_off_to_the_instruction(project_root: Path, tmp_path: Path) -> None:
    (spec,) = Inventory.load(project_root / "boards.yaml").select(["mps2-an385"])
    with Station(spec, agent="none", directory=tmp_path) as station:
        setting = station.prepare("shm", quick=True)
        bench = setting.bench
        setting.start(buffers=4)
        topology = setting.connect(readers=2)
        seen = bench.exchange(
            session=topology.session, writer=topology.writer, count=5, length=4, readers=2, quiet=True
        )
        least, greatest = seen.own
        assert 0 < least == greatest, "the bench's own work is the same for every sample"
        assert 0 < bench.clock.recording < least + 20
        # By hand, from the raw readings: three stand between publish call and first callback, one between callbacks.
        clock = bench.clock
        first, second = seen.deliveries[:2]
        loan = clock.convert(first.loan_end - first.loan_begin) - clock.cost
        to_first = loan + clock.convert(first.enter - first.publish) - 3 * clock.cost - least
        to_second = to_first + clock.convert(second.enter - first.leave) - clock.cost - clock.recording
        assert bench.latencies(seen)[:2] == [to_first, to_second]
        # A firmware that does not say what its own work is has nothing taken off for it.
        assert bench.latencies(replace(seen, own=(0, 0)))[0] == to_first + least + 2 * clock.cost
        measured = list(EXPERIMENTS["latency"].measure(setting))
    rows = [m for m in measured if m.metric == "publish_to_callback"]
    assert all(m.exact and len(set(m.samples)) == 1 for m in rows), "an exact clock repeats every figure"
    assert len({len(m.samples) for m in rows}) == 1, "and a fixed number is taken of it"
    loaded = [m for m in measured if m.metric == "publish_to_callback_loaded"]
    assert {m.conditions["pending"] for m in loaded} == {0, 3, 12}
    assert all(m.exact for m in loaded)

"""How to write a test of your own: a live bench firmware, its board and its link."""

import pytest

from rig.bench import Bench
from rig.board import Board
from rig.station import Link, Setting


@pytest.mark.parametrize("rig_variant", ("shm", "network"))
def test_samples_reach_two_readers(rig_setting: Setting) -> None:
    rig_setting.start(buffers=2)
    topology = rig_setting.connect(readers=2)
    seen = rig_setting.bench.exchange(session=topology.session, writer=topology.writer, count=3, length=32, readers=2)
    assert (seen.accepted, seen.delivered, seen.damaged) == (3, 6, 0)
    assert seen.local == (6 if rig_setting.variant == "shm" else 0)


def test_local_samples_stay_off_the_link(rig_setting: Setting, rig_agent: Link) -> None:
    rig_setting.start(buffers=2)
    topology = rig_setting.connect(readers=1)
    before = rig_agent.traffic().total_data
    rig_setting.bench.exchange(session=topology.session, writer=topology.writer, count=20, length=32, readers=1)
    if rig_setting.bench.hello.middleware != "reference":
        pytest.skip("this middleware sends every sample to the Agent as well")
    assert rig_agent.traffic().total_data == before


def test_the_firmware_says_what_it_is(rig_bench: Bench, rig_board: Board) -> None:
    assert rig_bench.hello.middleware
    assert rig_bench.hello.compiler != "unknown"
    assert rig_board.alive()

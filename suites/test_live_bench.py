"""How to write a test of your own: a live bench firmware, its board and its link."""

import pytest

from rig.bench import Bench
from rig.board import Board
from rig.station import Link, Setting


@pytest.mark.parametrize("variant", ("shm", "network"))
def test_samples_reach_two_readers(setting: Setting) -> None:
    setting.start(buffers=2)
    topology = setting.connect(readers=2)
    seen = setting.bench.exchange(session=topology.session, writer=topology.writer, count=3, length=32, readers=2)
    assert (seen.accepted, seen.delivered, seen.damaged) == (3, 6, 0)
    assert seen.local == (6 if setting.variant == "shm" else 0)


def test_local_samples_stay_off_the_link(setting: Setting, agent: Link) -> None:
    setting.start(buffers=2)
    topology = setting.connect(readers=1)
    before = agent.traffic().total_data
    setting.bench.exchange(session=topology.session, writer=topology.writer, count=20, length=32, readers=1)
    if setting.bench.hello.middleware != "reference":
        pytest.skip("this middleware sends every sample to the Agent as well")
    assert agent.traffic().total_data == before


def test_the_firmware_says_what_it_is(bench: Bench, board: Board) -> None:
    assert bench.hello.middleware
    assert bench.hello.compiler != "unknown"
    assert board.alive()

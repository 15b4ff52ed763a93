"""An Agent whose answers come late: what it refuses because it holds it already is made under a new key."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.bench import Command, Refused, Status, one_writer
from rig.inventory import Inventory
from rig.station import Station, again_if_late

pytestmark = [pytest.mark.firmware, pytest.mark.timeout(60)]


@pytest.mark.parametrize("sessions", (1, 2))
def test_entities_that_the_agent_holds_already_are_made_under_a_new_key(
    project_root: Path, tmp_path: Path, sessions: int
) -> None:
    (board,) = Inventory.load(project_root / "boards.yaml").select(["native"])
    with Station(board, agent="builtin", directory=tmp_path) as station:
        setting = station.prepare("network", quick=True)
        key = setting.next_key()
        setting.start(buffers=2)
        one_writer(setting.bench, readers=1, key=key, topic="rt/other", timeout=setting.answer_timeout)
        assert setting.link is not None
        setting.link.cut()  # the Agent does not hear that this session ends
        setting.start(buffers=2)
        setting.link.restore()
        setting._keys = key - 1
        _, topology = setting.begin(buffers=2, readers=2, sessions=sessions)
        assert setting.next_key() == key + 1 + sessions, "the first key was refused"
        setting.settle()
        seen = setting.bench.exchange(
            session=topology.session, writer=topology.writer, count=5, length=16, readers=2, deadline=2.0
        )
        assert seen.complete


def test_what_no_late_answer_explains_is_not_tried_again() -> None:
    tried: list[Status] = []

    def attempt(status: Status) -> None:
        tried.append(status)
        raise Refused(Command.CREATE, status)

    for status, times in ((Status.TABLE_FULL, 1), (Status.TIMEOUT, 3)):
        tried.clear()
        with pytest.raises(Refused):
            again_if_late(lambda status=status: attempt(status))  # type: ignore[misc]
        assert tried == [status] * times

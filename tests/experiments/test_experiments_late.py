"""An Agent whose answers come late: what it refuses because it holds it already is made under a new key."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.bench import Command, Refused, Status
from rig.inventory import Inventory
from rig.station import Station, again_if_late

pytestmark = [pytest.mark.firmware, pytest.mark.timeout(60)]


@pytest.mark.parametrize("sessions", (1, 2))
def test_entities_that_the_agent_holds_already_are_made_under_a_new_key(
    project_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sessions: int
) -> None:
    (board,) = Inventory.load(project_root / "boards.yaml").select(["native"])
    with Station(board, agent="builtin", directory=tmp_path) as station:
        setting = station.prepare("network", quick=True)
        assert setting.link is not None
        key = setting.next_key()
        setting._keys = key - 1
        # As where a Client logs in again since the answer came too late: its session is there, with a participant.
        monkeypatch.setattr("rig.agent._remote._OTHER_KEY", key.to_bytes(4, "big"))
        monkeypatch.setattr("rig.agent._remote._SESSION", 0x01)
        earlier = setting.link.remote_ends()
        assert earlier is not None
        earlier.close()
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

"""The path of real boards (``kind: probe``), with an emulated probe standing on the bench."""

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rig.board import Board, open_board
from rig.errors import BoardFault, LeaseFault, UsageError
from rig.inventory import BoardSpec, ProbeSpec
from rig.lease import lease
from rig.probe import FirmwareImage
from rig.probe.qemu import EmulatedMachine, launch

pytestmark = pytest.mark.qemu


@pytest.fixture
def bench(state_directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmulatedMachine]:
    """A micro:bit that somebody else powers: its probe is seen here, its lease is free."""
    with launch("microbit", name="on-the-bench") as machine:
        (tmp_path / "boards").symlink_to(state_directory / "boards")
        monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path))
        yield machine
        monkeypatch.undo()


@pytest.fixture
def spec(bench: EmulatedMachine, specs: dict[str, BoardSpec]) -> BoardSpec:
    return dataclasses.replace(
        specs["lost"], name="dk", core="cortex-m0", probe=ProbeSpec(uid=bench.uid, frequency=1_000_000)
    )


@pytest.fixture
def board(spec: BoardSpec, images: dict[str, FirmwareImage]) -> Iterator[Board]:
    with open_board(spec) as opened:
        opened.flash(images["microbit"])
        opened.boot()
        yield opened


def test_board_is_used_by_its_uid_and_leased(board: Board, spec: BoardSpec, bench: EmulatedMachine) -> None:
    assert board.console.wait_for("hello", 10)
    identity = board.identity
    assert (identity.probe_uid, identity.emulator, identity.icount_shift) == (bench.uid, None, None)
    assert board.link.device == "/dev/ttyACM99"
    with pytest.raises(LeaseFault, match="held by process"), open_board(spec):
        pass
    assert board.alive()


def test_another_core_than_the_inventory_names_is_refused(spec: BoardSpec, bench: EmulatedMachine) -> None:
    wrong = dataclasses.replace(spec, core="cortex-m4")
    told = r"board dk .* should have a cortex-m4, but probe .* finds a cortex-m0"
    with pytest.raises(UsageError, match=told), open_board(wrong):
        pass
    assert bench.alive()
    with lease(bench.uid):  # all let go
        pass


def test_board_runs_on_when_it_is_let_go(spec: BoardSpec, images: dict[str, FirmwareImage]) -> None:
    counter = images["microbit"].find("demo_counter").address
    with open_board(spec) as board:
        board.flash(images["microbit"])
        board.boot()
        board.console.wait_for("hello", 10)
    with open_board(spec) as board:
        assert board.memory.read_u32(counter) > 0
        assert board.flash(images["microbit"]).skipped


def test_lost_session_is_mended_by_the_ladder_and_counted(board: Board, wait_until: Callable[..., bool]) -> None:
    assert board.probe is not None
    assert board.console.wait_for("hello", 10)
    board.probe.session.probe.close()  # as when somebody pulls the cable
    board.boot()
    assert board.alive()
    assert dict(board.recoveries) == {"reset": 1, "reconnect": 1}
    assert wait_until(lambda: board.console.text().count("hello") == 2)


def test_board_that_stays_away_latches(board: Board, bench: EmulatedMachine) -> None:
    bench.stop()
    with pytest.raises(BoardFault) as caught:
        board.boot()
    assert "board dk" in caught.value.message
    with pytest.raises(BoardFault, match="out of use since"):
        board.boot()
    with pytest.raises(BoardFault, match="out of use since"):
        board.memory.read_u32(0x2000_0000)
    assert not board.alive()


def test_power_cycle_brings_firmware_back(board: Board) -> None:
    board.power_cycle()
    assert board.alive()
    board.boot()
    assert board.alive()
    assert dict(board.recoveries) == {"power-cycle": 1}

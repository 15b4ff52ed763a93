"""The launcher of emulated boards: what it leaves, when it dies, and what it says of a bad start."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from rig_process import wait_gone

from rig.errors import EnvironmentFault, UsageError
from rig.inventory import CORES, MACHINE_CORES, MACHINE_TARGETS
from rig.probe._cores import architecture_of_core
from rig.probe.qemu import MACHINES, EmulatedMachine, launch, qemu_version, running_descriptors

pytestmark = pytest.mark.qemu


def test_board_is_described_while_it_runs_and_leaves_nothing(state_directory: Path) -> None:
    with launch("mps2-an385", name="bench one") as board:
        assert board.alive()
        assert board.exit_reason() is None
        assert board.uart is not None
        assert Path(board.uart).exists()
        assert [found.uid for found in running_descriptors()] == [board.uid]
        run_dir, pid = Path(board.descriptor.run_dir), board.pid
        assert run_dir.is_dir()
    assert not board.alive()
    assert board.exit_reason() == "stopped by the rig"
    assert not psutil.pid_exists(pid)
    assert not run_dir.exists()
    assert running_descriptors() == []
    assert list((state_directory / "boards").iterdir()) == []


def test_instances_of_one_board_get_ids_of_their_own() -> None:
    with launch("microbit", name="mb") as first, launch("microbit", name="mb") as second:
        assert first.uid != second.uid
        assert len(running_descriptors()) == 2
    with launch("microbit", name="mb") as third:
        assert third.uid == first.uid, "ids are used again"


def test_chosen_uid_is_taken_once() -> None:
    with launch("microbit", name="mb", uid="my-board") as board:
        assert board.uid == "my-board"
        with pytest.raises(UsageError, match="'my-board' already runs"), launch("microbit", name="mb", uid="my-board"):
            pass


def test_board_without_uart() -> None:
    with launch("microbit", name="mb", serial="none") as board:
        assert board.uart is None


@pytest.mark.parametrize("align", [False, True])
def test_virtual_time_options_are_accepted(align: bool) -> None:
    with launch("mps2-an385", name="a", align=align) as board:
        assert board.alive()
    with launch("mps2-an385", name="a", icount_shift=None) as board:
        assert board.alive()


def test_missing_qemu_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        pytest.raises(EnvironmentFault, match="qemu-system-arm is not installed") as caught,
        launch("microbit", name="m"),
    ):
        pass
    assert caught.value.hint == "apt-get install qemu-system-arm"
    with pytest.raises(EnvironmentFault):
        qemu_version()


def test_unknown_machine_lists_the_known() -> None:
    with pytest.raises(UsageError, match="unknown QEMU machine 'mps3'") as caught, launch("mps3", name="m"):
        pass
    assert "mps2-an385" in caught.value.hint


def test_killed_emulator_gives_its_reason() -> None:
    with launch("microbit", name="mb") as board:
        os.kill(board.pid, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while board.alive():  # its threads end one by one
            assert time.monotonic() < deadline
        assert board.exit_reason() == "QEMU was ended by signal 9 (SIGKILL)"
        assert running_descriptors() == []
        assert Path(board.descriptor.run_dir).is_dir(), "its log is kept for its owner"
    assert not Path(board.descriptor.run_dir).exists()


LAUNCH_AND_WAIT = """
import sys, time
from rig.probe.qemu import launch
with launch("microbit", name="orphan") as board:
    print(board.pid, board.descriptor.run_dir, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
def test_emulator_ends_with_the_rig(ending: signal.Signals) -> None:
    rig = subprocess.Popen(
        [sys.executable, "-c", LAUNCH_AND_WAIT], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert rig.stdout is not None
    pid, run_dir = rig.stdout.readline().split()
    assert [found.pid for found in running_descriptors()] == [int(pid)]
    rig.send_signal(ending)
    rig.wait(20)
    rig.stdout.close()
    assert wait_gone(int(pid))
    assert running_descriptors() == []
    assert not Path(run_dir).exists(), "what a killed rig left is swept"


def test_emulator_outlives_the_thread_that_launched_it() -> None:
    boards: list[EmulatedMachine] = []
    stop = threading.Event()
    context = launch("microbit", name="mb")
    thread = threading.Thread(target=lambda: boards.append(context.__enter__()))
    thread.start()
    thread.join()
    stop.wait(0.2)
    assert boards[0].alive()
    context.__exit__(None, None, None)
    assert not boards[0].alive()


def test_long_state_directory_does_not_break_sockets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a-rather-long-directory-name"] * 6)
    monkeypatch.setenv("RIG_STATE_DIR", str(deep))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path.joinpath("x" * 100)))
    with launch("microbit", name="mb") as board:
        assert [found.uid for found in running_descriptors()] == [board.uid]


def test_foreign_and_damaged_descriptors_are_passed_over(state_directory: Path) -> None:
    folder = state_directory / "boards"
    folder.mkdir(exist_ok=True)
    (folder / "other.board.json").write_text("{not json")
    (folder / "old.board.json").write_text('{"uid": "old"}')
    try:
        with launch("microbit", name="mb") as board:
            assert [found.uid for found in running_descriptors()] == [board.uid]
    finally:
        for name in ("other", "old"):
            (folder / f"{name}.board.json").unlink()


def test_version_is_a_version() -> None:
    assert all(part.isdigit() for part in qemu_version().split("."))


def test_inventory_agrees_on_the_machines() -> None:
    assert {name: machine.core for name, machine in MACHINES.items()} == dict(MACHINE_CORES)
    assert {name: machine.target for name, machine in MACHINES.items()} == dict(MACHINE_TARGETS)
    assert all(architecture_of_core(core) for core in CORES)
    assert set(MACHINE_CORES.values()) <= set(CORES)

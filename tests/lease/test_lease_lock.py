"""Leases: one holder at a time, across processes, and none after its holder's end."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rig.errors import EnvironmentFault, LeaseFault
from rig.lease import lease, state_dir

HOLD = """
import sys, time
from rig.lease import lease
with lease(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(autouse=True)
def _own_state_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def holder() -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lease of board-1 until a line is sent to it."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, "board-1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate(timeout=20)


def test_lease_names_its_holder() -> None:
    with lease("board-1") as held:
        assert held.name == "board-1"
        assert held.holder.pid == os.getpid()
    with lease("board-1"):
        pass


def test_second_holder_is_told_who_and_since_when(holder: subprocess.Popen[str]) -> None:
    told = rf"'board-1' is held by process {holder.pid} \(.*\) since \d{{4}}-"
    with pytest.raises(LeaseFault, match=told) as caught, lease("board-1"):
        pass
    assert f"kill {holder.pid}" in caught.value.hint
    with lease("board-2"):  # another board is free
        pass


def test_same_process_does_not_get_it_twice() -> None:
    with lease("board-1"), pytest.raises(LeaseFault, match=f"process {os.getpid()}"), lease("board-1"):
        pass


def test_lease_dies_with_a_killed_holder(holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait(20)
    with lease("board-1", timeout=5) as held:
        assert held.holder.pid == os.getpid()


def test_waiting_gets_it_when_it_is_let_go(holder: subprocess.Popen[str]) -> None:
    assert holder.stdin is not None
    timer = threading.Timer(0.2, lambda: (holder.stdin.write("\n"), holder.stdin.flush()))  # type: ignore[union-attr]
    timer.start()
    with lease("board-1", timeout=20):
        pass
    timer.join()


def test_waiting_ends_at_its_time(holder: subprocess.Popen[str]) -> None:
    started = time.monotonic()
    with pytest.raises(LeaseFault), lease("board-1", timeout=0.3):
        pass
    assert time.monotonic() - started >= 0.3


def test_lease_is_let_go_by_an_exception() -> None:
    with pytest.raises(ZeroDivisionError), lease("board-1"):
        raise ZeroDivisionError
    with lease("board-1"):
        pass


@pytest.mark.parametrize("name", ["a/b", "../escape", "ü", "with space", "x" * 80, ".", "%2f"])
def test_any_name_is_one_file_in_the_lease_directory(name: str) -> None:
    with lease(name) as held:
        assert held.path.parent == state_dir("leases")
        assert held.path.is_file()


def test_names_that_look_alike_are_different() -> None:
    with lease("a/b"), lease("a_b"), lease("a%2fb"):
        pass


def test_unusable_state_directory_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "file"))
    with pytest.raises(EnvironmentFault, match="cannot be created") as caught, lease("board-1"):
        pass
    assert "RIG_STATE_DIR" in caught.value.hint


def test_damaged_holder_note_does_not_matter(holder: subprocess.Popen[str]) -> None:
    (state_dir("leases") / "board-1.lease").write_bytes(b"{nonsense")
    with pytest.raises(LeaseFault, match="held by another process"), lease("board-1"):
        pass

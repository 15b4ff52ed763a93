"""A scratch directory goes with its process, however that ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rig.lease import Scratch, state_dir


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path))


def test_it_is_there_and_goes() -> None:
    with Scratch("parts") as scratch:
        (scratch.path / "file").write_text("x")
        assert scratch.path.parent == state_dir("parts")
    assert not scratch.path.exists()
    scratch.remove()


def test_what_a_killed_process_left_is_swept_and_a_living_one_is_left_alone() -> None:
    program = "from rig.lease import Scratch; print(Scratch('parts').path, flush=True); input()"
    command = [sys.executable, "-c", program]
    with Scratch("parts") as living:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ)
        )
        assert process.stdin is not None and process.stdout is not None
        left = Path(process.stdout.readline().strip())
        (left / "memory").write_bytes(bytes(100))
        process.send_signal(signal.SIGKILL)
        process.wait(20)
        process.stdin.close()
        process.stdout.close()
        assert left.is_dir()
        with Scratch("parts"):
            assert not left.exists()
            assert living.path.is_dir()

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rig_process import Finished, RigProcess

from rig.probe.qemu import running_descriptors


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    directory = tmp_path / "state"
    directory.mkdir()
    yield directory
    running_descriptors(directory)  # removes what emulated boards of a killed rig have left in the temporary directory


@pytest.fixture
def rig(project_root: Path, state: Path) -> Callable[..., Finished]:
    """Run `rig` to its end in the project's root."""

    def run(*arguments: str, cwd: Path | None = None, **environment: str) -> Finished:
        done = subprocess.run(
            [sys.executable, "-m", "rig.cli", *arguments],
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
            cwd=cwd or project_root,
            env={**os.environ, "RIG_STATE_DIR": str(state), "RIG_HISTORY": "off", **environment},
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Finished(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def start(project_root: Path, state: Path, tmp_path: Path) -> Iterator[Callable[..., RigProcess]]:
    """Start `rig` and leave it running; whatever is left is ended with the test."""
    started: list[RigProcess] = []

    def run(*arguments: str, **environment: str) -> RigProcess:
        process = RigProcess(
            arguments,
            {"RIG_STATE_DIR": str(state), "RIG_HISTORY": "off", **environment},
            project_root,
            tmp_path / f"rig-{len(started)}.log",
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.end()

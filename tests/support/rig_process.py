"""Processes: a `rig` of its own, for tests of the command line, and what is left of others."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Finished:
    """What a `rig` process left."""

    code: int
    out: str
    err: str


class RigProcess:
    """A running `rig`, in a session of its own, so that only it gets our signals."""

    def __init__(self, arguments: tuple[str, ...], environment: Mapping[str, str], cwd: Path, log: Path) -> None:
        self.log = log
        self._out = log.open("w")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rig.cli", *arguments],
            stdout=self._out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
            cwd=cwd,
            start_new_session=True,
        )

    def text(self) -> str:
        return self.log.read_text()

    def wait_for(self, words: str, timeout: float = 60.0) -> None:
        end = time.monotonic() + timeout
        while words not in self.text():
            assert self.process.poll() is None, f"ended before {words!r}:\n{self.text()}"
            assert time.monotonic() < end, f"no {words!r} within {timeout} s:\n{self.text()}"
            time.sleep(0.02)

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def names(self) -> list[str]:
        """Names of the children; a compiler may be gone before it is asked."""
        found = []
        for child in self.children():
            with contextlib.suppress(psutil.NoSuchProcess):
                found.append(child.name())
        return found

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def finish(self, timeout: float = 60.0) -> int:
        code = self.process.wait(timeout)
        self._out.close()
        return code

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)
        self._out.close()


def wait_gone(pid: int, timeout: float = 10.0) -> bool:
    """Whether a process has ended, or ends in so many seconds."""
    deadline = time.monotonic() + timeout
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def nothing_left(state: Path) -> None:
    """No descriptor of an emulated board is left; a descriptor goes with its QEMU."""
    assert list(state.rglob("*.board.json")) == []

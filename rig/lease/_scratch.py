"""A directory for the files of one process, which is removed even if the process is killed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import Self, final

from rig.lease._state_dir import state_dir

__all__ = ["Scratch"]

_LOCK = "owner"


@final
class Scratch:
    """A new directory ``path`` below the state directory's ``part``.

    ``remove`` takes it away. If the process is killed first, the next process that makes a scratch directory of the
    same part removes it: the kernel's lock on a file inside shows that the owner is gone.

    :raises EnvironmentFault: the state directory cannot be used.
    """

    def __init__(self, part: str) -> None:
        parent = state_dir(part)
        for left in parent.iterdir():
            _sweep(left)
        self.path = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=parent))
        self._lock = (self.path / _LOCK).open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def remove(self) -> None:
        """Remove the directory and all in it; harmless when it is gone."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


def _sweep(directory: Path) -> None:
    """Remove a directory whose owner is gone. One without a lock file is being made just now."""
    with contextlib.suppress(OSError), (directory / _LOCK).open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(directory, ignore_errors=True)

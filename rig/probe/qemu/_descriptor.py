"""The descriptor of a running emulated board: how a debugger in another process finds it.

One JSON file per board in the state directory. A file whose QEMU is gone is stale: it is ignored, and
swept together with its socket directory.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import final

import psutil

from rig.lease import state_dir

__all__ = ["Descriptor", "descriptor_dir", "find_descriptor", "process_start", "running_descriptors"]

_SUFFIX = ".board.json"
_RUN_DIR_PREFIX = "rig-qemu-"


@final
@dataclass(frozen=True, kw_only=True)
class Descriptor:
    """One emulated board.

    ``started`` is the process start time that tells this QEMU from a later process with the same id;
    ``owner`` is the process that launched it, likewise with its start time.
    ``run_dir`` holds the sockets and the log; its path is short, because a socket path is limited to 107 bytes.
    """

    uid: str
    name: str
    machine: str
    pid: int
    started: float
    owner: int
    owner_started: float
    run_dir: str
    uart: str | None = None

    @property
    def gdb(self) -> Path:
        return Path(self.run_dir, "gdb")

    @property
    def qtest(self) -> Path:
        return Path(self.run_dir, "qtest")

    @property
    def qmp(self) -> Path:
        return Path(self.run_dir, "qmp")

    @property
    def log(self) -> Path:
        return Path(self.run_dir, "log")

    @property
    def lock(self) -> Path:
        return Path(self.run_dir, "debugger")

    def alive(self) -> bool:
        """Whether the QEMU process it names still runs."""
        return process_start(self.pid) == self.started

    def abandoned(self) -> bool:
        """Whether the owner is gone too, so that nobody would clean up. A living owner still wants the log of a QEMU
        that died.
        """
        return process_start(self.owner) != self.owner_started

    def write(self, directory: Path) -> None:
        path = _path(directory, self.uid)
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(dataclasses.asdict(self), indent=1), encoding="utf-8")
        partial.replace(path)

    def remove(self, directory: Path) -> None:
        """Forget the board: its descriptor, sockets and log."""
        _path(directory, self.uid).unlink(missing_ok=True)
        run_dir = Path(self.run_dir)
        if run_dir.name.startswith(_RUN_DIR_PREFIX):  # never a directory that a damaged file names
            shutil.rmtree(run_dir, ignore_errors=True)


def process_start(pid: int) -> float | None:
    """Return when process ``pid`` was started (seconds), None if it is gone or only waits to be reaped."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return float(process.create_time())
    except psutil.Error:
        return None


def descriptor_dir(directory: Path | None = None) -> Path:
    """Return where descriptors live: ``boards`` in ``directory`` or in the rig's state directory."""
    if directory is None:
        return state_dir("boards")
    path = directory / "boards"
    path.mkdir(parents=True, exist_ok=True)
    return path


def running_descriptors(directory: Path | None = None) -> list[Descriptor]:
    """Return the descriptors of all running emulated boards by uid, and sweep the stale ones."""
    return sorted(_sweep(descriptor_dir(directory)), key=lambda descriptor: descriptor.uid)


def find_descriptor(uid: str, directory: Path | None = None) -> Descriptor | None:
    return next((found for found in running_descriptors(directory) if found.uid == uid), None)


def _sweep(folder: Path) -> Iterator[Descriptor]:
    for path in folder.glob(f"*{_SUFFIX}"):
        try:
            descriptor = Descriptor(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):  # removed meanwhile, or not ours
            continue
        if descriptor.alive():
            yield descriptor
        elif path.name == _file_name(descriptor.uid) and descriptor.abandoned():
            with contextlib.suppress(OSError):
                descriptor.remove(folder)


def _path(directory: Path, uid: str) -> Path:
    return directory / _file_name(uid)


def _file_name(uid: str) -> str:
    return f"{uid.replace(os.sep, '_')}{_SUFFIX}"

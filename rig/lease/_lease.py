"""One lease: an exclusive ``flock`` on a file that also says who holds it.

The kernel drops the lock when the holder ends in whatever way, so a cancelled job never leaves a board
locked. The text in the file is only for people: who holds the board *now* is decided by the lock alone,
and a file without a lock is nothing but a name. Files are never removed, since removing a file that
another process has just opened would hand out the same lease twice.

A real board is leased under its probe's unique id. An emulated board is started by its user, with an id
of its own, and is leased under that: two runs of ``mps2-an385`` get two emulators and do not wait for
each other, while two debuggers of one emulator do collide.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, final

from rig.errors import EnvironmentFault, LeaseFault
from rig.lease._state_dir import state_dir

__all__ = ["Lease", "LeaseHolder", "lease", "who_holds"]

_LOCKS = Path("/proc/locks")

_POLL_SECONDS = 0.05


@final
@dataclass(frozen=True, kw_only=True)
class LeaseHolder:
    """Who holds a lease: process id, command line, and since when (UTC, ISO 8601)."""

    pid: int
    command: str
    since: str


@final
@dataclass(frozen=True, kw_only=True)
class Lease:
    """A lease that is held; it ends with the ``with`` block, or with the process."""

    name: str
    holder: LeaseHolder
    path: Path


@contextlib.contextmanager
def lease(name: str, *, timeout: float = 0.0) -> Iterator[Lease]:
    """Hold the board unit called ``name`` for the length of the ``with`` block.

    :param name: what is locked, a probe's unique id for instance.
    :param timeout: seconds to wait for another holder; 0 tries once.
    :raises LeaseFault: somebody else holds it, with their process and since when.
    :raises EnvironmentFault: the lock file cannot be opened.
    """
    path = state_dir("leases") / f"{_file_name(name)}.lease"
    file = _open(path)
    with file:
        _acquire(file, name, timeout)
        holder = LeaseHolder(
            pid=os.getpid(),
            command=" ".join(sys.argv) or "python",
            since=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        _write_holder(file, holder)
        try:
            yield Lease(name=name, holder=holder, path=path)
        finally:
            file.seek(0)
            file.truncate()
            fcntl.flock(file, fcntl.LOCK_UN)


def who_holds(name: str) -> LeaseHolder | None:
    """Who holds ``name`` now; None if nobody does, or if this host does not say.

    It only looks. To try the lock would get in the way of a process that wants it.
    """
    path = state_dir("leases") / f"{_file_name(name)}.lease"
    try:
        inode = path.stat().st_ino
        locked = any(line.split()[1] == "FLOCK" and line.split()[5].endswith(f":{inode}") for line in _locks())
        with path.open(encoding="utf-8") as file:
            return _read_holder(file) if locked else None
    except (OSError, IndexError):
        return None


def _locks() -> list[str]:
    """Locks that are held; a line with an arrow is somebody who waits."""
    return [line for line in _LOCKS.read_text(encoding="ascii", errors="replace").splitlines() if "->" not in line]


def _file_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", lambda match: f"%{ord(match[0]):02x}", name)


def _open(path: Path) -> IO[str]:
    try:
        return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644), "r+", encoding="utf-8")
    except OSError as error:
        raise EnvironmentFault(
            f"lease file {path} cannot be opened: {error.strerror}",
            hint="check who owns the state directory, or set RIG_STATE_DIR to one of your own",
        ) from error


def _acquire(file: IO[str], name: str, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise EnvironmentFault(f"board {name!r} cannot be locked: {error.strerror}") from error
        else:
            return
        if time.monotonic() >= deadline:
            raise _held(file, name)
        time.sleep(_POLL_SECONDS)


def _held(file: IO[str], name: str) -> LeaseFault:
    holder = _read_holder(file)
    if holder is None:
        return LeaseFault(f"board {name!r} is held by another process", hint="try again in a moment")
    return LeaseFault(
        f"board {name!r} is held by process {holder.pid} ({holder.command}) since {holder.since}",
        hint=f"wait for it or end it (kill {holder.pid}); the lease ends with the process",
    )


def _write_holder(file: IO[str], holder: LeaseHolder) -> None:
    file.seek(0)
    file.truncate()
    json.dump({"pid": holder.pid, "command": holder.command, "since": holder.since}, file)
    file.flush()


def _read_holder(file: IO[str]) -> LeaseHolder | None:
    file.seek(0)
    try:
        fields = json.loads(file.read())
        return LeaseHolder(pid=int(fields["pid"]), command=str(fields["command"]), since=str(fields["since"]))
    except (ValueError, KeyError, TypeError):  # its holder is between taking the lock and signing
        return None

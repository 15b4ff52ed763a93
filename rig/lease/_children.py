"""Child processes that end with the rig, even when the rig is killed."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import IO

from rig.errors import EnvironmentFault

__all__ = ["end_child", "spawn_bound"]

_PR_SET_PDEATHSIG = 1

# The kernel's parent-death signal follows the *thread* that forked, not the process. So all forks come from
# one thread that lives as long as the process; a process forked from this one gets a thread of its own.
_lock = threading.Lock()
_forkers: dict[int, ThreadPoolExecutor] = {}


def spawn_bound(
    command: Sequence[str], *, output: IO[bytes] | int, keep: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    """Start ``command`` with stdout and stderr to ``output`` (a file or ``subprocess.PIPE``).

    It has no stdin and does not see the terminal's Ctrl-C: the rig ends it in its own order. It is killed when this
    process ends, in whatever way.

    :param keep: descriptors that it inherits under the same numbers.

    :raises EnvironmentFault: the program cannot be started.
    """
    with _lock:
        forker = _forkers.setdefault(os.getpid(), ThreadPoolExecutor(1, thread_name_prefix="forker"))
    try:
        return forker.submit(_fork, list(command), output, tuple(keep)).result()
    except OSError as error:
        raise EnvironmentFault(
            f"program {command[0]} cannot be started: {error.strerror}", hint="is it executable, and for this host?"
        ) from error


def _fork(command: list[str], output: IO[bytes] | int, keep: tuple[int, ...]) -> subprocess.Popen[bytes]:
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def die_with_parent() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it ended before the line above
            os._exit(1)

    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        pass_fds=keep,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - nothing but two system calls
    )


def end_child(process: subprocess.Popen[bytes], *, patience: float = 2.0) -> None:
    """Ask ``process`` to end (SIGTERM); kill it if it has not ended within ``patience`` seconds."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(patience)

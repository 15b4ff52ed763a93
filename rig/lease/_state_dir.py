"""Where the rig keeps files that live only as long as its processes: leases, and descriptors of emulated boards."""

from __future__ import annotations

import os
import stat
import warnings
from pathlib import Path

import platformdirs

from rig.errors import EnvironmentFault

__all__ = ["state_dir"]

_VARIABLE = "RIG_STATE_DIR"


def state_dir(part: str = "") -> Path:
    """Return the runtime state directory, or ``part`` inside it; it exists afterwards.

    ``RIG_STATE_DIR`` names it; by default it is a per-user directory that the system empties at boot.

    :raises EnvironmentFault: it cannot be created, or others might change what is in it.
    """
    override = os.environ.get(_VARIABLE)
    root = Path(override) if override else _runtime_path()
    root = root.expanduser().absolute()
    path = root / part
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        _check(root)
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentFault(
            f"state directory {path} cannot be created: {error.strerror}",
            hint=f"set {_VARIABLE} to a directory that you may write to",
        ) from error
    return path


def _check(root: Path) -> None:
    """Leases and descriptors are trusted, so the directory must belong to this user alone."""
    found = root.stat()
    if found.st_uid not in (os.geteuid(), 0):
        raise EnvironmentFault(
            f"state directory {root} belongs to user {found.st_uid}",
            hint=f"set {_VARIABLE} to a directory of your own",
        )
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise EnvironmentFault(
            f"state directory {root} may be written to by others (mode {stat.S_IMODE(found.st_mode):o})",
            hint=f"chmod 700 {root}, or set {_VARIABLE} to a directory of your own",
        )


def _runtime_path() -> Path:
    with warnings.catch_warnings():  # no XDG_RUNTIME_DIR, as in a container: the fallback below /tmp serves as well
        warnings.simplefilter("ignore")
        return platformdirs.user_runtime_path("microros-shm-rig", appauthor=False)

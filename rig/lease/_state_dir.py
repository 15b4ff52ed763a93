"""Where the rig keeps what only lives as long as its processes: leases and descriptors of emulated boards."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import platformdirs

from rig.errors import EnvironmentFault

__all__ = ["state_dir"]

_VARIABLE = "RIG_STATE_DIR"


def state_dir(part: str = "") -> Path:
    """Return the runtime state directory, or ``part`` inside it; it exists afterwards.

    ``RIG_STATE_DIR`` names it; by default it is a per-user directory that the system empties at boot.

    :raises EnvironmentFault: it cannot be created.
    """
    override = os.environ.get(_VARIABLE)
    root = Path(override) if override else _runtime_path()
    path = root.expanduser().absolute() / part
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentFault(
            f"state directory {path} cannot be created: {error.strerror}",
            hint=f"set {_VARIABLE} to a directory that you may write to",
        ) from error
    return path


def _runtime_path() -> Path:
    with warnings.catch_warnings():  # no XDG_RUNTIME_DIR, as in a container: the fallback below /tmp serves as well
        warnings.simplefilter("ignore")
        return platformdirs.user_runtime_path("microros-shm-rig", appauthor=False)

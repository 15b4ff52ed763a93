"""Where the rig's own files lie: in a checkout, or inside an installed package; and where what it makes may go.

A checkout has ``firmware/`` and ``boards.yaml`` beside ``rig/``. A wheel carries both inside the package, where nothing
may be written: what is built of them goes to the user's cache.
"""

from __future__ import annotations

import functools
import hashlib
import os
from pathlib import Path

import platformdirs

from rig.errors import EnvironmentFault, UsageError

__all__ = ["PROGRAM", "boards_files", "build_directory", "checkout", "find_boards_file", "firmware_root"]

PROGRAM = "microros-shm-rig"
"""The name of this program's folders among a user's configuration and cache."""

_PACKAGE = Path(__file__).resolve().parent
_CARRIED = _PACKAGE / "_carried"  # setup.py puts it into a wheel


def checkout() -> Path | None:
    """The checkout that this package is imported from; None if it was installed from a wheel."""
    root = _PACKAGE.parent
    return root if (root / "firmware" / "CMakePresets.json").exists() else None


def boards_files() -> list[Path]:
    """Where an inventory is looked for, in this order: this directory, ``$RIG_BOARDS``, the user's configuration, the
    rig's checkout, the one that the package carries."""
    named = os.environ.get("RIG_BOARDS")
    root = checkout()
    return [
        Path("boards.yaml"),
        *([Path(named)] if named else []),
        platformdirs.user_config_path(PROGRAM, appauthor=False) / "boards.yaml",
        *([root / "boards.yaml"] if root else []),
        _CARRIED / "boards.yaml",
    ]


def find_boards_file(named: Path | None = None) -> Path:
    """The inventory to use: the one named, or the first of ``boards_files()`` that is there.

    :raises UsageError: there is none, or ``$RIG_BOARDS`` would be next and names a file that is not there.
    """
    if named is not None:
        return named
    for candidate in boards_files():
        if candidate.exists():
            return candidate
        if str(candidate) == os.environ.get("RIG_BOARDS"):
            raise UsageError(f"RIG_BOARDS names {candidate}, which is not there", hint="mend or unset RIG_BOARDS")
    raise UsageError("no boards.yaml in this directory", hint="name one with --boards FILE")


def firmware_root() -> Path:
    """The sources of the firmware: ``$RIG_FIRMWARE``, else the checkout's, else those that the package carries.

    :raises EnvironmentFault: there are none.
    """
    named = os.environ.get("RIG_FIRMWARE")
    root = checkout()
    found = Path(named).absolute() if named else root / "firmware" if root else _CARRIED / "firmware"
    if not (found / "CMakePresets.json").exists():
        raise EnvironmentFault(
            f"no firmware sources at {found}", hint="set RIG_FIRMWARE to the firmware/ folder of a checkout of the rig"
        )
    return found


def build_directory() -> Path:
    """Where the firmware is built: ``build/`` beside its sources; for those of an installed package, and where nothing
    can be written beside them, a folder of the user's cache that belongs to exactly these sources.

    :raises EnvironmentFault: no sources, or the folder cannot be made.
    """
    root = firmware_root()
    beside = root / "build"
    carried = root.is_relative_to(_PACKAGE)
    own = not carried and os.access(beside if beside.exists() else root, os.W_OK)
    directory = beside if own else _cached(root)
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentFault(
            f"cannot make {directory}, where firmware is built: {error.strerror}",
            hint="make room there, or set XDG_CACHE_HOME to a directory that you may write",
        ) from error
    return directory


@functools.cache
def _cached(root: Path) -> Path:
    """CMake ties a build to the place of its sources, and its clock to theirs: both are in the name."""
    digest = hashlib.sha256(str(root).encode())
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(root)}\0".encode())
        digest.update(path.read_bytes())
    return platformdirs.user_cache_path(PROGRAM, appauthor=False) / "firmware" / digest.hexdigest()[:16]

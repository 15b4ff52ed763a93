"""The profile file of an Agent (``-r`` of MicroXRCEAgent). Knows files; what is in them is ``builtin``'s."""

from __future__ import annotations

from pathlib import Path

from rig.agent.builtin import Profile, read_profiles
from rig.errors import UsageError


def load_profiles(path: Path) -> dict[str, Profile]:
    """Read a profile file.

    :raises UsageError: no such file, or no XML profiles in it.
    """
    try:
        return read_profiles(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"profile file {path}: {error}", hint="give a readable XML profile file") from error
    except ValueError as error:
        raise UsageError(
            f"profile file {path}: {error}", hint="give an XML file with one <profiles> element"
        ) from error

"""Where labgrid is installed: never in the rig's own environment."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from rig.errors import EnvironmentFault
from rig.places import checkout

__all__ = ["labgrid_client", "labgrid_python"]

VARIABLE = "RIG_LABGRID"
_CLIENT = "labgrid-client"
_OWN = ".venv-labgrid"


def labgrid_client() -> Path:
    """The program ``labgrid-client``: of the environment that ``$RIG_LABGRID`` names, of the checkout's own
    (`./bootstrap labgrid`), or the one on PATH.

    :raises EnvironmentFault: there is none.
    """
    named = os.environ.get(VARIABLE)
    root = checkout()
    if named:
        places = [Path(named).expanduser() / "bin" / _CLIENT]
    else:
        on_path = shutil.which(_CLIENT)
        own = [root / _OWN / "bin" / _CLIENT] if root else []
        places = [*own, *([Path(on_path)] if on_path else [])]
    for place in places:
        if place.exists():
            return place.absolute()
    raise EnvironmentFault(
        f"{VARIABLE} names {named}, and there is no bin/{_CLIENT} in it"
        if named
        else f"no {_CLIENT} on PATH: places are leased through labgrid",
        hint="./bootstrap labgrid in a checkout of the rig; or pipx install labgrid, never into the rig's environment;"
        f" or {VARIABLE} names the directory of an environment that has it",
    )


def labgrid_python() -> Path:
    """The Python that labgrid is installed for: the one beside its client.

    :raises EnvironmentFault: there is none.
    """
    client = labgrid_client()
    python = client.resolve().parent / "python3"
    if not python.exists():
        raise EnvironmentFault(
            f"there is no python3 beside {client}",
            hint=f"set {VARIABLE} to the environment that labgrid is installed in",
        )
    return python

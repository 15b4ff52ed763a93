"""One run for several processes that ask for the same one: the first makes it, the others wait and read it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import re
import time
from collections.abc import Callable
from pathlib import Path

from rig.errors import RigError, fault_by
from rig.lease import state_dir
from rig.records import RunRecord, load

__all__ = ["share_run"]

_KEPT_SECONDS = 86400.0


def share_run(key: str, make: Callable[[], tuple[RunRecord, Path]]) -> RunRecord:
    """The run that ``make`` makes for whoever asks first with this key; a maker that is killed is followed by the next.

    :param make: returns the record and the directory that holds it, published.
    :raises RigError: what ``make`` raised, in every process that asks.
    """
    folder = state_dir("shared-runs")
    _sweep(folder)
    path = folder / f"{re.sub(r'[^A-Za-z0-9._-]', '_', key)}.json"
    with path.open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # let go by the kernel, in whatever way this process ends
        file.seek(0)
        told = file.read()
        if told:
            made = json.loads(told)
            if "directory" in made:
                return load(Path(made["directory"]))
            raise fault_by(made["blame"], made["message"], hint=made["hint"])
        try:
            record, directory = make()
        except RigError as error:
            json.dump({"blame": error.blame, "message": error.message, "hint": error.hint}, file)
            raise
        json.dump({"directory": str(directory.absolute())}, file)
        return record


def _sweep(folder: Path) -> None:
    for old in folder.glob("*.json"):
        with contextlib.suppress(OSError):
            if time.time() - old.stat().st_mtime > _KEPT_SECONDS:
                old.unlink()

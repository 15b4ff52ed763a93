"""Commands of the person's own beside a board: for its power, and at certain points of a run. Each has a time limit."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence

from rig.errors import EnvironmentFault
from rig.lease import spawn_bound
from rig.records import Command, printable

__all__ = ["run_command"]

_KEPT_BYTES = 4000


def run_command(
    name: str, words: Sequence[str], *, seconds: float, variables: Mapping[str, str] | None = None
) -> Command:
    """Run a command, without a shell, and say how it ended; it is killed, with all it has started, after ``seconds``.

    :param variables: what it gets in its environment beside ours.
    :raises EnvironmentFault: it cannot be started.
    """
    begin = time.monotonic()
    told = [f"{key}={value}" for key, value in (variables or {}).items()]
    with tempfile.TemporaryFile() as output:
        child = spawn_bound(["env", *told, *words] if told else list(words), output=output)
        code: int | None
        try:
            code = child.wait(seconds)
        except subprocess.TimeoutExpired:
            code = None
            with contextlib.suppress(OSError):
                os.killpg(child.pid, signal.SIGKILL)  # it has a session of its own
            child.wait()
        output.seek(0)
        said = output.read()
    if code == 127 and told:
        raise EnvironmentFault(f"program {words[0]} cannot be started: there is none", hint="name it with its path")
    return Command(
        name=name,
        command=" ".join(words),
        code=code,
        seconds=round(time.monotonic() - begin, 3),
        output=printable(said[-_KEPT_BYTES:].decode("utf-8", "replace")),
    )

"""A whole run on another host, where the board hangs: through ssh, and the record comes back.

The other host's rig measures with its own probe, line and clocks; only the record crosses the network. Its console
comes through ssh's standard error while it runs, the run's directory through standard output at the end. The run ends
with the connection: when ssh's input ends, the other rig is interrupted and lets the board go.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import tarfile
from collections.abc import Sequence
from io import BufferedReader
from pathlib import Path
from typing import IO, cast

from rig.errors import EnvironmentFault, ExitCode, UsageError

__all__ = ["run_on"]

SSH_VARIABLE = "RIG_SSH"
"""The command to use in place of ``ssh``, with options if it needs some."""

_SSH_FAILED = 255
_PREFIX = "run/"
_SCRIPT = """\
set -u
exec 3<&0
T=$(mktemp -d) || exit 3
trap 'rm -rf "$T"' EXIT
{where}
command -v {rig} >/dev/null || {{ echo "rig: no rig at {rig} on this host" >&2; exit 3; }}
env --default-signal=INT {rig} run {arguments} --out "$T/run" >&2 </dev/null & P=$!
{{ cat <&3 >/dev/null; kill -INT $P 2>/dev/null; }} & W=$!
wait $P; code=$?
kill $W 2>/dev/null
[ ! -d "$T/run" ] || tar -C "$T" -czf - run
exit $code
"""


def run_on(host: str, arguments: Sequence[str], directory: Path) -> int:
    """Make ``rig run ARGUMENTS`` on ``host`` and bring its record into ``directory``; returns that run's exit code.

    :param host: as ssh takes it; with ``:DIR`` behind it the rig of the checkout in that directory is used, else the
        one on PATH. Files that the arguments name are of that host.
    :raises UsageError: the host's name cannot be one.
    :raises EnvironmentFault: it cannot be reached, or sends no record.
    """
    name, _, checkout = host.partition(":")
    if not name or name.startswith("-"):
        raise UsageError(f"no host can be called {name!r}", hint="rig run --on HOST, or HOST:DIRECTORY")
    script = _SCRIPT.format(
        where=f"cd {shlex.quote(checkout)} || exit 3" if checkout else ":",
        rig=".venv/bin/rig" if checkout else "rig",
        arguments=shlex.join(arguments),
    )
    command = [*shlex.split(os.environ.get(SSH_VARIABLE, "ssh")), name, f"sh -c {shlex.quote(script)}"]
    try:
        # A session of its own: Ctrl-C is for us, and ends the other run in its own order.
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    except OSError as error:
        raise EnvironmentFault(
            f"{command[0]} cannot be started: {error.strerror}", hint=f"install ssh, or set {SSH_VARIABLE}"
        ) from error
    assert process.stdin is not None and process.stdout is not None
    with process, process.stdout as record:
        received = _receive(cast(BufferedReader, record), process.stdin, directory)
        code = process.wait()
    if code == _SSH_FAILED:
        raise EnvironmentFault(
            f"{name} cannot be reached through ssh, or the connection broke", hint=f"try: ssh {name} true"
        )
    if not received and code not in (ExitCode.USAGE, ExitCode.FAULT):
        raise EnvironmentFault(f"{name} sent no record (exit code {code})", hint="what it said stands above")
    return code


def _receive(record: BufferedReader, held: IO[bytes], directory: Path) -> bool:
    """Unpack what comes; after Ctrl-C the other side is told, and what it still sends is kept."""
    while True:
        try:
            return _unpack(record, directory)
        except KeyboardInterrupt:
            held.close()


def _unpack(record: BufferedReader, directory: Path) -> bool:
    if not record.peek(1):  # waits for the run's end
        return False
    try:
        with tarfile.open(fileobj=record, mode="r|gz") as archive:
            for member in archive:
                member.name = member.name.removeprefix(_PREFIX)
                if member.name != _PREFIX.rstrip("/"):
                    archive.extract(member, directory, filter="data")
    except (tarfile.TarError, EOFError, OSError) as error:
        raise EnvironmentFault(f"the record did not come whole: {error}", hint="run it again") from error
    return True

"""Starts one QEMU as an emulated board, announces it to debuggers, and ends it again."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, final

from rig.errors import BoardFault, EnvironmentFault, LeaseFault, UsageError
from rig.lease import end_child, lease, spawn_bound
from rig.probe.qemu._descriptor import Descriptor, descriptor_dir, find_descriptor, process_start
from rig.probe.qemu._machines import MACHINES, Machine

__all__ = ["EmulatedMachine", "launch", "qemu_version"]

_PROGRAM = "qemu-system-arm"
_INSTALL_HINT = "apt-get install qemu-system-arm"
_START_TIMEOUT = 20.0  # seconds
_LOG_TAIL = 4096
_MAX_INSTANCES = 100


@final
class EmulatedMachine:
    """One running QEMU that stands in for a board.

    ``uid`` is its probe's unique id; ``uart`` the pty behind the first UART, None if it has none.
    """

    def __init__(self, machine: Machine, descriptor: Descriptor, process: subprocess.Popen[bytes]) -> None:
        self.machine = machine
        self.descriptor = descriptor
        self._process = process
        self._stopped = False
        self._last_log = ""

    @property
    def uid(self) -> str:
        """Unique id of its probe."""
        return self.descriptor.uid

    @property
    def pid(self) -> int:
        """Process id of QEMU."""
        return self._process.pid

    @property
    def uart(self) -> str | None:
        """Device path of the pty behind the first UART."""
        return self.descriptor.uart

    def alive(self) -> bool:
        """Whether QEMU runs."""
        return self._process.poll() is None

    def exit_reason(self) -> str | None:
        """Return why QEMU ended, None while it runs."""
        code = self._process.poll()
        if code is None:
            return None
        if self._stopped:
            return "stopped by the rig"
        fatal = re.search(r"^qemu: fatal: (.+)$", self.log_tail(), re.MULTILINE)
        if fatal:
            return f"QEMU gave up: {fatal[1].strip()}"
        if code < 0:
            return f"QEMU was ended by signal {-code} ({_signal_name(-code)})"
        return f"QEMU ended with exit code {code}"

    def log_tail(self) -> str:
        """Return the last lines of QEMU's output, also after it was stopped."""
        with contextlib.suppress(OSError):
            self._last_log = self.descriptor.log.read_bytes()[-_LOG_TAIL:].decode(errors="replace")
        return self._last_log

    def stop(self) -> None:
        """End QEMU and forget the board; doing it twice is harmless."""
        if self.alive():
            self._stopped = True
            end_child(self._process)
        self.log_tail()


@contextlib.contextmanager
def launch(
    machine: str,
    *,
    name: str,
    uid: str | None = None,
    icount_shift: int | None = 7,
    align: bool = False,
    serial: Literal["pty", "none"] = "pty",
    state_dir: Path | None = None,
) -> Iterator[EmulatedMachine]:
    """Run an emulated board for the length of the ``with`` block; its core is parked until it is reset.

    :param machine: a key of ``MACHINES``.
    :param name: the board's name, from which its unique id is made.
    :param uid: a unique id of the caller's choice.
    :param icount_shift: each instruction takes 2**shift ns of virtual time; None: no fixed time. With the default of 7
        (128 ns) the boards' 25 MHz (40 ns) and 16 MHz (62.5 ns) timers tell single instructions apart: ``round(ticks *
        tick_ns / 128)`` is exact.
    :param align: keep virtual time in step with real time, for firmware that talks to a process of the host.
    :param serial: ``"pty"`` gives the first UART a pseudo terminal.
    :param state_dir: where the descriptor goes, by default where pyOCD's plugin looks.
    :raises UsageError: no such machine, or the unique id is taken.
    :raises EnvironmentFault: QEMU is not installed.
    :raises BoardFault: QEMU did not start.
    """
    spec = _machine(machine)
    program = _find_program()
    folder = descriptor_dir(state_dir)
    with contextlib.ExitStack() as stack:
        uid = _claim_uid(stack, name, uid, state_dir)
        run_dir = _make_run_dir()
        stack.callback(shutil.rmtree, run_dir, ignore_errors=True)
        command = _command(program, spec, run_dir, icount_shift=icount_shift, align=align, serial=serial)
        with (run_dir / "log").open("wb") as log:
            process = spawn_bound(command, output=log)
        descriptor = _describe(uid, name, machine, process.pid, run_dir)
        board = EmulatedMachine(spec, descriptor, process)
        stack.callback(descriptor.remove, folder)
        stack.callback(board.stop)
        uart = _wait_ready(board, wants_uart=serial == "pty")
        board.descriptor = dataclasses.replace(descriptor, uart=uart)
        board.descriptor.write(folder)
        yield board


def qemu_version() -> str:
    """Return the version of QEMU, such as ``"7.2.22"``.

    :raises EnvironmentFault: QEMU is not installed.
    """
    return _version_of(_find_program())


@functools.cache
def _version_of(program: str) -> str:
    output = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=20).stdout
    match = re.search(r"version (\d+(?:\.\d+)+)", output)
    return match[1] if match else "unknown"


def _machine(name: str) -> Machine:
    try:
        return MACHINES[name]
    except KeyError:
        raise UsageError(
            f"unknown QEMU machine {name!r}", hint=f"the rig knows {', '.join(sorted(MACHINES))}"
        ) from None


def _find_program() -> str:
    program = shutil.which(_PROGRAM)
    if program is None:
        raise EnvironmentFault(f"{_PROGRAM} is not installed, or not on PATH", hint=_INSTALL_HINT)
    return program


def _claim_uid(stack: contextlib.ExitStack, name: str, uid: str | None, folder: Path | None) -> str:
    """Return a unique id that is leased to this process until ``stack`` unwinds."""
    if uid is not None:
        if find_descriptor(uid, folder) is not None:
            raise UsageError(f"an emulated board {uid!r} already runs", hint="choose another unique id")
        stack.enter_context(lease(uid))
        return uid
    for number in range(1, _MAX_INSTANCES):
        candidate = f"qemu-{name}-{number}"
        if find_descriptor(candidate, folder) is not None:
            continue
        with contextlib.suppress(LeaseFault):
            stack.enter_context(lease(candidate))
            return candidate
    return f"qemu-{name}-{secrets.token_hex(4)}"


def _make_run_dir() -> Path:
    """Make a directory with a short path: a unix socket path has at most 107 bytes."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    parent = runtime if 0 < len(runtime) < 60 and os.access(runtime, os.W_OK) else None
    try:
        return Path(tempfile.mkdtemp(prefix="rig-qemu-", dir=parent))
    except OSError as error:
        raise EnvironmentFault(f"no directory for QEMU's sockets: {error.strerror}", hint="set TMPDIR") from error


def _command(
    program: str, machine: Machine, run_dir: Path, *, icount_shift: int | None, align: bool, serial: str
) -> list[str]:
    command = [program, "-M", machine.name, "-accel", "tcg", "-display", "none", "-S", "-nodefaults"]
    for option, socket_name in (("-gdb", "gdb"), ("-qtest", "qtest"), ("-qmp", "qmp")):
        command += [option, f"unix:{run_dir / socket_name},server=on,wait=off"]
    command += ["-qtest-log", "none", "-serial", "pty" if serial == "pty" else "null"]
    if icount_shift is not None:
        command += ["-icount", f"shift={icount_shift},align={'on' if align else 'off'}"]
    return command


def _describe(uid: str, name: str, machine: str, pid: int, run_dir: Path) -> Descriptor:
    return Descriptor(
        uid=uid,
        name=name,
        machine=machine,
        pid=pid,
        started=process_start(pid) or 0.0,
        owner=os.getpid(),
        owner_started=process_start(os.getpid()) or 0.0,
        run_dir=str(run_dir),
    )


def _wait_ready(board: EmulatedMachine, *, wants_uart: bool) -> str | None:
    """Wait until all sockets listen; return the pty of the UART."""
    deadline = time.monotonic() + _START_TIMEOUT
    sockets = (board.descriptor.gdb, board.descriptor.qtest, board.descriptor.qmp)
    while True:
        uart = re.search(r"/dev/pts/\d+", board.log_tail()) if wants_uart else None
        if all(path.exists() for path in sockets) and (uart or not wants_uart):
            return uart[0] if uart else None
        if not board.alive():
            log = board.log_tail().strip()
            raise BoardFault(
                f"QEMU did not start machine {board.machine.name!r}: {board.exit_reason()}"
                + (f"\n{log}" if log else ""),
                hint=f"try {_PROGRAM} -M {board.machine.name} by hand",
            )
        if time.monotonic() > deadline:
            raise BoardFault(f"QEMU was not ready within {_START_TIMEOUT:g} s")
        time.sleep(0.005)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown signal"

"""Agents as processes of their own: the built-in one by its command line, an external one from PATH."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from rig.agent import ExternalAgent, find_external
from rig.errors import AgentFault

_READY_LIMIT = 20.0
_STOP_LIMIT = 10.0
_PING = bytes.fromhex("8000000002010800000afffd02000000")


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningAgent:
    """An Agent on a loopback UDP port, or (port 0) on a serial device, where it may still be starting."""

    name: str
    port: int
    pid: int


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await_ping(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _READY_LIMIT
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(0.1)
        probe.connect(("127.0.0.1", port))
        while time.monotonic() < end and process.poll() is None:
            with contextlib.suppress(OSError):
                probe.send(_PING)
                probe.recv(64)
                return
            time.sleep(0.02)
    raise AgentFault(f"the built-in Agent does not answer on UDP port {port}", hint="run: rig agent udp4 -p 8888")


@contextlib.contextmanager
def builtin(device: str | None = None) -> Iterator[RunningAgent]:
    """Run ``rig agent udp4``, or ``serial`` on a device, in a process of its own."""
    port = 0 if device is not None else _free_port()
    where = ["udp4", "-p", str(port)] if device is None else ["serial", "-D", device]
    process = subprocess.Popen(
        [sys.executable, "-m", "rig.cli", "agent", *where, "-v", "2"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        if device is None:
            _await_ping(port, process)
        yield RunningAgent(name="rig agent", port=port, pid=process.pid)
    finally:
        process.terminate()
        try:
            process.wait(_STOP_LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def external(device: str | None = None) -> Iterator[RunningAgent | None]:
    """Run the Agent that PATH offers, on UDP or a serial device; None if there is none."""
    program = find_external()
    if program is None:
        yield None
        return
    agent = ExternalAgent(program, device=device, verbosity=2 if device is None else 4)
    agent.start()
    try:
        yield RunningAgent(name=f"{program.name} {program.version}".strip(), port=agent.port, pid=agent.pid)
    finally:
        agent.stop()

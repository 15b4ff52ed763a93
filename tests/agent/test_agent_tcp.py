"""TCP connections that come in numbers, and those that are of no use: decent Clients are served all the same."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from agent_testclient import Client, TcpLink

from rig.agent import BuiltinAgent, TcpTransport


@contextlib.contextmanager
def useless(port: int, count: int) -> Iterator[list[socket.socket]]:
    """Connections that say nothing."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20)) for _ in range(count)]


def served(port: int) -> None:
    """A decent Client gets a session, perhaps after a while."""
    client = Client(TcpLink(port), b"\x0d\xec\xe1\x17")
    client.login()
    assert client.logout() == 0
    client.link.close()


def test_useless_connections_make_room() -> None:
    lines: list[str] = []
    transport = TcpTransport(connections=4)
    with BuiltinAgent([transport], log=lines.append, level=3) as agent:
        with useless(transport.port, 8) as idle:
            served(transport.port)
            idle[0].settimeout(20)
            assert idle[0].recv(1) == b"", "the oldest had to go"
        agent.check()
    assert 0 < len([line for line in lines if "4 connections" in line]) < 10, "not once for each look"


def test_sessions_are_not_closed_for_newcomers() -> None:
    transport = TcpTransport(connections=2)
    with BuiltinAgent([transport]) as agent:
        first, second = (Client(TcpLink(transport.port), bytes((1, 2, 3, n))) for n in (1, 2))
        first.login()
        second.login()
        waiting = TcpLink(transport.port)
        first.spin(1.5)
        assert agent.statistics.clients == 2
        second.logout()
        second.link.close()
        third = Client(waiting, b"\3\3\3\3")
        third.login()
        first.participant()
        assert agent.statistics.clients == 2


def test_agent_without_descriptors_waits_and_recovers(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    log = tmp_path / "agent.log"
    command = [sys.executable, "-m", "rig.cli", "agent", "tcp4", "-p", str(port), "-v", "4"]
    with log.open("w") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        try:
            agent = psutil.Process(process.pid)
            while "running on" not in log.read_text() and process.poll() is None:
                time.sleep(0.02)
            spare = agent.num_fds() + 4
            resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (spare, spare))
            with useless(port, 8):
                served(port)
            served(port)
        finally:
            process.terminate()
            assert process.wait(20) == 0
    assert os.strerror(24) in log.read_text()
    assert 0 < log.read_text().count("no room") < 10, "not once for each look"

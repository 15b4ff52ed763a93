"""Agents in the foreground."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from agent_testclient import BoardPty, Client

from rig.agent import BuiltinAgent, transports_for
from rig.errors import EnvironmentFault, UsageError

PROGRAM = """
import sys
from rig.agent import run_agent
from rig.cli import until_interrupted
kind, where = sys.argv[1:3]
with until_interrupted() as ended:
    if kind.endswith("serial"):
        sys.exit(run_agent(kind, ended=ended, devices=[where], baud=115200))
    sys.exit(run_agent(kind, ended=ended, port=int(where), verbose=4))
"""


def wait_until(there: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not there():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("kind", ["udp4", "tcp4", "serial"])
def test_serves_until_signalled(kind: str, number: signal.Signals) -> None:
    with BoardPty() as board:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, kind, board.device if kind == "serial" else "0"],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        try:
            line = process.stderr.readline()
            assert f"running on {kind}" in line
            os.kill(process.pid, number)
            rest = process.stderr.read()
            assert process.wait(20) == 0
            assert "ending" in rest
            assert "Traceback" not in rest
        finally:
            process.kill()
            process.wait()
            process.stderr.close()


def test_multiserial_serves_what_is_there_and_waits_for_the_rest(tmp_path: Path) -> None:
    later = tmp_path / "ttyLater"
    log: list[str] = []
    with BoardPty() as first, BoardPty() as second:
        transports = transports_for("multiserial", devices=[first.device, str(later)])
        with BuiltinAgent(transports, log=log.append):
            assert any("waiting for it" in line and str(later) in line for line in log)
            Client(first.link()).login()
            later.touch()  # a file is no serial device
            wait_until(lambda: any("cannot be opened" in line for line in log))
            later.unlink()
            later.symlink_to(second.device)
            client = Client(second.link(), key=b"late")
            client.login()
            assert any("is there" in line and str(later) in line for line in log)
    with pytest.raises(EnvironmentFault, match="no serial device"):
        BuiltinAgent(transports_for("serial", devices=[str(tmp_path / "none")])).start()


def test_bad_options_are_said_clearly() -> None:
    with pytest.raises(UsageError, match="udp4 needs a port") as fault:
        transports_for("udp4")
    assert fault.value.hint
    with pytest.raises(UsageError, match="needs a device"):
        transports_for("serial")
    with pytest.raises(UsageError, match="no transport 'canfd'"):
        transports_for("canfd")
    assert len(transports_for("multiserial", devices=["/dev/a", "/dev/b"])) == 2

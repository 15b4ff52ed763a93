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
import serial
from agent_testclient import BoardPty, Client

from rig.agent import BuiltinAgent, LogLevel, transports_for
from rig.errors import AgentFault, EnvironmentFault, UsageError

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
        BuiltinAgent.serial(tmp_path / "none").start()


def test_serial_waits_for_a_board_that_is_plugged_in_later(tmp_path: Path) -> None:
    later = tmp_path / "ttyLater"
    later.symlink_to(tmp_path / "gone")  # as a link of udev's that leads nowhere any more
    log: list[str] = []
    with BuiltinAgent(transports_for("serial", devices=[str(later)]), log=log.append), BoardPty() as board:
        assert any("waiting for it" in line and str(later) in line for line in log)
        later.unlink()
        later.symlink_to(board.device)
        Client(board.link()).login()
    (tmp_path / "file").touch()
    with pytest.raises(AgentFault, match="cannot open serial device"):
        BuiltinAgent(transports_for("serial", devices=[str(tmp_path / "file")])).start()


def test_trouble_of_one_line_does_not_end_the_others(tmp_path: Path) -> None:
    plain, folder, pipe = tmp_path / "file", tmp_path / "folder", tmp_path / "pipe"
    plain.touch()
    folder.mkdir()
    os.mkfifo(pipe)
    log: list[str] = []
    with BoardPty() as held, BoardPty() as good, serial.Serial(held.device, exclusive=True) as holder:
        bad = [plain, folder, pipe, held.device]
        transports = transports_for("multiserial", devices=[*map(str, bad), good.device])
        with BuiltinAgent(transports, log=log.append) as agent:
            for each in bad:
                assert any("cannot be opened" in line and str(each) in line for line in log), each
            Client(good.link()).login()
            holder.close()
            Client(held.link(), key=b"held").login()
            held.hang_up()
            wait_until(lambda: any("lost" in line and held.device in line for line in log))
            again = Client(good.link(), key=b"good")
            again.login()
            agent.check()
        assert len([line for line in log if str(plain) in line and "cannot be opened" in line]) == 1, "said once"


def test_a_key_from_a_second_line_is_said_with_both_lines(tmp_path: Path) -> None:
    log: list[str] = []
    with BoardPty() as first, BoardPty() as second:
        transports = transports_for("multiserial", devices=[first.device, second.device])
        with BuiltinAgent(transports, log=log.append, level=LogLevel.WARNING) as agent:
            Client(first.link(), key=b"same").login()
            assert not log
            Client(second.link(), key=b"same").login()
            (line,) = [line for line in log if "key from a second address" in line]
            assert first.device in line and second.device in line and b"same".hex().upper() in line
            Client(second.link(), key=b"same").login()
            assert agent.statistics.clients == 1
            assert len(log) == 1, "a login from where it is already is nothing to warn of"


def test_bad_options_are_said_clearly() -> None:
    with pytest.raises(UsageError, match="udp4 needs a port") as fault:
        transports_for("udp4")
    assert fault.value.hint
    with pytest.raises(UsageError, match="needs a device"):
        transports_for("serial")
    with pytest.raises(UsageError, match="no transport 'canfd'"):
        transports_for("canfd")
    assert len(transports_for("multiserial", devices=["/dev/a", "/dev/b"])) == 2
    with pytest.raises(UsageError, match="serial serves one device, not 2"):
        transports_for("serial", devices=["/dev/a", "/dev/b"])
    with pytest.raises(UsageError, match="/dev/a is given twice"):
        transports_for("multiserial", devices=["/dev/a", "/dev/b", "/dev/a"])

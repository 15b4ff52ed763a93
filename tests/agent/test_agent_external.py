"""External Agents: a stand-in program for how they live and die; the real one where it is installed."""

from __future__ import annotations

import os
import signal
import stat
import sys
import time
from pathlib import Path

import psutil
import pytest
from agent_testclient import BoardPty, Client, UdpLink

from rig.agent import AgentState, ExternalAgent, ExternalAgentProgram, find_external
from rig.errors import AgentFault, EnvironmentFault
from rig.link import SerialTap, UdpTap

REAL = find_external()
needs_real = pytest.mark.skipif(REAL is None, reason="neither MicroXRCEAgent nor micro_ros_agent is installed")

# The rig's own Agent with an Agent's command line: real sockets and a real process, no protocol of its own.
STAND_IN = """#!{python}
import sys
from rig.agent import run_agent
from rig.cli import until_interrupted
arguments = dict(zip(sys.argv[2::2], sys.argv[3::2]))
with until_interrupted() as ended:
    if sys.argv[1] == "udp4":
        where = dict(port=int(arguments["-p"]), verbose=int(arguments["-v"]))
    else:
        where = dict(devices=[arguments["--dev"]], baud=int(arguments["-b"]))
    code = run_agent(sys.argv[1], ended=ended, out=sys.stdout, **where)
sys.exit(code)
"""

# As ``ros2 run``: starts the program as a child, waits for it, and leaves Ctrl-C to it.
ROS2 = """#!{python}
import subprocess, sys
if sys.argv[1:3] == ["pkg", "executables"]:
    print("micro_ros_agent micro_ros_agent")
elif sys.argv[1:] == ["pkg", "xml", "micro_ros_agent", "-t", "version"]:
    print("5.0.2")
else:
    child = subprocess.Popen([sys.argv[0] + "-agent", *sys.argv[4:]])
    while child.returncode is None:
        try:
            child.communicate()
        except KeyboardInterrupt:
            pass
    sys.exit(child.returncode)
"""


@pytest.fixture
def stand_in(tmp_path: Path) -> ExternalAgentProgram:
    return ExternalAgentProgram(name="stand-in", command=(script(tmp_path / "agent", STAND_IN),))


def script(path: Path, text: str) -> str:
    path.write_text(text.format(python=sys.executable))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def serve(agent: ExternalAgent, client: Client) -> None:
    assert agent.state in (AgentState.READY, AgentState.CONNECTED)
    client.pair()
    client.read(0x0016)
    client.write(0x0015, b"through")
    assert client.pump(lambda: client.samples == [(0x0016, b"through")])
    agent.check()


def test_stand_in_serves_and_ends(stand_in: ExternalAgentProgram, tmp_path: Path) -> None:
    log = tmp_path / "agent.log"
    with ExternalAgent(stand_in, log=log) as agent:
        pid = agent.pid
        assert agent.port > 0
        serve(agent, Client(UdpLink(agent.port)))
    assert agent.state is AgentState.DEAD
    assert not Path(f"/proc/{pid}").exists()
    assert any("running on udp4" in line.text for line in agent.log)
    stamps = [line.monotonic_ns for line in agent.log]
    assert stamps == sorted(stamps)
    assert log.read_text().count("\n") == len(agent.log)
    agent.stop()


def test_agent_that_is_killed_is_noticed_at_once(stand_in: ExternalAgentProgram) -> None:
    agent = ExternalAgent(stand_in).start()
    try:
        os.kill(agent.pid, signal.SIGKILL)
        with pytest.raises(AgentFault, match="by signal 9"):
            agent.wait_for(AgentState.CONNECTED, 20)
        assert agent.state is AgentState.DEAD
        with pytest.raises(AgentFault, match="stand-in"):
            agent.check()
    finally:
        agent.stop()


def test_agent_that_is_stopped_is_noticed_at_once(stand_in: ExternalAgentProgram) -> None:
    with ExternalAgent(stand_in) as agent:
        agent.check()
        os.kill(agent.pid, signal.SIGSTOP)
        with pytest.raises(AgentFault, match="is stopped") as fault:
            agent.wait_for(AgentState.CONNECTED, 20)
        assert f"kill -CONT {agent.pid}" in fault.value.hint
        os.kill(agent.pid, signal.SIGCONT)
        agent.check()


def test_complaint_is_the_last_line_that_complains(tmp_path: Path) -> None:
    text = (
        "#!/bin/sh\necho running...\necho [1] warning: one\necho [2] deserialization error\necho all well\nsleep 60\n"
    )
    program = ExternalAgentProgram(name="grumbler", command=(script(tmp_path / "grumbler", text),))
    with ExternalAgent(program, device="/dev/null") as agent:
        end = time.monotonic() + 10
        while not any(line.text == "all well" for line in agent.log):
            assert time.monotonic() < end
            time.sleep(0.01)
        assert agent.complaint == "[2] deserialization error"


def test_agent_that_ends_at_once_says_its_last_words(tmp_path: Path) -> None:
    text = "#!/bin/sh\necho cannot bind: address in use\nexit 3\n"
    program = ExternalAgentProgram(name="broken", command=(script(tmp_path / "broken", text),))
    with pytest.raises(AgentFault, match=r"status 3.*address in use") as fault:
        ExternalAgent(program).start()
    assert fault.value.hint


def test_agent_that_ignores_interrupts_is_ended(tmp_path: Path) -> None:
    text = "#!/bin/sh\ntrap '' INT TERM\necho running...\nwhile :; do sleep 0.1; done\n"
    program = ExternalAgentProgram(name="stubborn", command=(script(tmp_path / "stubborn", text),))
    agent = ExternalAgent(program, device="/dev/null").start()
    pid = agent.pid
    agent.stop()
    assert not Path(f"/proc/{pid}").exists()


def test_agent_of_a_background_job_is_asked_to_end(tmp_path: Path) -> None:
    """Where a shell has Ctrl-C ignored, a program that it starts ignores it as well."""
    text = "#!/bin/sh\ntrap 'echo bye; exit 0' INT TERM\necho running...\nwhile :; do sleep 0.1; done\n"
    program = ExternalAgentProgram(name="polite", command=(script(tmp_path / "polite", text),))
    kept = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with ExternalAgent(program, device="/dev/null") as agent:
            pass
    finally:
        signal.signal(signal.SIGINT, kept)
    assert agent.log[-1].text == "bye"


def test_missing_program_is_said_clearly(tmp_path: Path) -> None:
    program = ExternalAgentProgram(name="ghost", command=(str(tmp_path / "ghost"),))
    with pytest.raises(EnvironmentFault, match="ghost") as fault:
        ExternalAgent(program).start()
    assert fault.value.hint


def test_found_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path / "MicroXRCEAgent", "#!/bin/sh\necho 'Micro XRCE-DDS Agent version 9.8.7'\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    found = find_external()
    assert found is not None
    assert (found.name, found.version) == ("MicroXRCEAgent", "9.8.7")
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert find_external() is None


def test_ros2_run_ends_with_its_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path / "ros2", ROS2)
    script(tmp_path / "ros2-agent", STAND_IN)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = find_external()
    assert found is not None
    assert (found.name, found.version, found.command[1:3]) == ("micro_ros_agent", "5.0.2", ("run", "micro_ros_agent"))
    with ExternalAgent(found) as agent:
        children = psutil.Process(agent.pid).children()
        assert len(children) == 1
        serve(agent, Client(UdpLink(agent.port)))
    # It was asked to end, and said so; a killed one could not.
    assert "ending" in agent.log[-1].text
    assert not children[0].is_running()


@needs_real
@pytest.mark.parametrize("kind", ["udp", "serial"])
def test_real_agent_behind_a_tap(kind: str) -> None:
    assert REAL is not None
    if kind == "udp":
        with ExternalAgent(REAL) as agent, UdpTap(agent.port) as tap:
            serve(agent, Client(UdpLink(tap.board_port)))
            assert agent.wait_for(AgentState.CONNECTED, 20)
            assert tap.counters().to_board.data_messages == 1
    else:
        with BoardPty() as board, SerialTap(board.device) as line:
            with ExternalAgent(REAL, device=line.agent_device) as agent:
                serve(agent, Client(board.link()))
                assert agent.wait_for(AgentState.CONNECTED, 20)
            assert line.counters().to_agent.data_messages == 1

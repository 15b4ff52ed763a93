"""`rig agent` with the options of MicroXRCEAgent: what they do, and what is refused in one line."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from agent_testclient import BoardPty, Client, UdpLink

from rig import xrce

RIG_AGENT = [sys.executable, "-m", "rig.cli", "agent"]
QUESTION = xrce.encode_message(
    xrce.Message(
        header=xrce.Header(session_id=0x80),
        submessages=(xrce.GetInfo(request_id=9, object_id=xrce.OBJECT_AGENT, mask=3),),
    )
)
PROFILES = """<profiles>
<participant profile_name="p"/>
<topic profile_name="named"><name>Square</name><dataType>ShapeType</dataType></topic>
</profiles>
"""

Start = Callable[..., tuple[subprocess.Popen[str], str]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start an Agent and read until it serves; ended as by Ctrl-C."""
    running: list[subprocess.Popen[str]] = []

    def run(*arguments: str) -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen([*RIG_AGENT, *arguments], stderr=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stderr is not None
        said = ""
        while "running on" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        return process, said

    yield run
    for process in running:
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read() if process.stderr is not None else ""
        assert process.wait(20) == 0, rest
        assert "Traceback" not in rest
        assert process.stderr is not None
        process.stderr.close()


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def reference(client: Client, object_id: int, name: bytes) -> int:
    form = xrce.RepresentationFormat.REF
    return client.wait(client.create(object_id, name, parent=0x0011, form=form))


def test_middleware_references_and_discovery(start: Start, tmp_path: Path) -> None:
    refs = tmp_path / "agent.refs"
    refs.write_text(PROFILES)
    port = free_port()
    # -v without a value, as people type it for MicroXRCEAgent
    start("udp4", "-p", "0", "-m", "dds", "-r", str(refs), "-v", "-d", str(port))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(20)
        asker.sendto(QUESTION, ("127.0.0.1", port))
        info = xrce.decode_message(asker.recv(512)).submessages[0]
    assert isinstance(info, xrce.Info) and isinstance(info.activity, xrce.AgentActivity)
    ((_, locator),) = info.activity.locators
    client = Client(UdpLink(int.from_bytes(locator[4:], "little")))
    client.login()
    client.participant()
    assert reference(client, 0x0012, b"named") == 0
    # Fast DDS knows no profile of this name; ours would take it for the topic's
    assert reference(client, 0x0022, b"unnamed") == xrce.StatusCode.ERR_DDS_ERROR


def test_discovery_without_a_port_is_at_the_usual_one() -> None:
    """Not tried on the port itself, which a DDS program of this host may hold."""
    done = subprocess.run([*RIG_AGENT, "tcp4", "-p", "0", "-d", "-v"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "discovery announces UDP Agents, not tcp4" in done.stderr
    shown = subprocess.run([*RIG_AGENT, "udp4", "--help"], capture_output=True, text=True, check=False).stdout
    assert re.search(r"-d, --discovery \[PORT\]\s+.*7400", shown)
    for option in ("-m, --middleware", "-r, --refs", "-v, --verbose [LEVEL]", "-p, --port"):
        assert option in shown


def test_a_board_that_comes_after_the_agent(tmp_path: Path) -> None:
    later = tmp_path / "ttyLater"
    process = subprocess.Popen([*RIG_AGENT, "serial", "--dev", str(later)], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    with BoardPty() as board:
        assert "waiting for it" in process.stderr.readline()
        later.symlink_to(board.device)
        Client(board.link()).login()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    process.stderr.close()


def test_every_device_that_is_given_is_served(start: Start) -> None:
    with BoardPty() as first, BoardPty() as second, BoardPty() as third:
        start("multiserial", "-D", first.device, "-D", f"{second.device},{third.device}", "-v4")
        for number, board in enumerate((first, second, third)):
            Client(board.link(), key=bytes([1, 2, 3, number])).login()


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (("serial", "-D", "/dev/a", "--dev", "/dev/b"), "--dev"),
        (("multiserial", "-D", "/dev/a", "-b", "9600", "-b", "115200"), "--baudrate"),
        (("udp4", "-p", "8888", "--port=8889"), "--port"),
        (("tcp4", "-p", "0", "-r", "a", "-r", "b"), "--refs"),
        (("udp4", "-p", "0", "-v", "-v6"), "--verbose"),
        (("udp4", "-p", "0", "-m", "ced", "-m", "dds"), "--middleware"),
    ],
)
def test_an_option_given_twice_drops_nothing_in_silence(arguments: tuple[str, ...], option: str) -> None:
    ended = subprocess.run([*RIG_AGENT, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert f"{option} is given 2 times" in ended.stderr


def test_devices_from_a_file(start: Start, tmp_path: Path) -> None:
    listing = tmp_path / "devices"
    with BoardPty() as board:
        listing.write_text(f"{board.device}\n{tmp_path / 'later'}\n")
        _, said = start("multiserial", "--file", str(listing), "-v4")
        assert "waiting for it" in said and board.device in said
        Client(board.link()).login()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("udp4", "-p", "0", "-m", "rtps"), "no middleware 'rtps' here"),
        (("udp4", "-p", "0", "-v", "7"), "7 is not in the range"),
        (("serial",), "either --dev or --file"),
    ],
)
def test_what_is_refused(arguments: tuple[str, ...], said: str) -> None:
    done = subprocess.run([*RIG_AGENT, *arguments], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr

"""`rig decode` on traffic that still happens: a file that grows, a tapped UDP link, a tapped pty."""

import json
import os
import re
import select
import socket
import subprocess
import sys
import tty
from collections.abc import Callable
from pathlib import Path

import pytest
from rig_process import Finished, RigProcess

from rig.link import UdpTap
from rig.traffic import wireshark_dissector

Rig = Callable[..., Finished]
Start = Callable[..., RigProcess]

PING = bytes.fromhex("80000000 02010800 000AFFFD 02000000")
PONG = bytes.fromhex("80000000 06011C00 000AFFFD 0000010D 58524345 0100010F 00010D00 01000000 00000000")
PING_FRAME = bytes.fromhex("7E 01 00 10 00 80 00 00 00 02 01 08 00 00 09 FF FD 02 00 00 00 FC 12")


def udp() -> socket.socket:
    end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    end.bind(("127.0.0.1", 0))
    end.settimeout(20)
    return end


def announced(process: RigProcess, pattern: str, words: str) -> str:
    process.wait_for(words)
    found = re.search(pattern, process.text())
    assert found is not None, process.text()
    return found[1]


def said(text: str) -> list[str]:
    """Lines without their times, whose last digit depends on how they were rounded."""
    return [line.split(" ", 1)[1] for line in text.splitlines()]


def end_of(process: RigProcess) -> str:
    """Ctrl-C ends it as if the traffic had come to its end."""
    process.interrupt()
    assert process.finish() == 0, process.text()
    return process.text()


def test_a_capture_is_followed_while_it_grows(start: Start, tmp_path: Path) -> None:
    capture = tmp_path / "link.pcapng"
    capture.touch()
    with udp() as board, udp() as agent:
        process = start("decode", "-f", str(capture))
        with UdpTap(agent.getsockname()[1], capture=capture) as tap:
            board.sendto(PING, ("127.0.0.1", tap.board_port))
            message, back = agent.recvfrom(2048)
            process.wait_for("GET_INFO")
            assert " INFO" not in process.text()
            agent.sendto(PONG, back)
            assert (message, board.recv(2048)) == (PING, PONG)
            process.wait_for(" INFO")
    text = end_of(process)
    assert ["->" in line for line in text.splitlines()] == [True, False]
    assert "breaks off" not in text


def test_a_transcript_is_followed_line_by_line(start: Start, tmp_path: Path) -> None:
    transcript = tmp_path / "link.jsonl"
    row = json.dumps({"t": 0, "dir": "c2a", "hex": PING.hex()}) + "\n"
    transcript.write_text(row + row[:10])
    process = start("decode", "-f", "--json", str(transcript))
    process.wait_for("GET_INFO")
    with transcript.open("a") as file:
        file.write(row[10:].replace("c2a", "a2c"))
    process.wait_for("to_board")
    assert [json.loads(line)["record"] for line in end_of(process).splitlines()] == [1, 2]


def test_a_udp_link_is_said_as_it_is_used(start: Start, tmp_path: Path, rig: Rig) -> None:
    capture = tmp_path / "live.pcapng"
    with udp() as board, udp() as agent:
        process = start("decode", "--live", "udp4:0", "-p", str(agent.getsockname()[1]), "-w", str(capture))
        port = announced(process, r"boards send to 127\.0\.0\.1:(\d+)", "the Agent is at")
        board.sendto(PING, ("127.0.0.1", int(port)))
        message, back = agent.recvfrom(2048)
        agent.sendto(PONG, back)
        assert (message, board.recv(2048)) == (PING, PONG)
        process.wait_for(" INFO")
        text = end_of(process)
    assert "-> " in text and "GET_INFO" in text and "<- " in text
    assert "to the Agent 1 messages, 16 bytes, 0 framing errors; to the board 1 messages, 36 bytes" in text
    again = rig("decode", str(capture))
    assert again.code == 0
    assert said(again.out) == said("".join(line for line in text.splitlines(True) if "rig decode" not in line))


def test_a_serial_line_is_said_as_it_is_used(start: Start) -> None:
    board, device = os.openpty()
    tty.setraw(device)
    try:
        process = start("decode", "--live", f"serial:{os.ttyname(device)}")
        line = announced(process, r"the Agent's end of the line is (\S+)", "the Agent's end")
        agent = os.open(line, os.O_RDWR | os.O_NOCTTY)
        try:
            os.write(board, b"\x00noise" + PING_FRAME)
            came = b""
            while not came.endswith(PING_FRAME):
                assert select.select([agent], [], [], 20)[0]
                came += os.read(agent, 256)
            process.wait_for("GET_INFO")
        finally:
            os.close(agent)
        text = end_of(process)
    finally:
        os.close(board)
        os.close(device)
    assert "to the Agent 1 messages, 29 bytes, 1 framing errors" in text


def test_a_pipe_is_read_as_it_fills() -> None:
    row = json.dumps({"dir": "c2a", "hex": PING.hex()}).encode() + b"\n"
    command = [sys.executable, "-m", "rig.cli", "decode", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        for _ in range(2):
            process.stdin.write(row)
            process.stdin.flush()
            assert b"GET_INFO" in process.stdout.readline()
        process.stdin.close()
        assert process.stdout.read() == b""
    assert process.returncode == 0


LOG = """\
[1700000000.004000] debug | UDPv4Agent.cpp | recv_message | [==>> UDP <<==] | client_key: 0x5EED0001, len: 24, data:
0000: 80 00 00 00 00 01 10 00 58 52 43 45 01 00 01 0F 5E ED 00 01 81 00 00 02
[1700000000.008000] debug | UDPv4Agent.cpp | send_message | [** <<UDP>> **] | client_key: 0x5EED0001, len: 19, data:
0000: 81 00 00 00 04 01 0B 00 00 00 58 52 43 45 01 00 01 0F 00
""".replace("data:", "data: ")


def test_the_log_of_an_agent_with_times_from_its_beginning(rig: Rig, tmp_path: Path) -> None:
    path = tmp_path / "agent.log"
    path.write_text(LOG)
    assert [line.split()[0] for line in rig("decode", str(path)).out.splitlines()] == [
        "1700000000.004000",
        "1700000000.008000",
    ]
    lines = rig("decode", "-r", str(path)).out.splitlines()
    assert [line.split()[:2] for line in lines] == [["0.000000", "->"], ["0.004000", "<-"]]
    assert "CREATE_CLIENT" in lines[0] and "STATUS_AGENT" in lines[1]
    (first, second) = (json.loads(line) for line in rig("decode", "--relative", "--json", str(path)).out.splitlines())
    assert first["time"] == 0 and abs(second["time"] - 0.004) < 1e-6


def test_a_file_that_is_nothing_of_the_kind_is_an_error(rig: Rig, tmp_path: Path) -> None:
    path = tmp_path / "notes"
    path.write_text("no traffic\n")
    for arguments in (("decode", str(path)), ("decode", "--json", str(path)), ("decode", sys.executable)):
        done = rig(*arguments)
        assert done.code == 2 and done.out == ""
        assert "holds no traffic" in done.err


def test_the_dissector_is_written_whole(rig: Rig) -> None:
    done = rig("dissector")
    assert done.code == 0 and done.out == wireshark_dissector()


def test_output_that_cannot_be_written(tmp_path: Path) -> None:
    transcript = tmp_path / "link.jsonl"
    transcript.write_text(json.dumps({"dir": "c2a", "hex": PING.hex()}) + "\n")
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "rig.cli", "decode", str(transcript)]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == 3
    assert done.stderr.splitlines()[0] == "rig: cannot write the output: No space left on device"
    assert len(done.stderr.splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--live", "udp4:1", "FILE"), "either a FILE or --live"),
        (("--live", "udp4:8889"), "the Agent's UDP port is missing"),
        (("--live", "can0"), "no link 'can0'"),
    ],
)
def test_what_cannot_be_watched(rig: Rig, arguments: tuple[str, ...], said: str) -> None:
    done = rig("decode", *arguments)
    assert done.code == 2
    assert said in done.err

"""Logs of MicroXRCEAgent at -v6 as they reach us, and files that hold no traffic."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rig.errors import UsageError
from rig.link import Direction
from rig.traffic import DecodedLine, decode_file, since_first

TRANSCRIPTS = Path(__file__).parent.parent / "data" / "transcripts"
HEAD = "[{time:.6f}] debug    | {file} | {what:<24} | {way:<22} | client_key: 0x{key:08X}, len: {size}, data: "
KINDS = {"UDP": "UDPv4AgentLinux.cpp", "TCP": "TCPv4AgentLinux.cpp", "SERIAL": "SerialAgentLinux.cpp"}


def dump(data: bytes) -> list[str]:
    return [f"{at:04X}: {data[at : at + 32].hex(' ').upper()}" for at in range(0, len(data), 32)]


def rows() -> list[tuple[float, bool, bytes]]:
    """Recorded messages: time, whether to the Agent, bytes."""
    text = (TRANSCRIPTS / "udp_fragment_reliable_ced.jsonl").read_text()
    records = [json.loads(line) for line in text.splitlines()]
    return [(row["t"], row["dir"] == "c2a", bytes.fromhex(row["hex"])) for row in records]


def log(kind: str = "UDP", *, key: int = 0x5EED0001) -> list[str]:
    """A log as the Agent would have written it of the recorded messages."""
    lines = [
        f"[1700000000.000001] info     | {KINDS[kind]} | init                     | running...             | port: 8888"
    ]
    for time, inbound, data in rows():
        head = HEAD.format(
            time=1_700_000_000 + time,
            file=KINDS[kind],
            what="recv_message" if inbound else "send_message",
            way=f"[==>> {kind[:3]} <<==]" if inbound else f"[** <<{kind[:3]}>> **]",
            key=key,
            size=len(data),
        )
        lines += [head, *dump(data)]
        lines.append("[1700000000.000001] info     | Root.cpp | create_client | create | client_key: 0x5EED0001")
    return lines


def decoded(path: Path, lines: list[str], end: str = "\n", encoding: str = "utf-8") -> list[DecodedLine]:
    path.write_bytes(end.join([*lines, ""]).encode(encoding))
    return list(decode_file(path))


def facts(lines: list[DecodedLine]) -> list[tuple[Direction | None, str, bytes]]:
    return [(line.direction, line.text, line.raw) for line in lines]


@pytest.mark.parametrize("kind", KINDS)
def test_a_log_says_what_the_recording_says(tmp_path: Path, kind: str) -> None:
    lines = decoded(tmp_path / "agent.log", log(kind))
    assert facts(lines) == facts(list(decode_file(TRANSCRIPTS / "udp_fragment_reliable_ced.jsonl")))
    assert any("joined:" in line.text for line in lines)
    assert {line.peer for line in lines} == {"0x5EED0001"}
    assert lines[0].record == 2 and lines[0].time == pytest.approx(1_700_000_000 + rows()[0][0], abs=1e-5)


@pytest.mark.parametrize(
    "before",
    ["[micro_ros_agent-1] ", "> ", "Nov 26 10:00:01 host micro_ros_agent[123]: ", "agent-1  | ", "\x1b[36m"],
)
def test_what_others_put_before_a_line(tmp_path: Path, before: str) -> None:
    after = "\x1b[0m" if before.startswith("\x1b") else ""
    lines = decoded(tmp_path / "agent.log", [f"{before}{line}{after}" for line in log()])
    assert facts(lines) == facts(decoded(tmp_path / "plain.log", log()))
    assert all(line.time is not None for line in lines)


@pytest.mark.parametrize(("end", "encoding"), [("\r\n", "utf-8"), ("\n", "utf-8-sig"), ("\r\n", "utf-16")])
def test_a_log_saved_on_another_system(tmp_path: Path, end: str, encoding: str) -> None:
    lines = decoded(tmp_path / "agent.log", log(), end, encoding)
    assert facts(lines) == facts(decoded(tmp_path / "plain.log", log()))


def test_a_log_that_begins_with_something_else(tmp_path: Path) -> None:
    lines = decoded(tmp_path / "agent.log", ["Press CTRL+C to exit", "{not json", *log()])
    assert facts(lines) == facts(decoded(tmp_path / "plain.log", log()))
    assert lines[0].record == 4


def test_clients_in_one_log_do_not_share_their_numbers(tmp_path: Path) -> None:
    lines = decoded(tmp_path / "agent.log", log(key=1) + log(key=2))
    assert not any(line.note or line.error for line in lines)
    assert {line.peer for line in lines} == {"0x00000001", "0x00000002"}


def test_a_message_that_was_cut_is_said(tmp_path: Path) -> None:
    lines = log()
    long = next(at for at, line in enumerate(lines) if line.startswith("0020:"))
    missing = decoded(tmp_path / "agent.log", lines[:long] + lines[long + 1 :])
    assert sum(line.error for line in missing) >= 1
    assert any("of which the log has 32" in line.text for line in missing)
    ended = decoded(tmp_path / "agent.log", lines[:long])
    assert ended[-1].error and "of which the log has 32" in ended[-1].text


def test_times_from_the_first_message_on(tmp_path: Path) -> None:
    lines = list(since_first([DecodedLine(text="no time"), *decoded(tmp_path / "agent.log", log())]))
    assert lines[0].time is None and lines[1].time == 0
    begin = rows()[0][0]
    assert max(line.time or 0 for line in lines) == pytest.approx(rows()[-1][0] - begin, abs=1e-5)


OWN = "[2026-01-01 10:00:00.000001] info     running on udp4 127.0.0.1:8888\n"
NOTHING = {
    "an Agent's log of another level": ("\n".join(log()[:1]).encode(), "is an Agent's log without messages"),
    "a log of rig agent": (OWN.encode(), "is a log of rig agent"),
    "text": ("Grüße\n".encode() * 50_000, "holds no traffic"),
    "one line": (b"x", "holds no traffic"),
    "JSON": (json.dumps({"hex": 1, "t": [1, 2]}, indent=1).encode(), "no line of it is a record"),
    "a list in JSON": (b'[{"hex": "80000000"}]', "holds no traffic"),
    "a program": (b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 500, "no serial frame"),
    "zeros": (bytes(300_000), "no serial frame"),
    "flags only": (b"\x7e" * 5000, "holds no traffic"),
    "a broken frame": (b"\x7e\x01\x00\x04\x00\x80\x00\x00\x00\x12\x34" * 3, "no serial frame"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), "no serial frame"),
    "text in UTF-16": ("nothing here\n".encode("utf-16"), "holds no traffic"),
}


@pytest.mark.parametrize("name", NOTHING)
def test_a_file_that_is_nothing_of_the_kind(tmp_path: Path, name: str) -> None:
    data, words = NOTHING[name]
    path = tmp_path / "x"
    path.write_bytes(data)
    said: list[DecodedLine] = []
    with pytest.raises(UsageError, match=words) as refused:
        said.extend(decode_file(path))
    assert said == [] and refused.value.hint and refused.value.exit_code == 2

"""Recorded and live traffic in words."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from agent_testclient import BoardPty, Client, UdpLink

from rig import xrce
from rig.agent import BuiltinAgent
from rig.errors import UsageError
from rig.link import SerialTap, UdpTap
from rig.traffic import DecodedLine, decode_file, live_observer

TRANSCRIPTS = Path(__file__).parent.parent / "data" / "transcripts"
pytestmark = pytest.mark.filterwarnings("ignore:Field type should not be:DeprecationWarning")


def wait_until(there: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not there():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("path", sorted(TRANSCRIPTS.glob("*.jsonl")), ids=lambda path: path.stem)
def test_transcript_in_words(path: Path) -> None:
    lines = list(decode_file(path))
    records = [json.loads(line) for line in path.read_text().splitlines()]
    assert {line.record for line in lines} == set(range(1, len(records) + 1))
    assert not [line for line in lines if line.error]
    assert lines[0].text.split(": ", 1)[1].startswith(("CREATE_CLIENT", "GET_INFO"))
    assert sum("joined:" in line.text for line in lines) == sum("FRAGMENT (last)" in line.text for line in lines)
    assert any(line.note == "dropped" for line in lines) == any(row.get("dropped") for row in records)
    json.dumps([line.as_json() for line in lines])


def test_broken_transcript_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text(
        '{"t": 0, "dir": "c2a", "hex": "80000000"}\n'
        "not json\n"
        '{"t": 1, "dir": "c2a", "hex": "8"}\n'
        '{"t": 2, "dir": "c2a", "hex": "8180"}\n'
        '{"t": 3, "dir": "c2a", "hex": "8101000007010c00"}\n'
        '{"t": 4, "dir": "a2c", "hex": "7e0001"}\n'
        '["list"]\n'
        '{"t": 5, "dir": "c2a", "hex": "81000000030104000002fffe"}\n'
    )
    lines = list(decode_file(path))
    assert [line.record for line in lines if line.error] == [2, 3, 4, 5, 6, 7]
    assert "DELETE" in lines[-1].text


def test_raw_serial_log_in_words(tmp_path: Path) -> None:
    path = tmp_path / "line.bin"
    rows = [json.loads(line) for line in (TRANSCRIPTS / "serial_session.jsonl").read_text().splitlines()]
    path.write_bytes(b"boot\r\n" + b"".join(bytes.fromhex(row["hex"]) for row in rows) + b"\x7e\x01\x00")
    lines = list(decode_file(path))
    assert lines[0].error and "noise" in lines[0].text
    assert [line.direction.value for line in lines[1:-1] if line.direction] == [
        {"c2a": "to_agent", "a2c": "to_board"}[row["dir"]] for row in rows
    ]
    assert "CREATE_CLIENT" in lines[1].text
    assert lines[-1].error and "cut short" in lines[-1].text


@pytest.mark.parametrize("kind", ["udp", "serial"])
def test_capture_and_live_link_in_the_same_words(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "link.pcapng"
    live: list[DecodedLine] = []
    with BoardPty() as board:
        if kind == "udp":
            with (
                BuiltinAgent.udp4() as agent,
                UdpTap(agent.port, capture=path, observer=live_observer(live.append)) as tap,
            ):
                client = Client(UdpLink(tap.board_port))
                client.login()
                client.logout()
        else:
            with (
                SerialTap(board.device, capture=path, observer=live_observer(live.append)) as tap,
                BuiltinAgent.serial(tap.agent_device),
            ):
                client = Client(board.link())
                client.login()
                client.logout()
    lines = list(decode_file(path))
    assert [line.text for line in lines] == [line.text for line in live]
    assert [line.direction for line in lines] == [line.direction for line in live]
    assert len(lines) == 4
    assert abs((lines[0].time or 0) - time.time()) < 600


def test_cut_capture_gives_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "link.pcapng"
    with BuiltinAgent.udp4() as agent, UdpTap(agent.port, capture=path) as tap:
        client = Client(UdpLink(tap.board_port))
        client.login()
        client.logout()
    data = path.read_bytes()
    whole = len(list(decode_file(path)))
    for size in range(4, len(data), 7):
        path.write_bytes(data[:size])
        lines = list(decode_file(path))
        assert len([line for line in lines if not line.error]) <= whole


def test_unreadable_files_are_said_clearly(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        list(decode_file(tmp_path / "missing"))
    (tmp_path / "empty").touch()
    with pytest.raises(UsageError, match="is empty"):
        list(decode_file(tmp_path / "empty"))


def test_fragments_are_joined_in_words() -> None:
    lines = list(decode_file(TRANSCRIPTS / "udp_fragment_reliable_ced.jsonl"))
    joined = [line.text for line in lines if "joined:" in line.text]
    assert len(joined) == 2
    assert "WRITE_DATA" in joined[0] and "2000 bytes" in joined[0]
    assert "DATA" in joined[1] and "2000 bytes" in joined[1]
    assert xrce.SubmessageKind.FRAGMENT == 13

"""Captures as other programs write them, and traffic that was lost, repeated or put out of order, in words."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from rig import xrce
from rig.errors import UsageError
from rig.traffic import DecodedLine, decode_file

pytestmark = pytest.mark.filterwarnings("ignore:Field type should not be:DeprecationWarning")

CLIENT, AGENT = 5000, 8888
LOGIN = xrce.encode_message(
    xrce.Message(
        header=xrce.Header(session_id=0x80),
        submessages=(xrce.CreateClient(client_key=b"abcd", session_id=0x81, mtu=512),),
    )
)
ANSWER = xrce.encode_message(
    xrce.Message(header=xrce.Header(session_id=0x81), submessages=(xrce.StatusAgent(status=0),))
)


def reliable(number: int, submessage: bytes) -> bytes:
    return struct.pack("<BBH", 0x81, 0x80, number) + submessage


def fragments(size: int, first: int, fill: bytes = b"A", cut: int = 100) -> list[bytes]:
    """A sample in fragments, from one number on."""
    item = xrce.WriteData(request_id=0x0010, object_id=0x0015, data=fill * size)
    whole = xrce.encode_submessage(item)
    parts = [whole[at : at + cut] for at in range(0, len(whole), cut)]
    return [
        reliable(first + step & 0xFFFF, struct.pack("<BBH", 13, 3 if step == len(parts) - 1 else 1, len(part)) + part)
        for step, part in enumerate(parts)
    ]


@dataclass(frozen=True)
class Sent:
    """An IPv4 packet to be."""

    payload: bytes
    to_agent: bool = True
    protocol: int = 17
    head: bytes = b""
    flags: int = 0

    def packet(self) -> bytes:
        ports = (CLIENT, AGENT) if self.to_agent else (AGENT, CLIENT)
        head = self.head or struct.pack(">HHHH", *ports, 8 + len(self.payload), 0)
        ends = (b"\x0a\0\0\x01", b"\x0a\0\0\x02")
        size = 20 + len(head) + len(self.payload)
        ip = struct.pack(">BBHHHBBH", 0x45, 0, size, 0, self.flags, 64, self.protocol, 0)
        return ip + b"".join(ends if self.to_agent else ends[::-1]) + head + self.payload


def segment(sequence: int, payload: bytes = b"", *, to_agent: bool = True, flags: int = 0x10, ack: int = 0) -> Sent:
    ports = (CLIENT, AGENT) if to_agent else (AGENT, CLIENT)
    head = struct.pack(">HHIIBBHHH", *ports, sequence & 0xFFFFFFFF, ack & 0xFFFFFFFF, 0x50, flags, 1000, 0, 0)
    return Sent(payload, to_agent, 6, head)


LINKS = {
    "ethernet": (1, bytes(12) + b"\x08\x00", bytes(18)),
    "vlan": (1, bytes(12) + b"\x81\x00\x00\x05\x08\x00", b""),
    "null": (0, b"\x02\0\0\0", b""),
    "sll": (113, bytes(14) + b"\x08\x00", b""),
    "sll2": (276, b"\x08\x00" + bytes(18), b""),
    "raw": (101, b"", b""),
    "ipv4": (228, b"", b""),
}


def block(kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    size = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + size + body + size


def pcapng(path: Path, packets: Iterable[bytes], link: int = 228) -> Path:
    data = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)) + block(1, struct.pack("<HHI", link, 0, 0))
    for number, packet in enumerate(packets):
        data += block(6, struct.pack("<IIIII", 0, 0, number, len(packet), len(packet)) + packet)
    path.write_bytes(data)
    return path


def pcap(path: Path, packets: Iterable[bytes], link: int = 228, order: str = "<") -> Path:
    data = struct.pack(order + "IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link)
    for number, packet in enumerate(packets):
        data += struct.pack(order + "IIII", number, 500000, len(packet), len(packet)) + packet
    path.write_bytes(data)
    return path


def arrows(lines: Sequence[DecodedLine]) -> list[str]:
    return [str(line).split(maxsplit=1)[1][:2] for line in lines]


@pytest.mark.parametrize("link", LINKS)
def test_udp_over_every_kind_of_link(tmp_path: Path, link: str) -> None:
    number, before, after = LINKS[link]
    # what is behind the datagram, as the padding of a short Ethernet frame, is none of it
    packets = [before + sent.packet() + after for sent in (Sent(LOGIN), Sent(ANSWER, to_agent=False))]
    lines = list(decode_file(pcapng(tmp_path / "x.pcapng", packets, number)))
    assert arrows(lines) == ["->", "<-"]
    assert "CREATE_CLIENT" in lines[0].text and "STATUS_AGENT" in lines[1].text
    assert {line.peer for line in lines} == {"10.0.0.1:5000"}


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_older_format(tmp_path: Path, order: str) -> None:
    path = pcap(tmp_path / "x.pcap", [Sent(LOGIN).packet(), Sent(ANSWER, to_agent=False).packet()], order=order)
    assert [line.time for line in decode_file(path)] == [0.5, 1.5]
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    lines = list(decode_file(path))
    assert "CREATE_CLIENT" in lines[0].text
    assert "breaks off" in lines[1].text


def test_ipv6(tmp_path: Path) -> None:
    udp = struct.pack(">HHHH", CLIENT, AGENT, 8 + len(LOGIN), 0) + LOGIN
    packet = struct.pack(">IHBB", 6 << 28, len(udp), 17, 64) + bytes(15) + b"\x01" + bytes(15) + b"\x01" + udp
    (line,) = decode_file(pcapng(tmp_path / "x.pcapng", [packet], 101))
    assert "CREATE_CLIENT" in line.text and line.peer == "[::1]:5000"


def test_what_carries_no_xrce_is_counted_and_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    ethernet = LINKS["ethernet"][1]
    packets = [
        bytes(12) + b"\x08\x06" + bytes(46),
        ethernet + Sent(b"ping", protocol=1).packet(),
        bytes(12) + b"\x08\x06" + bytes(46),
        ethernet + Sent(LOGIN, flags=0x2000).packet(),
        ethernet + Sent(LOGIN).packet()[:30],
        ethernet + Sent(LOGIN).packet(),
    ]
    lines = list(decode_file(pcapng(tmp_path / "x.pcapng", packets, 1)))
    assert [line.error for line in lines] == [True, False, True, False]
    assert lines[0].note == "cut by the capture"
    assert "CREATE_CLIENT" in lines[1].text
    assert lines[2].text == "1 IP packets not joined, as fragments of them are missing"
    assert lines[3].text == "3 packets passed over: 2 ARP, 1 ICMP"
    (line,) = decode_file(pcapng(tmp_path / "y.pcapng", [b"\0\0"], 189))
    assert line.error and "link type 189" in line.text


def test_only_the_agents_port(tmp_path: Path) -> None:
    other = struct.pack(">HHHH", 53, 5353, 8 + 4, 0)
    packets = [Sent(b"\1\2\3\4", head=other).packet(), Sent(LOGIN).packet(), Sent(ANSWER, to_agent=False).packet()]
    lines = list(decode_file(pcapng(tmp_path / "x.pcapng", packets), agent_port=AGENT))
    assert [line.text.split(": ")[1].split()[0] for line in lines[:2]] == ["CREATE_CLIENT", "STATUS_AGENT"]
    assert lines[2].text == "1 packets passed over: 1 on other ports"


def tcp_stream(messages: Iterable[bytes]) -> bytes:
    return b"".join(struct.pack("<H", len(message)) + message for message in messages)


def samples(count: int) -> list[bytes]:
    item = xrce.WriteData(request_id=0x0010, object_id=0x0015, data=b"x" * 20)
    return [reliable(number, xrce.encode_submessage(item)) for number in range(count)]


def numbers(lines: Iterable[DecodedLine]) -> list[int]:
    return [int(line.text.split("seq=")[1].split(":")[0]) for line in lines if "WRITE_DATA" in line.text]


@pytest.mark.parametrize("begin", [100_000, 0])
def test_tcp_in_any_pieces_and_order(tmp_path: Path, begin: int) -> None:
    """Also where the sequence numbers of TCP pass their end."""
    chance = random.Random(7)
    data = tcp_stream([LOGIN, *samples(40)])
    pieces: list[Sent] = []
    at = 0
    while at < len(data):
        size = chance.randrange(1, 90)
        pieces.append(segment(begin - 500 + 1 + at, data[at : at + size]))
        at += size
    again = [piece for piece in pieces for _ in range(chance.choice((1, 1, 2)))]
    for index in range(0, len(again) - 1, 3):
        again[index : index + 2] = reversed(again[index : index + 2])
    packets = [segment(begin - 500, flags=0x02), *again]
    lines = list(decode_file(pcapng(tmp_path / "x.pcapng", [item.packet() for item in packets])))
    assert not [line for line in lines if line.error]
    assert "CREATE_CLIENT" in lines[0].text
    assert numbers(lines) == list(range(40))


def test_tcp_with_a_hole_says_what_is_missing(tmp_path: Path) -> None:
    messages = samples(6)
    size = len(tcp_stream(messages[:1]))
    packets = [segment(1000 + number * size, tcp_stream([message])) for number, message in enumerate(messages)]
    del packets[2]
    # the Agent has all of them: the capture has not
    packets.insert(4, segment(1, to_agent=False, ack=1000 + 5 * size))
    lines = list(decode_file(pcapng(tmp_path / "x.pcapng", [item.packet() for item in packets])))
    assert numbers(lines) == [0, 1, 3, 4, 5]
    assert [line.text for line in lines if line.error] == [f"{size} bytes of a connection are not in the capture"]


def test_tcp_from_the_middle_on(tmp_path: Path) -> None:
    data = tcp_stream(samples(4))
    size = len(data) // 4
    packets = [segment(7, data[10:size]), segment(7 + size - 10, data[size : 2 * size + 3])]
    packets.append(segment(7 + 2 * size - 7, data[2 * size + 3 : -1]))
    lines = list(decode_file(pcapng(tmp_path / "x.pcapng", [item.packet() for item in packets])))
    assert numbers(lines) == [1, 2]
    assert [line.text.split(",")[0] for line in lines if line.error] == [
        f"{size - 10} bytes of a connection passed over: no message begins there",
        "the connection ends within a message",
    ]


def transcript(path: Path, messages: Iterable[bytes]) -> list[DecodedLine]:
    path.write_text("".join(json.dumps({"dir": "c2a", "hex": message.hex()}) + "\n" for message in messages))
    return list(decode_file(path))


def whole(lines: Iterable[DecodedLine]) -> list[str]:
    """Content of what was joined, told by its first byte, and its size."""
    said = [line.text for line in lines if "joined:" in line.text]
    return [chr(int(text.split("[")[1][:2], 16)) + text.split(" bytes")[0].split()[-1] for text in said]


def test_fragments_sent_again_or_out_of_order_are_joined_once(tmp_path: Path) -> None:
    first, second = fragments(500, 0xFFFC, b"A"), fragments(300, 0xFFFC + 6, b"B")
    assert len(first) == 6
    sent = [*first, *second]
    lines = transcript(tmp_path / "x", [sent[0], sent[0], sent[2], sent[1], *sent[3:5], sent[3], *sent[5:], sent[5]])
    assert whole(lines) == ["A500", "B300"]
    assert [line.note for line in lines].count("repeated") == 3
    assert not [line for line in lines if line.error]
    chance = random.Random(3)
    for _ in range(20):
        chance.shuffle(sent)
        assert sorted(whole(transcript(tmp_path / "x", sent))) == ["A500", "B300"]


def test_fragments_from_the_middle_on(tmp_path: Path) -> None:
    lines = transcript(tmp_path / "x", [*fragments(500, 10)[2:], *fragments(300, 16, b"B")])
    assert whole(lines) == ["B300"]
    assert [line.text.split(": ", 1)[1] for line in lines if line.error] == [
        "fragments not joined, as others are missing: 4, the last seq=15"
    ]


def test_a_lost_fragment_spoils_its_own_sample_only(tmp_path: Path) -> None:
    first, second = fragments(500, 0), fragments(300, 6, b"B")
    lines = transcript(tmp_path / "x", [LOGIN, *first[:2], *first[3:], *second])
    assert whole(lines) == ["B300"]
    lines = transcript(tmp_path / "x", [LOGIN, *first[:-1], *second])
    assert whole(lines) == ["B300"]


def test_a_new_session_counts_anew(tmp_path: Path) -> None:
    lines = transcript(tmp_path / "x", [LOGIN, *fragments(300, 0), LOGIN, *fragments(300, 0), *fragments(300, 0, b"B")])
    # the last begins anew without a login: one that was not seen
    assert whole(lines) == ["A300", "A300", "B300"]
    assert not [line for line in lines if line.note or line.error]


def test_bad_records_do_not_end_a_transcript(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    good = '{"t": 1, "dir": "c2a", "hex": "80000000"}\n'
    bad = [
        f'{{"t": 1{"0" * 400}, "hex": "80000000"}}',
        f'{{"t": 1{"0" * 5000}, "hex": "80000000"}}',
        '{"t": NaN, "hex": "80000000"}',
        "[" * 200_000,
        '{"t": 1, "dir": ["c2a"], "hex": "80000000"}',
    ]
    path.write_bytes(b"\xef\xbb\xbf" + "".join(good + line + "\n" for line in bad).encode() + good.encode())
    lines = list(decode_file(path))
    assert [line.error for line in lines] == [False, True] * len(bad) + [False]
    assert lines[0].time == 1


def test_files_that_hold_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for data in (b"\x0a\x0d\x0d\x0a", pcapng(path, []).read_bytes(), pcap(path, []).read_bytes()):
        path.write_bytes(data)
        assert [line.text for line in decode_file(path)] == ["the capture holds no packets"]
    with pytest.raises(UsageError, match="is a device") as fault:
        list(decode_file(Path("/dev/null")))
    assert "--live" not in fault.value.hint
    path.write_bytes(b"\x1f\x8b\x08\x00")
    with pytest.raises(UsageError, match="is compressed"):
        list(decode_file(path))

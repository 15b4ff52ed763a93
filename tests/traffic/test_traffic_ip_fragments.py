"""Datagrams that were sent in fragments of IP packets, in words."""

from __future__ import annotations

import random
import struct
from itertools import permutations
from pathlib import Path

import pytest
from test_traffic_captures import AGENT, CLIENT, LINKS, LOGIN, Sent, pcapng, reliable

from rig import xrce
from rig.traffic import decode_file

pytestmark = pytest.mark.filterwarnings("ignore:Field type should not be:DeprecationWarning")

V4 = (b"\x0a\0\0\x01", b"\x0a\0\0\x02")
V6 = (bytes(15) + b"\x01", bytes(15) + b"\x02")


def sample(size: int, fill: bytes = b"A", number: int = 0) -> bytes:
    item = xrce.WriteData(request_id=0x0010, object_id=0x0015, data=fill * size)
    return reliable(number, xrce.encode_submessage(item))


def udp(message: bytes) -> bytes:
    return struct.pack(">HHHH", CLIENT, AGENT, 8 + len(message), 0) + message


def ipv4(message: bytes, *, number: int = 7, step: int = 1480) -> list[bytes]:
    """The IPv4 packets that carry a datagram in fragments."""
    carried = udp(message)
    packets = []
    for at in range(0, len(carried), step):
        part = carried[at : at + step]
        place = at // 8 | (0x2000 if at + step < len(carried) else 0)
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(part), number, place, 64, 17, 0)
        packets.append(head + b"".join(V4) + part)
    return packets


def ipv6(message: bytes, *, number: int = 7, step: int = 1448) -> list[bytes]:
    """The same over IPv6, behind a header of options for every hop."""
    carried = udp(message)
    packets = []
    for at in range(0, len(carried), step):
        part = carried[at : at + step]
        fragment = struct.pack(">BBHI", 17, 0, at | (at + step < len(carried)), number)
        rest = bytes((44, 0)) + b"\x01\x04" + bytes(4) + fragment + part
        packets.append(struct.pack(">IHBB", 6 << 28, len(rest), 0, 64) + b"".join(V6) + rest)
    return packets


def samples(path: Path) -> list[str]:
    return [line.text.split("WRITE_DATA ")[1] for line in decode_file(path, agent_port=AGENT) if not line.error]


@pytest.mark.parametrize("cut", [ipv4, ipv6])
@pytest.mark.parametrize("size", [1470, 2000, 4096, 60_000])
def test_a_datagram_in_fragments_is_one_message(tmp_path: Path, cut: object, size: int) -> None:
    packets = cut(sample(size))  # type: ignore[operator]
    assert len(packets) > 1
    path = pcapng(tmp_path / "x.pcapng", packets, 101)
    (line,) = decode_file(path)
    assert f"{size} bytes" in line.text and not line.error
    assert line.record == len(packets)
    assert line.peer.endswith(f":{CLIENT}")


@pytest.mark.parametrize("cut", [ipv4, ipv6])
def test_in_any_order_and_twice(tmp_path: Path, cut: object) -> None:
    packets = cut(sample(5000))  # type: ignore[operator]
    for order in permutations(packets):
        (text,) = samples(pcapng(tmp_path / "x.pcapng", [order[0], *order], 101))
        assert "5000 bytes" in text


def test_behind_an_ethernet_header_with_padding(tmp_path: Path) -> None:
    number, before, _ = LINKS["ethernet"]
    packets = [before + packet + bytes(40) for packet in ipv4(sample(1500))]
    assert len(samples(pcapng(tmp_path / "x.pcapng", packets, number))) == 1


def test_packets_between_each_other(tmp_path: Path) -> None:
    flows = [ipv4(sample(3000, bytes([65 + each]), each), number=each) for each in range(40)]
    mixed = [packet for flow in flows for packet in flow]
    random.Random(3).shuffle(mixed)
    lines = list(decode_file(pcapng(tmp_path / "x.pcapng", mixed, 101)))
    assert len(lines) == 40 and not any(line.error for line in lines)
    assert sorted(line.raw[-1] for line in lines) == [65 + each for each in range(40)]


def test_a_missing_fragment_costs_its_own_datagram_and_is_said(tmp_path: Path) -> None:
    whole, hurt = ipv4(sample(3000, b"A", 0), number=1), ipv4(sample(3000, b"B", 1), number=2)
    lines = list(decode_file(pcapng(tmp_path / "x.pcapng", [hurt[0], whole[0], hurt[2], *whole[1:]], 101)))
    assert [line.error for line in lines] == [False, True]
    assert lines[1].text == "1 IP packets not joined, as fragments of them are missing"


def test_a_number_that_is_used_again(tmp_path: Path) -> None:
    lost, later = ipv4(sample(3000, b"A", 0)), ipv4(sample(3000, b"B", 1))
    lines = list(decode_file(pcapng(tmp_path / "x.pcapng", [lost[0], *later, *ipv4(sample(3000, b"C", 2))], 101)))
    assert [line.raw[-1:] for line in lines if not line.error] == [b"B", b"C"]
    assert [line.text for line in lines if line.error] == ["1 IP packets not joined, as fragments of them are missing"]


def test_fragments_that_lie_or_carry_something_else(tmp_path: Path) -> None:
    beyond = struct.pack(">BBHHHBBH", 0x45, 0, 120, 9, 0x1FFF, 64, 17, 0) + b"".join(V4) + bytes(100)
    ping = struct.pack(">BBHHHBBH", 0x45, 0, 120, 9, 0x2000, 64, 1, 0) + b"".join(V4) + bytes(100)
    cut = ipv4(sample(3000))[0][:-10]
    lines = list(decode_file(pcapng(tmp_path / "x.pcapng", [beyond, ping, cut, Sent(LOGIN).packet()], 101)))
    assert next(line.text for line in lines if line.error).startswith("fragment of an IP packet, cut by the capture")
    assert sum("CREATE_CLIENT" in line.text for line in lines) == 1
    assert lines[-1].text == "1 packets passed over: 1 ICMP"


def test_the_only_fragment_of_an_ipv6_packet(tmp_path: Path) -> None:
    (packet,) = ipv6(LOGIN)
    (line,) = decode_file(pcapng(tmp_path / "x.pcapng", [packet], 101))
    assert "CREATE_CLIENT" in line.text

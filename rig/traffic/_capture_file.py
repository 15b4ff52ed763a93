"""Decodes captures: pcapng as dumpcap and Wireshark write it, pcap as tcpdump writes it, and the rig's own.

Knows the two file formats and which end of a flow is the Agent. Must not know packet headers, nor messages.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BufferedReader
from typing import Any

from pcapng import FileScanner, blocks
from pcapng.exceptions import PcapngException

from rig.link import CAPTURE_WRITER, LINKTYPE_USER0, Direction
from rig.traffic._describe_line import DecodedLine, MessageDescriber, in_hex, unreadable
from rig.traffic._packets import Datagram, Foreign, PacketReader, Segment, UnreadablePacket, Waiting
from rig.traffic._tcp_stream import TcpStream
from rig.xrce import Frame, FrameDecoder, SubmessageKind, XrceDecodeError, decode_header, decode_submessages

PCAPNG_MAGIC = b"\x0a\x0d\x0d\x0a"
_PCAP_MAGICS = {
    b"\xd4\xc3\xb2\xa1": ("<", 1e6),
    b"\xa1\xb2\xc3\xd4": (">", 1e6),
    b"\x4d\x3c\xb2\xa1": ("<", 1e9),
    b"\xa1\xb2\x3c\x4d": (">", 1e9),
}
PCAP_MAGICS = frozenset(_PCAP_MAGICS)
_BLOCK_LIMIT = 64 << 20
_BREAKS = (
    PcapngException,
    struct.error,
    ValueError,
    KeyError,
    EOFError,
    OverflowError,
    ArithmeticError,
    TypeError,
    RuntimeError,
)
_WORDS = {"crc": "frame with a wrong CRC", "cut": "frame cut by another", "noise": "bytes outside a frame"}
_ASKED = {
    SubmessageKind.CREATE_CLIENT,
    SubmessageKind.CREATE,
    SubmessageKind.DELETE,
    SubmessageKind.WRITE_DATA,
    SubmessageKind.READ_DATA,
    SubmessageKind.TIMESTAMP,
}
_ANSWERED = {
    SubmessageKind.STATUS_AGENT,
    SubmessageKind.STATUS,
    SubmessageKind.DATA,
    SubmessageKind.TIMESTAMP_REPLY,
}
_NO_SESSION = (0x00, 0x80)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Packet:
    """One record of a capture. ``way`` is the direction that the capture itself gives."""

    number: int
    link_type: int
    data: bytes
    time: float | None = None
    way: Direction | None = None
    ours: bool = False


def frames_in(
    describer: MessageDescriber, decoder: FrameDecoder, about: DecodedLine, raw: bytes
) -> Iterator[DecodedLine]:
    """Decode a serial frame, or report bytes that form none."""
    for event in decoder.feed(raw):
        if isinstance(event, Frame):
            yield from describer.describe(event.payload, about)
        else:
            yield unreadable(about, f"{_WORDS[event.reason]}: {in_hex(event.raw)}", event.raw)
    if decoder.pending:
        rest = decoder.pending
        decoder.reset()
        yield unreadable(about, f"frame cut short after {rest} bytes: {in_hex(raw[-rest:])}", raw)


def decode_capture(source: BufferedReader, *, agent_port: int | None = None) -> Iterator[DecodedLine]:
    """Decode a capture from its first byte on.

    :param agent_port: skip packets that are neither to nor from this UDP or TCP port.
    """
    read = _pcap if source.peek(4)[:4] in _PCAP_MAGICS else _pcapng
    packets = read(_Blocks(source))
    reader = _Reader(agent_port)
    number = 0
    try:
        for packet in packets:
            number = packet.number
            yield from reader.say(packet)
    except _BREAKS as error:
        yield DecodedLine(text=f"the capture breaks off: {error}", error=True, record=number + 1)
    yield from reader.finish()
    if number == 0:
        yield DecodedLine(text="the capture holds no packets", error=True)


class _Blocks:
    """A capture, read by sizes that stand in it and may be damaged."""

    def __init__(self, file: BufferedReader) -> None:
        self._file = file
        self._taken = 0

    def read(self, size: int) -> bytes:
        """As of the file. :raises ValueError: a size that no block has."""
        if not 0 <= size <= _BLOCK_LIMIT:
            raise ValueError(f"block of {size} bytes")
        data = self._file.read(size)
        self._taken += len(data)
        return data

    def tell(self) -> int:
        """Bytes from the start, by which blocks are padded."""
        return self._taken


def _pcapng(source: _Blocks) -> Iterator[_Packet]:
    number = 0
    ours = False
    for block in FileScanner(source):
        if isinstance(block, blocks.SectionHeader):
            ours = _option(block, "shb_userappl") == CAPTURE_WRITER
        if isinstance(block, blocks.SimplePacket | blocks.EnhancedPacket | blocks.ObsoletePacket):
            number += 1
            timed = not isinstance(block, blocks.SimplePacket)
            yield _Packet(
                number=number,
                link_type=block.interface.link_type,
                data=bytes(block.packet_data),
                time=float(block.timestamp) if timed else None,
                way=_way(block),
                ours=ours,
            )


def _pcap(source: _Blocks) -> Iterator[_Packet]:
    order, fraction = _PCAP_MAGICS[source.read(4)]
    *_, network = struct.unpack(order + "HHiIII", source.read(20))
    record = struct.Struct(order + "IIII")
    number = 0
    while head := source.read(record.size):
        seconds, parts, kept, _ = record.unpack(head)
        data = source.read(kept)
        if len(data) < kept:
            raise EOFError(f"packet of {kept} bytes, {len(data)} left")
        number += 1
        yield _Packet(number=number, link_type=network & 0x0FFFFFFF, data=data, time=seconds + parts / fraction)


def _option(block: Any, name: str) -> Any:
    try:
        return block.options[name]
    except (KeyError, AttributeError, *_BREAKS):
        return None


def _way(block: Any) -> Direction | None:
    way = getattr(_option(block, "epb_flags"), "inout", None)
    return {"inbound": Direction.TO_AGENT, "outbound": Direction.TO_BOARD}.get(str(way))


class _Reader:
    """Says packet after packet of one capture."""

    def __init__(self, agent_port: int | None) -> None:
        self._agent_port = agent_port
        self._packets = PacketReader()
        self._describer = MessageDescriber()
        self._streams: dict[tuple[str, str], TcpStream] = {}
        self._ways: dict[tuple[str, str], Direction] = {}
        self._passed: Counter[str] = Counter()

    def say(self, packet: _Packet) -> Iterator[DecodedLine]:
        """Say what a packet carries."""
        about = DecodedLine(time=packet.time, direction=packet.way, record=packet.number)
        if packet.link_type == LINKTYPE_USER0:
            yield from frames_in(self._describer, FrameDecoder(), about, packet.data)
            return
        about = replace(about, direction=None)
        try:
            carried = self._packets.read(packet.link_type, packet.data)
        except UnreadablePacket as error:
            yield unreadable(about, f"{error}: {in_hex(packet.data)}", packet.data)
            return
        if isinstance(carried, Waiting):
            return
        if isinstance(carried, Foreign):
            self._passed[carried.what] += 1
            return
        if self._agent_port not in (None, carried.source_port, carried.target_port):
            self._passed["on other ports"] += 1
            return
        if carried.cut:
            about = replace(about, note="cut by the capture")
        if packet.ours and packet.way is not None:
            # By the rig's own tap: one link, and its ends are known.
            flow = (carried.source, carried.target)
            yield from self._describer.describe(carried.payload, replace(about, direction=packet.way), flow=flow)
        elif isinstance(carried, Datagram):
            yield from self._message(about, carried, carried.payload)
        else:
            yield from self._segment(about, carried)

    def _segment(self, about: DecodedLine, segment: Segment) -> Iterator[DecodedLine]:
        flow = (segment.source, segment.target)
        if segment.ack is not None and (back := self._streams.get(flow[::-1])) is not None:
            reverse = replace(segment, source=segment.target, target=segment.source)
            yield from self._had(about, reverse, back.acknowledged(segment.ack))
        stream = self._streams.get(flow)
        if stream is None:
            stream = self._streams[flow] = TcpStream()
        yield from self._had(about, segment, stream.feed(segment.sequence, segment.payload, syn=segment.syn))

    def _had(self, about: DecodedLine, carried: Segment, events: list[bytes | str]) -> Iterator[DecodedLine]:
        for event in events:
            if isinstance(event, bytes):
                yield from self._message(about, carried, event)
            else:
                where = f"{carried.source} > {carried.target}"
                yield unreadable(replace(about, peer=where), event)

    def _message(self, about: DecodedLine, carried: Datagram | Segment, message: bytes) -> list[DecodedLine]:
        flow = (carried.source, carried.target)
        way = self._direction(flow, carried, message)
        peer = f"{carried.source} > {carried.target}"
        if way is not None:
            peer = carried.source if way is Direction.TO_AGENT else carried.target
        return self._describer.describe(message, replace(about, direction=way, peer=peer), flow=flow)

    def _direction(self, flow: tuple[str, str], carried: Datagram | Segment, message: bytes) -> Direction | None:
        """Which end is the Agent: the port that was given, or who asks what only Clients ask."""
        if self._agent_port is not None:
            return Direction.TO_AGENT if carried.target_port == self._agent_port else Direction.TO_BOARD
        way = self._ways.get(flow)
        if way is None and (way := _asks_or_answers(message)) is not None:
            self._ways[flow] = way
            other = Direction.TO_BOARD if way is Direction.TO_AGENT else Direction.TO_AGENT
            self._ways.setdefault(flow[::-1], other)
        return way

    def finish(self) -> Iterator[DecodedLine]:
        """Say what stayed open, and what was passed over."""
        for (source, target), stream in self._streams.items():
            for event in stream.finish():
                about = DecodedLine(direction=self._ways.get((source, target)), peer=f"{source} > {target}")
                if isinstance(event, bytes):
                    yield from self._describer.describe(event, about, flow=(source, target))
                else:
                    yield unreadable(about, event)
        yield from self._describer.left_over()
        if lost := self._packets.unjoined():
            yield unreadable(DecodedLine(), f"{lost} IP packets not joined, as fragments of them are missing")
        if self._passed:
            kinds = ", ".join(f"{count} {what}" for what, count in self._passed.most_common())
            yield DecodedLine(text=f"{self._passed.total()} packets passed over: {kinds}")


def _asks_or_answers(message: bytes) -> Direction | None:
    """Direction of a message by what only one side sends; both sides of a session may ask for liveliness."""
    try:
        header, offset = decode_header(message)
        if not list(decode_submessages(message, offset)):
            return None
    except XrceDecodeError:
        return None
    kind = message[offset]
    alone = header.session_id in _NO_SESSION
    if kind in _ASKED or (alone and kind == SubmessageKind.GET_INFO):
        return Direction.TO_AGENT
    if kind in _ANSWERED or (alone and kind == SubmessageKind.INFO):
        return Direction.TO_BOARD
    return None

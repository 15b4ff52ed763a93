"""Recorded traffic in words: transcripts, pcapng captures, raw serial logs; and traffic as it crosses a tap.

Knows file formats and how to say what is in them. Broken records become lines that say so; nothing stops the
reading but the end of the file.
"""

from __future__ import annotations

import json
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import Any

from pcapng import FileScanner, blocks
from pcapng.exceptions import PcapngException

from rig.agent._capture import LINKTYPE_RAW, LINKTYPE_USER0
from rig.agent._counters import Direction
from rig.agent._growing import GrowingFile
from rig.errors import UsageError
from rig.xrce import (
    Fragment,
    Frame,
    FrameDecoder,
    Reassembler,
    XrceDecodeError,
    decode_header,
    decode_submessages,
    describe_header,
    describe_submessage,
)

_PCAPNG_MAGIC = b"\x0a\x0d\x0d\x0a"
_ARROWS = {Direction.TO_AGENT: "->", Direction.TO_BOARD: "<-", None: "--"}
_WAYS = {"c2a": Direction.TO_AGENT, "a2c": Direction.TO_BOARD}
_SHOWN = 32


_Source = BufferedReader | GrowingFile


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedLine:
    """One submessage, or one thing that could not be read.

    ``time`` in seconds, from the start of a transcript or since the epoch in a capture; None where unknown.
    """

    time: float | None
    direction: Direction | None
    text: str
    error: bool = False
    note: str = ""
    record: int = 0
    raw: bytes = field(default=b"", repr=False)

    def __str__(self) -> str:
        when = f"{self.time:12.6f} " if self.time is not None else ""
        note = f" ({self.note})" if self.note else ""
        return f"{when}{_ARROWS[self.direction]} {self.text}{note}"

    def as_json(self) -> dict[str, Any]:
        """Plain values for ``--json``."""
        out = asdict(self)
        out["direction"] = self.direction.value if self.direction is not None else None
        out["raw"] = self.raw.hex()
        return out


@dataclass(slots=True)
class _Context:
    time: float | None = None
    direction: Direction | None = None
    record: int = 0
    note: str = ""


class MessageDescriber:
    """Describes messages of one link one after another; joins fragments of each stream and direction."""

    def __init__(self) -> None:
        self._parts: dict[tuple[Direction | None, bytes], Reassembler] = {}

    def describe(
        self,
        message: bytes,
        *,
        time: float | None = None,
        direction: Direction | None = None,
        record: int = 0,
        note: str = "",
    ) -> list[DecodedLine]:
        """Say one message; never raises."""
        context = _Context(time, direction, record, note)
        try:
            header, offset = decode_header(message)
        except XrceDecodeError as error:
            return [self._broken(context, message, error)]
        head = describe_header(header)
        lines: list[DecodedLine] = []
        try:
            for item in decode_submessages(message, offset):
                lines.append(self._line(context, f"{head} {describe_submessage(item)}", message))
                if isinstance(item, Fragment):
                    lines += self._joined(context, message[: 2 if offset == 4 else 8], item)
        except XrceDecodeError as error:
            lines.append(self._broken(context, message, error))
        return lines or [self._line(context, f"{head} (no submessage)", message)]

    def _joined(self, context: _Context, stream: bytes, item: Fragment) -> list[DecodedLine]:
        key = (context.direction, stream[:2] + stream[4:])
        whole = self._parts.setdefault(key, Reassembler()).add(item.data, last=item.last)
        if whole is None:
            return []
        try:
            return [
                self._line(context, f"    joined: {describe_submessage(inner)}", whole)
                for inner in decode_submessages(whole)
            ]
        except XrceDecodeError as error:
            return [self._broken(context, whole, error)]

    def _line(self, context: _Context, text: str, raw: bytes) -> DecodedLine:
        return DecodedLine(
            time=context.time,
            direction=context.direction,
            text=text,
            note=context.note,
            record=context.record,
            raw=raw,
        )

    def _broken(self, context: _Context, raw: bytes, error: XrceDecodeError) -> DecodedLine:
        return _error(context, f"not DDS-XRCE: {error}: {_hex(raw)}", raw)


def _error(context: _Context, text: str, raw: bytes = b"") -> DecodedLine:
    return DecodedLine(
        time=context.time,
        direction=context.direction,
        text=text,
        error=True,
        note=context.note,
        record=context.record,
        raw=raw,
    )


def _hex(raw: bytes) -> str:
    return raw[:_SHOWN].hex(" ") + (" ..." if len(raw) > _SHOWN else "")


def live_observer(show: Callable[[DecodedLine], None]) -> Callable[[Direction, bytes, int], None]:
    """Make an observer for a link tap that says every message as it crosses."""
    describer = MessageDescriber()

    def observe(direction: Direction, message: bytes, time_ns: int) -> None:
        for line in describer.describe(message, time=time_ns / 1e9, direction=direction):
            show(line)

    return observe


def decode_file(path: Path, *, follow: threading.Event | None = None) -> Iterator[DecodedLine]:
    """Say a recorded file, whatever of the three kinds it is, line by line as it is read.

    :param follow: the file still grows: wait for more, also for a beginning, until this event is set.
    :raises UsageError: the file cannot be read, or is empty.
    """
    try:
        with path.open("rb") as file:
            source = file if follow is None else GrowingFile(file, follow)
            head = source.read(4)
            file.seek(0)
            if not head:
                if follow is not None:
                    return
                raise UsageError(f"{path} is empty", hint="give a transcript, a pcapng or a raw serial log")
            if head == _PCAPNG_MAGIC:
                yield from _pcapng(source)
            elif head.lstrip()[:1] == b"{":
                yield from _transcript(source)
            else:
                yield from _serial_log(source)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", hint="check the file's name and rights") from error


def _unit(describer: MessageDescriber, decoder: FrameDecoder, context: _Context, raw: bytes) -> Iterator[DecodedLine]:
    """Say a serial frame, or bytes that are none."""
    for event in decoder.feed(raw):
        if isinstance(event, Frame):
            yield from describer.describe(
                event.payload,
                time=context.time,
                direction=context.direction,
                record=context.record,
                note=context.note,
            )
        else:
            words = {"crc": "frame with a wrong CRC", "cut": "frame cut by another", "noise": "bytes outside a frame"}
            yield _error(context, f"{words[event.reason]}: {_hex(event.raw)}", event.raw)
    if decoder.pending:
        rest = decoder.pending
        decoder.reset()
        yield _error(context, f"frame cut short after {rest} bytes: {_hex(raw[-rest:])}", raw)


def _transcript(file: _Source) -> Iterator[DecodedLine]:
    describer = MessageDescriber()
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        context = _Context(record=number)
        try:
            row = json.loads(line)
            data = bytes.fromhex(row["hex"])
            context.direction = _WAYS.get(row.get("dir"))
            context.time = float(row["t"]) if "t" in row else None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            yield _error(context, f"line {number} is no record: {error!r}", line)
            continue
        context.note = "dropped" if row.get("dropped") else "altered on the way" if "fwd" in row else ""
        if data[:1] == b"\x7e":
            yield from _unit(describer, FrameDecoder(), context, data)
        else:
            yield from describer.describe(
                data, time=context.time, direction=context.direction, record=number, note=context.note
            )


def _serial_log(file: _Source) -> Iterator[DecodedLine]:
    describer = MessageDescriber()
    decoder = FrameDecoder()
    number = 0
    while chunk := file.read1(65536):
        for event in decoder.feed(chunk):
            number += 1
            context = _Context(record=number)
            if isinstance(event, Frame):
                # By convention the Agent's address is 0: what goes there comes from a board.
                context.direction = Direction.TO_AGENT if event.destination == 0 else Direction.TO_BOARD
                yield from describer.describe(event.payload, direction=context.direction, record=number)
            else:
                yield _error(context, f"no frame ({event.reason}): {_hex(event.raw)}", event.raw)
    if decoder.pending:
        yield _error(_Context(record=number + 1), f"frame cut short after {decoder.pending} bytes")


def _pcapng(file: _Source) -> Iterator[DecodedLine]:
    describer = MessageDescriber()
    number = 0
    try:
        for block in FileScanner(file):
            if not isinstance(block, blocks.EnhancedPacket):
                continue
            number += 1
            context = _Context(float(block.timestamp), _packet_direction(block), number)
            link, data = block.interface.link_type, bytes(block.packet_data)
            if link == LINKTYPE_USER0:
                yield from _unit(describer, FrameDecoder(), context, data)
            elif link == LINKTYPE_RAW and (payload := _udp_payload(data)) is not None:
                yield from describer.describe(payload, time=context.time, direction=context.direction, record=number)
            else:
                yield _error(context, f"packet of link type {link} that is no UDP: {_hex(data)}", data)
    except (PcapngException, struct.error, ValueError, KeyError, EOFError) as error:
        yield _error(_Context(record=number + 1), f"the capture breaks off: {error}")


def _packet_direction(block: Any) -> Direction | None:
    try:
        way = block.options["epb_flags"].inout
    except (KeyError, AttributeError):
        return None
    return {"inbound": Direction.TO_AGENT, "outbound": Direction.TO_BOARD}.get(way)


def _udp_payload(packet: bytes) -> bytes | None:
    if len(packet) < 28 or packet[0] >> 4 != 4 or packet[9] != 17:
        return None
    start = (packet[0] & 0xF) * 4
    return packet[start + 8 :] if len(packet) >= start + 8 else None

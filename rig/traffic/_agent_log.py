"""The log that MicroXRCEAgent and micro_ros_agent write at ``-v6``: every message in hexadecimal.

Knows the form of such a line, also after a prefix by a terminal, ROS 2 launch, journald or a quotation. Must not know
what a message means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from rig.link import Direction
from rig.traffic._describe_line import DecodedLine, MessageDescriber, unreadable

_COLOUR = re.compile(rb"\x1b\[[0-9;]*[A-Za-z]")
_TIME = re.compile(rb"\[(\d{1,12}\.\d{1,9})\]\s*\w+\s*\|")
_MESSAGE = re.compile(
    rb"\[(?P<way>==>>|\*\* <<)\s*\w+\s*(?:<<==|>> \*\*)\]\s*\|"
    rb"\s*client_key: 0x(?P<key>[0-9A-Fa-f]{1,8}), len: (?P<size>\d{1,7}), data:"
)
_HEX = re.compile(rb"(?:^|[\s>])([0-9A-Fa-f]{4,8}): ((?:[0-9A-Fa-f]{2}\s+)*[0-9A-Fa-f]{2})\s*$")
_ANY_LINE = re.compile(rb"\w\s*\|\s*\w+\.cpp\s*\|")
_WAYS = {b"==>>": Direction.TO_AGENT, b"** <<": Direction.TO_BOARD}
_AGENT = "agent"


def is_log_line(line: bytes) -> bool:
    """Whether a line belongs to such a log, at any level."""
    plain = _COLOUR.sub(b"", line)
    return _MESSAGE.search(plain) is not None or _ANY_LINE.search(plain) is not None


@dataclass(slots=True)
class _Dump:
    """A message whose bytes are being read."""

    about: DecodedLine
    size: int
    key: str
    data: bytearray = field(default_factory=bytearray)

    @property
    def complete(self) -> bool:
        return len(self.data) == self.size


def decode_agent_log(lines: Iterable[bytes], *, first: int = 1) -> Iterator[DecodedLine]:
    """Decode the messages in a log; other lines are skipped.

    :param first: number of the first line; the returned lines carry these numbers.
    """
    describer = MessageDescriber()
    dump: _Dump | None = None
    for number, raw in enumerate(lines, first):
        line = _COLOUR.sub(b"", raw)
        if (head := _MESSAGE.search(line)) is not None:
            yield from _cut(dump)
            dump = _begun(line, head, number)
        elif dump is not None and (row := _HEX.search(line)) is not None and int(row[1], 16) == len(dump.data):
            dump.data += bytes.fromhex(row[2].decode())
        elif dump is not None:
            yield from _cut(dump)
            dump = None
        if dump is not None and dump.complete:
            yield from _said(describer, dump)
            dump = None
    yield from _cut(dump)
    yield from describer.left_over()


def _begun(line: bytes, head: re.Match[bytes], number: int) -> _Dump:
    when = _TIME.search(line)
    key = f"0x{int(head['key'], 16):08X}"
    about = DecodedLine(
        time=float(when[1]) if when is not None else None, direction=_WAYS[head["way"]], record=number, peer=key
    )
    return _Dump(about, int(head["size"]), key)


def _said(describer: MessageDescriber, dump: _Dump) -> list[DecodedLine]:
    flow = (dump.key, _AGENT) if dump.about.direction is Direction.TO_AGENT else (_AGENT, dump.key)
    return describer.describe(bytes(dump.data), dump.about, flow=flow)


def _cut(dump: _Dump | None) -> Iterator[DecodedLine]:
    if dump is not None:
        text = f"message of {dump.size} bytes, of which the log has {len(dump.data)}"
        yield unreadable(dump.about, text, bytes(dump.data))

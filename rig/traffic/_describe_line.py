"""Describes the messages of a link, one line for each submessage, recorded or live.

Knows streams well enough to join fragments and to recognise repeats. Must not know where messages come from.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from rig.link import Direction
from rig.traffic._order import StreamOrder
from rig.xrce import (
    CreateClient,
    Header,
    Submessage,
    XrceDecodeError,
    decode_header,
    decode_submessages,
    describe_header,
    describe_submessage,
)

_ARROWS = {Direction.TO_AGENT: "->", Direction.TO_BOARD: "<-", None: "--"}
_SHOWN = 32
Flow = tuple[str, str]
"""Sender and receiver."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedLine:
    """One submessage, or one record that could not be read.

    ``time`` in seconds, from the start of a transcript or since the epoch in a capture; None where unknown.
    ``peer`` names the Client's address where a capture may hold several.
    """

    time: float | None = None
    direction: Direction | None = None
    text: str = ""
    error: bool = False
    note: str = ""
    record: int = 0
    peer: str = ""
    raw: bytes = field(default=b"", repr=False)

    def __str__(self) -> str:
        when = f"{self.time:12.6f} " if self.time is not None else ""
        peer = f"{self.peer} " if self.peer else ""
        note = f" ({self.note})" if self.note else ""
        return f"{when}{_ARROWS[self.direction]} {peer}{self.text}{note}"

    def as_json(self) -> dict[str, Any]:
        """Plain values for ``--json``."""
        out = asdict(self)
        out["direction"] = self.direction.value if self.direction is not None else None
        out["raw"] = self.raw.hex()
        return out


def since_first(lines: Iterable[DecodedLine]) -> Iterator[DecodedLine]:
    """The same lines, with times counted from the first line that has a time."""
    begin: float | None = None
    for line in lines:
        if line.time is None:
            yield line
            continue
        begin = line.time if begin is None else begin
        yield replace(line, time=line.time - begin)


@dataclass(frozen=True, slots=True)
class _Stream:
    """Whose numbers these are: a flow (or direction), a session, a stream in it."""

    flow: Flow | Direction | None
    session_id: int
    client_key: bytes | None
    stream_id: int


class MessageDescriber:
    """Describes messages of one link one after another; joins fragments and marks repeats of each stream."""

    def __init__(self) -> None:
        self._orders: dict[_Stream, StreamOrder] = {}
        self._logins: set[tuple[Hashable, int]] = set()

    def describe(
        self, message: bytes, about: DecodedLine | None = None, *, flow: Flow | None = None
    ) -> list[DecodedLine]:
        """Describe one message; never raises.

        :param about: a line with the time, direction, record and so on for the lines to make.
        :param flow: sender and receiver, where a link has more than one at an end.
        """
        about = about if about is not None else DecodedLine()
        try:
            header, offset = decode_header(message)
        except XrceDecodeError as error:
            return [no_xrce(about, message, error)]
        items: list[Submessage] = []
        broken: list[DecodedLine] = []
        try:
            for item in decode_submessages(message, offset):
                items.append(item)
        except XrceDecodeError as error:
            broken = [no_xrce(about, message, error)]
        order = self._order(header, about.direction, flow)
        again = order is not None and order.repeats(header.sequence, message)
        if again:
            about = replace(about, note=", ".join(filter(None, ("repeated", about.note))))
            broken = [replace(line, note=about.note) for line in broken]
        head = describe_header(header)
        texts = [f"{head} {describe_submessage(item)}" for item in items]
        if not texts and not broken:
            texts = [f"{head} (no submessage)"]
        lines = [replace(about, text=text, raw=message) for text in texts] + broken
        if order is not None and not again:
            lines += _joined(about, order.join(header.sequence, items))
        for item in items:
            if isinstance(item, CreateClient):
                self._login(item.session_id, flow)
        return lines

    def left_over(self) -> list[DecodedLine]:
        """At the end: a line for each group of fragments that stayed incomplete."""
        lines = []
        for stream, order in self._orders.items():
            if numbers := order.unjoined:
                head = describe_header(
                    Header(
                        session_id=stream.session_id,
                        stream_id=stream.stream_id,
                        sequence=numbers[0],
                        client_key=stream.client_key,
                    )
                )
                direction = stream.flow if isinstance(stream.flow, Direction) else None
                peer = " > ".join(stream.flow) if isinstance(stream.flow, tuple) else ""
                text = f"{head} fragments not joined, as others are missing: {len(numbers)}, the last seq={numbers[-1]}"
                lines.append(DecodedLine(direction=direction, text=text, error=True, peer=peer))
        return lines

    def _order(self, header: Header, direction: Direction | None, flow: Flow | None) -> StreamOrder | None:
        """Order of a message's stream; None for the one without numbers."""
        if header.stream_id == 0:
            return None
        stream = _Stream(flow or direction, header.session_id, header.client_key, header.stream_id)
        order = self._orders.get(stream)
        if order is None:
            begun = (_ends(flow), header.session_id) in self._logins
            order = self._orders[stream] = StreamOrder(0 if begun else None)
        return order

    def _login(self, session_id: int, flow: Flow | None) -> None:
        """A session begins, or begins anew: its streams count from 0 in both directions."""
        self._logins.add((_ends(flow), session_id))
        ends = {flow, flow[::-1]} if flow is not None else {None, *Direction}
        for stream in [each for each in self._orders if each.session_id == session_id and each.flow in ends]:
            del self._orders[stream]


def _ends(flow: Flow | None) -> Hashable:
    return frozenset(flow) if flow is not None else None


def _joined(about: DecodedLine, whole: bytes | None) -> Sequence[DecodedLine]:
    if whole is None:
        return ()
    try:
        return [
            replace(about, text=f"    joined: {describe_submessage(inner)}", raw=whole)
            for inner in decode_submessages(whole)
        ]
    except XrceDecodeError as error:
        return [no_xrce(about, whole, error)]


def no_xrce(about: DecodedLine, raw: bytes, error: XrceDecodeError) -> DecodedLine:
    """A line that says that bytes are no message."""
    return unreadable(about, f"not DDS-XRCE: {error}: {in_hex(raw)}", raw)


def unreadable(about: DecodedLine, text: str, raw: bytes = b"") -> DecodedLine:
    """A line that says what could not be read."""
    return replace(about, text=text, error=True, raw=raw)


def in_hex(raw: bytes) -> str:
    """The first bytes in hexadecimal."""
    return raw[:_SHOWN].hex(" ") + (" ..." if len(raw) > _SHOWN else "")


def live_observer(show: Callable[[DecodedLine], None]) -> Callable[[Direction, bytes, int], None]:
    """Make an observer for a link tap that describes every message as it passes."""
    describer = MessageDescriber()

    def observe(direction: Direction, message: bytes, time_ns: int) -> None:
        for line in describer.describe(message, DecodedLine(time=time_ns / 1e9, direction=direction)):
            show(line)

    return observe

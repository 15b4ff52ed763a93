"""What is fuzzed, and what must hold for every input: functions from bytes to nothing, that raise when it does not.

Know no fuzzer: the same functions run over the corpus, under atheris and under hypothesis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from rig import xrce
from rig.agent import CED, RIG, AgentCore, Peer

_BODIES: tuple[tuple[Callable[[bytes], object], Callable[..., bytes]], ...] = (
    (xrce.decode_participant, xrce.encode_participant),
    (xrce.decode_topic, xrce.encode_topic),
    (xrce.decode_group, xrce.encode_group),
    (xrce.decode_endpoint, xrce.encode_writer),
    (xrce.decode_endpoint, xrce.encode_reader),
    (xrce.decode_service, xrce.encode_service),
)


def codec(data: bytes) -> None:
    """A message is refused with the one error for it, or can be said in words, written, and read back the same."""
    for decode, encode in _BODIES:
        try:
            body = decode(data)
        except xrce.XrceDecodeError:
            continue
        assert decode(encode(body)) == body
    try:
        message = xrce.decode_message(data)
    except xrce.XrceDecodeError as error:
        assert error.message
        return
    assert all(isinstance(line, str) for line in xrce.describe(message))
    if all(getattr(item, "little_endian", True) for item in message.submessages):
        assert xrce.decode_message(xrce.encode_message(message)) == message


def _fed(data: bytes, pieces: Iterator[bytes]) -> tuple[list[xrce.Frame], int]:
    decoder = xrce.FrameDecoder()
    events = [event for piece in pieces for event in decoder.feed(piece)]
    assert sum(len(event.raw) for event in events) + decoder.pending <= len(data)
    return [event for event in events if isinstance(event, xrce.Frame)], decoder.pending


def framing(data: bytes) -> None:
    """Frames do not depend on how the bytes arrive, hold what they claim, and survive being written again."""
    whole = _fed(data, iter((data,)))
    single = _fed(data, (data[i : i + 1] for i in range(len(data))))
    cut = len(data) // 3
    assert whole == single == _fed(data, (data[a:b] for a, b in pairwise((0, cut, cut, len(data)))))
    for frame in whole[0]:
        again = xrce.FrameDecoder().feed(
            xrce.encode_frame(frame.payload, source=frame.source, destination=frame.destination)
        )
        assert [(e.source, e.destination, e.payload) for e in again if isinstance(e, xrce.Frame)] == [
            (frame.source, frame.destination, frame.payload)
        ]


_MAX_STEPS = 64
_ANSWERS_PER_BYTE = 4096


def steps(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The Agent's input as (what to do, message): a byte, a length of 16 bits, and so many bytes; again and again."""
    at = 0
    for _ in range(_MAX_STEPS):
        if at + 3 > len(data):
            return
        length = data[at + 1] | data[at + 2] << 8
        yield data[at], data[at + 3 : at + 3 + length]
        at += 3 + length


def pack(messages: list[tuple[int, bytes]]) -> bytes:
    """The inverse of ``steps``."""
    return b"".join(bytes((what,)) + len(m).to_bytes(2, "little") + m for what, m in messages)


def agent(data: bytes) -> None:
    """Whatever two addresses send: the core does not raise, answers only what can be read, and little for little."""
    core = AgentCore(personality=CED if data[:1] == b"\xff" else RIG, wall_clock=lambda: 0)
    peers = [Peer(None, "one"), Peer(None, "two")]
    now = 0.0
    received = answered = 0
    for what, message in steps(data):
        now += (what >> 1 & 7) * 0.05 + (40.0 if what & 0x40 else 0.0)
        core.receive(peers[what & 1], message, now)
        if what & 0x10:
            core.tick(now)
        if what & 0x20:
            core.drop_peer(peers[what & 1], now, "gone")
        received += len(message) + 16
        for _, answer in core.outbox:
            answered += len(answer)
            header, offset = xrce.decode_header(answer)
            if header.stream_id < 0x80:
                list(xrce.decode_submessages(answer, offset))
        core.outbox.clear()
        assert core.statistics.clients <= _MAX_STEPS
        assert answered <= received * _ANSWERS_PER_BYTE
    core.deadline()


TARGETS: dict[str, Callable[[bytes], None]] = {"codec": codec, "framing": framing, "agent": agent}

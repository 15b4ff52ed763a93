"""Speed of the Python codec: usual messages encoded, decoded, framed and taken out of their frames."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import click

from benchmarks._report import report
from rig import xrce

_ROUNDS = 5


def _messages() -> dict[str, xrce.Message]:
    best = xrce.Header(session_id=0x81, stream_id=0x01, sequence=7)
    reliable = xrce.Header(session_id=0x81, stream_id=0x80, sequence=7)
    control = xrce.Header(session_id=0x81)
    topic = xrce.encode_topic(xrce.TopicBody(name="rt/chatter", type_name="std_msgs::msg::dds_::String_"))
    create = xrce.Create(
        request_id=11,
        object_id=0x0012,
        object_kind=2,
        representation=xrce.RepresentationFormat.BIN,
        body=topic,
        parent_id=0x0011,
    )
    return {
        "WRITE_DATA 64 B": xrce.Message(
            header=best, submessages=(xrce.WriteData(request_id=10, object_id=0x0015, data=bytes(64)),)
        ),
        "DATA 400 B": xrce.Message(
            header=reliable, submessages=(xrce.Data(request_id=10, object_id=0x0016, data=bytes(400)),)
        ),
        "CREATE topic": xrce.Message(header=reliable, submessages=(create,)),
        "ACKNACK": xrce.Message(header=control, submessages=(xrce.AckNack(first_unacked=8, bitmap=0, stream_id=0x80),)),
    }


def _per_second(action: Callable[[], object], seconds: float) -> float:
    """Median of some rounds that take ``seconds`` together."""
    calls = 1
    while True:
        begin = time.perf_counter()
        for _ in range(calls):
            action()
        if time.perf_counter() - begin > 0.01:
            break
        calls *= 2
    rates: list[float] = []
    end = time.perf_counter() + seconds
    while len(rates) < _ROUNDS or time.perf_counter() < end:
        begin = time.perf_counter()
        for _ in range(calls):
            action()
        rates.append(calls / (time.perf_counter() - begin))
    return statistics.median(rates)


def measure(seconds: float) -> dict[str, dict[str, float]]:
    """Operations per second, by message."""
    found: dict[str, dict[str, float]] = {}
    for name, message in _messages().items():
        data = xrce.encode_message(message)
        frame = xrce.encode_frame(data, source=1, destination=0)
        decoder = xrce.FrameDecoder(address=0)
        actions: dict[str, Callable[[], object]] = {
            "encode": lambda message=message: xrce.encode_message(message),  # type: ignore[misc]
            "decode": lambda data=data: xrce.decode_message(data),  # type: ignore[misc]
            "frame": lambda data=data: xrce.encode_frame(data, source=1, destination=0),  # type: ignore[misc]
            "unframe": lambda frame=frame, decoder=decoder: list(decoder.feed(frame)),  # type: ignore[misc]
        }
        found[name] = {action: _per_second(call, seconds) for action, call in actions.items()}
    return found


@click.command()
@click.option("--seconds", default=0.3, show_default=True, help="For each figure.")
def main(seconds: float) -> None:
    """Codec operations per second."""
    found = measure(seconds)
    names = ["encode", "decode", "frame", "unframe"]
    rows = [[message, *(f"{figures[name]:,.0f}" for name in names)] for message, figures in found.items()]
    report("codec", ["per second", *names], rows, {"per_second": found})


if __name__ == "__main__":
    main()

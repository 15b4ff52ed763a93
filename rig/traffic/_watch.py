"""Decodes live traffic: a tap between a board and its Agent that describes every message.

Knows links by the names of the command line. Must not know where the text is shown.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from rig.errors import UsageError
from rig.link import LinkTap, SerialTap, UdpTap
from rig.traffic._describe_line import DecodedLine, live_observer

_LOOK = 0.1


def _tap(
    link: str, *, agent_port: int | None, baud: int, capture: Path | None, show: Callable[[DecodedLine], None]
) -> LinkTap:
    kind, _, where = link.partition(":")
    observer = live_observer(show)
    if kind == "udp4" and where.isdecimal() and int(where) <= 0xFFFF:
        if agent_port is None:
            raise UsageError("the Agent's UDP port is missing", hint=f"rig decode --live {link} --agent-port 8888")
        return UdpTap(agent_port, board_port=int(where), capture=capture, observer=observer)
    if kind == "serial" and where:
        return SerialTap(where, line_rate=baud, capture=capture, observer=observer)
    raise UsageError(f"no link {link!r}", hint="udp4:PORT that the board sends to, or serial:DEVICE of the board")


def _place(tap: LinkTap) -> str:
    """What the user must know to join board and Agent."""
    if isinstance(tap, UdpTap):
        return f"boards send to 127.0.0.1:{tap.board_port}, the Agent is at 127.0.0.1:{tap.agent_port}"
    assert isinstance(tap, SerialTap)
    return f"the Agent's end of the line is {tap.agent_device}"


def _total(tap: LinkTap) -> str:
    counters = tap.counters()
    return "; ".join(
        f"{name} {way.messages} messages, {way.bytes} bytes, {way.framing_errors} framing errors"
        for name, way in (("to the Agent", counters.to_agent), ("to the board", counters.to_board))
    )


def watch_link(
    link: str,
    *,
    ended: threading.Event,
    note: Callable[[str], None],
    agent_port: int | None = None,
    baud: int = 115200,
    capture: Path | None = None,
) -> Iterator[DecodedLine]:
    """Forward and describe a link's traffic between board and Agent until ``ended`` is set.

    :param link: ``udp4:PORT`` on loopback that the board sends to (0: any free), or ``serial:DEVICE`` of the board.
    :param note: called with where board and Agent connect, and at the end with the counters, in words.
    :param agent_port: where the Agent listens; ``udp4`` only.
    :param baud: rate of a real serial device, in bit/s.
    :param capture: pcapng file to write as well.
    :raises UsageError: no such link. :raises AgentFault: the port or device is in use, or the tap broke.
    :raises EnvironmentFault: no such device, or the capture cannot be written.
    """
    lines: queue.SimpleQueue[DecodedLine] = queue.SimpleQueue()
    with _tap(link, agent_port=agent_port, baud=baud, capture=capture, show=lines.put) as tap:
        note(_place(tap))
        while not ended.is_set():
            try:
                yield lines.get(timeout=_LOOK)
            except queue.Empty:
                tap.check()
    while not lines.empty():
        yield lines.get()
    note(_total(tap))

"""The tapped link with an Agent behind it, as experiments see it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from rig.agent import (
    RETICENT,
    RIG,
    BuiltinAgent,
    ExternalAgent,
    Personality,
    RemoteEnds,
    RemoteReader,
    SerialTransport,
    Transport,
    UdpTransport,
    find_external,
)
from rig.board import LinkEndpoint
from rig.errors import EnvironmentFault
from rig.evidence import Sent
from rig.link import Direction, LinkCounters, NoisePlan, SerialTap, UdpTap

Agent = BuiltinAgent | ExternalAgent
_KEPT_MESSAGES = 64  # for the evidence of a fault
NO_EXTERNAL = "neither MicroXRCEAgent nor micro_ros_agent is on PATH"


@dataclass(frozen=True, slots=True)
class TapTraffic:
    """A snapshot of the tap's counters."""

    counters: LinkCounters

    @property
    def total_bytes(self) -> int:
        """Bytes on the line, both directions."""
        return self.counters.bytes

    @property
    def bytes_received(self) -> int:
        """Bytes on the line, Agent to board."""
        return self.counters.to_board.bytes

    @property
    def total_data(self) -> int:
        """WRITE_DATA and DATA submessages."""
        return self.data_sent + self.data_received

    @property
    def data_sent(self) -> int:
        """WRITE_DATA submessages, board to Agent."""
        return self.counters.to_agent.data_messages

    @property
    def data_received(self) -> int:
        """DATA submessages, Agent to board."""
        return self.counters.to_board.data_messages


class TappedLink:
    """A tap and the Agent behind it.

    :param start_agent: starts an Agent on the tap's far side, with this personality if it is the rig's own; called
        again for a restart.
    :param baud: rate to pace a serial line to, in bit/s; None if the line has its own rate, or is no serial line.
    """

    def __init__(
        self,
        tap: SerialTap | UdpTap,
        start_agent: Callable[[Personality], Agent],
        *,
        baud: int | None,
        sent: deque[tuple[Direction, bytes, int]],
    ) -> None:
        self.tap = tap
        self._sent = sent
        self.baud = baud
        self._start_agent = start_agent
        self.agent: Agent | None = start_agent(RIG)
        self._before = tap.counters()  # when this Agent began

    def restart_agent(self, *, reticent: bool = False) -> None:
        """Restart the Agent; ``reticent``: the rig's own then does not tell Clients who reads."""
        self.stop_agent()
        self.agent = self._start_agent(RETICENT if reticent else RIG)
        self._before = self.tap.counters()
        if isinstance(self.tap, UdpTap):
            self.tap.agent_port = self.agent.port

    def stop_agent(self) -> None:
        """End the Agent."""
        agent, self.agent = self.agent, None
        if agent is not None:
            agent.stop()

    def last_sent(self) -> list[Sent]:
        """The last messages on the link, oldest first."""
        return [Sent(at_ns=at, direction=direction, message=data) for direction, data, at in list(self._sent)]

    def traffic(self) -> TapTraffic:
        """A snapshot of the counters."""
        return TapTraffic(self.tap.counters())

    def cut(self) -> None:
        """From now on nothing passes."""
        self.tap.cut()

    def restore(self) -> None:
        """Let traffic pass again."""
        self.tap.restore()

    def disturb(self, noise: float) -> None:
        """Make noise: spoil this share (0..1) of all units in each of the link's ways.

        Serial frames are lost or damaged. Datagrams are lost, doubled, or overtaken by the next one; UDP's checksum
        drops damaged ones anyway.
        """
        if isinstance(self.tap, SerialTap):
            self.tap.inject(NoisePlan(drop=noise, corrupt=noise))
        else:
            self.tap.inject(NoisePlan(drop=noise, duplicate=noise, reorder=noise))

    def pace(self, baud: int | None) -> None:
        """Pace a serial line to a rate in bit/s; None: no pacing. A UDP link has no rate."""
        if isinstance(self.tap, SerialTap):
            self.tap.pace(baud)

    @property
    def cooperative(self) -> bool:
        """Whether board and Agent have agreed on rig_lo: a sample crosses the link only if a reader elsewhere
        needs it.
        """
        return isinstance(self.agent, BuiltinAgent) and self.agent.statistics.cooperating > 0

    @property
    def unheard(self) -> int:
        """How many readers the Agent confirmed before every cooperating Client knew of them."""
        return self.agent.statistics.unheard if isinstance(self.agent, BuiltinAgent) else 0

    def withheld(self) -> dict[str, int]:
        """Topic -> samples that the Agent did not send, because their Client delivers them by shared memory."""
        return self.agent.withheld() if isinstance(self.agent, BuiltinAgent) else {}

    def remote_reader(self, topic: tuple[str, str], *, reliable: bool = True) -> RemoteReader | None:
        """A reader of a topic (name, type) beside the board, at the same Agent; to be entered. None if this Agent
        serves the board's line and nobody else.
        """
        port = self.agent.port if self.agent is not None else 0
        return RemoteReader(port, topic, reliable=reliable) if port else None

    @property
    def ours(self) -> bool:
        """Whether the Agent is the rig's own."""
        return isinstance(self.agent, BuiltinAgent)

    @property
    def has_room_for_others(self) -> bool:
        """Whether this Agent also serves Clients elsewhere."""
        return self.agent is not None and self.agent.port != 0

    def remote_ends(self) -> RemoteEnds | None:
        """Readers and writers elsewhere, at the same Agent; None if it serves only the board's line.

        :raises AgentFault: it does not answer.
        """
        return RemoteEnds(self.agent.port) if self.agent is not None and self.agent.port else None

    def spoilt(self) -> int:
        """Number of units, in both directions, that arrived damaged or that ``disturb`` spoilt; not those that ``cut``
        withheld.
        """
        counters = self.tap.counters()
        return sum(
            way.framing_errors + way.corrupted + way.duplicated + way.reordered
            for way in (counters.to_agent, counters.to_board)
        )

    def why_unanswered(self) -> str:
        """Why the Agent did not answer the board, if the Agent is at fault; otherwise empty.

        It is at fault if it got messages and sent none, or if its log reports an error.
        """
        heard = self.tap.counters() - self._before
        parts = []
        if heard.to_agent.messages and not heard.to_board.messages and not heard.to_agent.dropped_messages:
            parts.append(f"the Agent got {heard.to_agent.messages} messages of the board and answered none")
        complaint = self.agent.complaint if isinstance(self.agent, ExternalAgent) else ""
        if complaint:
            parts.append(f"its log says: {complaint}")
        return "; ".join(parts)

    def check(self) -> None:
        """:raises AgentFault: the tap or the Agent died, or the Agent is stopped."""
        if self.agent is not None:
            self.agent.check()
        self.tap.check()


def open_link(
    endpoint: LinkEndpoint, *, agent: str, paced: bool, capture: Path, log: Path, stack: ExitStack
) -> TappedLink:
    """Tap a board's link and start an Agent behind the tap; ``stack`` ends both.

    :param agent: ``builtin`` or ``external``.
    :param paced: the tap must keep the line's rate, because an emulated UART does not.
    """
    lines = stack.enter_context(log.open("a", encoding="utf-8"))
    sent: deque[tuple[Direction, bytes, int]] = deque(maxlen=_KEPT_MESSAGES)

    def keep(direction: Direction, message: bytes, at_ns: int) -> None:
        sent.append((direction, message, at_ns))

    if endpoint.kind == "serial":
        assert endpoint.device is not None
        serial = SerialTap(endpoint.device, line_rate=endpoint.baud, capture=capture, observer=keep)
        stack.enter_context(serial)
        device = serial.agent_device
        link = TappedLink(
            serial,
            lambda who: _start(agent, who, device, endpoint.baud, log, lines),
            baud=endpoint.baud if paced else None,
            sent=sent,
        )
        stack.callback(link.stop_agent)
        return link
    udp = UdpTap(board_port=endpoint.port or 0, capture=capture, observer=keep)
    link = TappedLink(udp, lambda who: _start(agent, who, None, 0, log, lines), baud=None, sent=sent)
    stack.callback(link.stop_agent)
    assert link.agent is not None
    udp.agent_port = link.agent.port
    stack.enter_context(udp)
    return link


def _start(kind: str, personality: Personality, device: str | None, baud: int, log: Path, lines: TextIO) -> Agent:
    """An Agent on a serial device, or on a free UDP port if there is none."""
    if kind == "external":
        program = find_external()
        if program is None:
            raise EnvironmentFault(NO_EXTERNAL, hint="put one there, or use --agent builtin")
        return ExternalAgent(program, device=device, baud=baud, log=log).start()
    if device is not None:
        # The port is for a reader of the rig's own beside the board.
        transports: list[Transport] = [SerialTransport(device, baud), UdpTransport()]
        return BuiltinAgent(transports, log=lines, personality=personality).start()
    return BuiltinAgent.udp4(log=lines, personality=personality).start()

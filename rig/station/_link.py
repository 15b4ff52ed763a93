"""The tapped link with an Agent behind it, as experiments see it, and how it is put together."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rig.agent import BuiltinAgent, ExternalAgent, LinkCounters, SerialTap, UdpTap, find_external
from rig.board import LinkEndpoint
from rig.errors import EnvironmentFault

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
    def total_data(self) -> int:
        """WRITE_DATA and DATA submessages."""
        return self.counters.to_agent.data_messages + self.counters.to_board.data_messages


class TappedLink:
    """A tap and the Agent behind it."""

    def __init__(self, tap: SerialTap | UdpTap, agent: BuiltinAgent | ExternalAgent, *, baud: int | None) -> None:
        self.tap = tap
        self.agent = agent
        self.baud = baud

    def traffic(self) -> TapTraffic:
        """A snapshot of the counters."""
        return TapTraffic(self.tap.counters())

    def cut(self) -> None:
        """From now on nothing passes."""
        self.tap.cut()

    def restore(self) -> None:
        """Let traffic pass again."""
        self.tap.restore()

    def pace(self, baud: int | None) -> None:
        """Hold a serial line to a baud rate, or let it run; a UDP link has none."""
        if isinstance(self.tap, SerialTap):
            self.tap.pace(baud)

    def check(self) -> None:
        """:raises AgentFault: the tap or the Agent died."""
        self.agent.check()
        self.tap.check()


def open_link(
    endpoint: LinkEndpoint, *, agent: str, paced: bool, capture: Path, log: Path, stack: ExitStack
) -> TappedLink:
    """Tap a board's link and start an Agent behind the tap; ``stack`` ends both.

    :param agent: ``builtin`` or ``external``.
    :param paced: the line has a rate that the tap has to keep (an emulated UART has none of its own).
    """
    if endpoint.kind == "serial":
        assert endpoint.device is not None
        serial = SerialTap(endpoint.device, line_rate=endpoint.baud, capture=capture)
        stack.enter_context(serial)
        running = _start(agent, serial.agent_device, endpoint.baud, log, stack)
        return TappedLink(serial, running, baud=endpoint.baud if paced else None)
    udp = UdpTap(board_port=endpoint.port or 0, capture=capture)
    running = _start(agent, None, 0, log, stack)
    udp.agent_port = running.port
    stack.enter_context(udp)
    return TappedLink(udp, running, baud=None)


def _start(kind: str, device: str | None, baud: int, log: Path, stack: ExitStack) -> BuiltinAgent | ExternalAgent:
    """An Agent on a serial device, or on a free UDP port if there is none."""
    if kind == "external":
        program = find_external()
        if program is None:
            raise EnvironmentFault(NO_EXTERNAL, hint="put one there, or use --agent builtin")
        external = ExternalAgent(program, device=device, baud=baud, log=log)
        stack.enter_context(external)
        return external
    lines = stack.enter_context(log.open("a", encoding="utf-8"))
    builtin = BuiltinAgent.serial(device, baud, log=lines) if device is not None else BuiltinAgent.udp4(log=lines)
    stack.enter_context(builtin)
    return builtin

"""The counters of an Agent.

Knows counters only. The hot path increments ``Counters``; others read ``AgentStatistics``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStatistics:
    """Snapshot of an Agent's counters since its start.

    ``clients``, ``cooperating`` (Clients that agreed on the ``rig_lo`` extension) and ``entities`` are current numbers;
    the others only grow. ``unheard``: readers that the Agent confirmed before every cooperating writer's Client knew of
    them. Bytes are message bytes, without the framing of a serial line.
    """

    clients: int = 0
    cooperating: int = 0
    entities: int = 0
    unheard: int = 0
    sessions_opened: int = 0
    sessions_closed: int = 0
    messages_in: int = 0
    messages_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    samples_in: int = 0
    samples_out: int = 0
    samples_dropped: int = 0
    samples_unknown_writer: int = 0
    suppressed: int = 0
    retransmissions: int = 0
    decode_errors: int = 0
    framing_errors: int = 0


_FROM_ELSEWHERE = ("clients", "cooperating", "entities", "unheard")


class Counters:
    """The mutable side of ``AgentStatistics``."""

    __slots__ = tuple(name for name in AgentStatistics.__dataclass_fields__ if name not in _FROM_ELSEWHERE)

    def __init__(self) -> None:
        self.sessions_opened = 0
        self.sessions_closed = 0
        self.messages_in = 0
        self.messages_out = 0
        self.bytes_in = 0
        self.bytes_out = 0
        self.samples_in = 0
        self.samples_out = 0
        self.samples_dropped = 0
        self.samples_unknown_writer = 0
        self.suppressed = 0
        self.retransmissions = 0
        self.decode_errors = 0
        self.framing_errors = 0

    def snapshot(self, *, clients: int, cooperating: int, entities: int, unheard: int) -> AgentStatistics:
        """Freeze the present values."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return AgentStatistics(clients=clients, cooperating=cooperating, entities=entities, unheard=unheard, **values)

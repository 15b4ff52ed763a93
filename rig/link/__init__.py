"""The tap between a board's link and its Agent: it forwards, counts, paces and captures. On request it makes noise.

Knows the units on a link (datagrams, serial frames) and who sent them. Must not know boards, what an Agent does, nor
what messages mean.
"""

from __future__ import annotations

from rig.link._capture import CAPTURE_WRITER, LINKTYPE_USER0
from rig.link._counters import Direction, DirectionCounters, LinkCounters
from rig.link._held_line import HeldLine
from rig.link._network_line import is_network_line
from rig.link._noise import NoisePlan
from rig.link._serial_tap import SerialTap
from rig.link._tap import LinkTap, Observer
from rig.link._udp_tap import UdpTap

__all__ = [
    "CAPTURE_WRITER",
    "LINKTYPE_USER0",
    "Direction",
    "DirectionCounters",
    "HeldLine",
    "LinkCounters",
    "LinkTap",
    "NoisePlan",
    "Observer",
    "SerialTap",
    "UdpTap",
    "is_network_line",
]

"""The Agents: the rig's own, and driving an external one; and the link tap between a board and its Agent.

Knows who talks to whom and what an Agent answers. Must not know boards.
"""

from __future__ import annotations

from rig.agent._client import Peer
from rig.agent._core import AgentCore
from rig.agent._counters import Direction, DirectionCounters, LinkCounters
from rig.agent._decode import decode_file
from rig.agent._discovery import DISCOVERY_PORT, DiscoveryTransport
from rig.agent._ending import until_interrupted
from rig.agent._external import (
    AgentState,
    ExternalAgent,
    ExternalAgentProgram,
    LogLine,
    find_external,
)
from rig.agent._faults import FaultPlan
from rig.agent._log import AgentLog, LogLevel
from rig.agent._personality import CED, FASTDDS, RIG, Personality
from rig.agent._profiles import Profile, load_profiles
from rig.agent._remote import RemoteReader
from rig.agent._run import PERSONALITIES, run_agent, transports_for
from rig.agent._server import BuiltinAgent
from rig.agent._statistics import AgentStatistics
from rig.agent._tap import LinkTap
from rig.agent._tapserial import SerialTap
from rig.agent._tapudp import UdpTap
from rig.agent._transports import SerialTransport, TcpTransport, Transport, UdpTransport
from rig.agent._watch import watch_link
from rig.agent._words import DecodedLine, MessageDescriber, live_observer

__all__ = [
    "CED",
    "DISCOVERY_PORT",
    "FASTDDS",
    "PERSONALITIES",
    "RIG",
    "AgentCore",
    "AgentLog",
    "AgentState",
    "AgentStatistics",
    "BuiltinAgent",
    "DecodedLine",
    "Direction",
    "DirectionCounters",
    "DiscoveryTransport",
    "ExternalAgent",
    "ExternalAgentProgram",
    "FaultPlan",
    "LinkCounters",
    "LinkTap",
    "LogLevel",
    "LogLine",
    "MessageDescriber",
    "Peer",
    "Personality",
    "Profile",
    "RemoteReader",
    "SerialTap",
    "SerialTransport",
    "TcpTransport",
    "Transport",
    "UdpTap",
    "UdpTransport",
    "decode_file",
    "find_external",
    "live_observer",
    "load_profiles",
    "run_agent",
    "transports_for",
    "until_interrupted",
    "watch_link",
]

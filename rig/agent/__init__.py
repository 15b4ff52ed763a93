"""The Agents: the rig's own over sockets and serial lines, external ones as processes, and a remote reader at either.

Knows transports and processes; what the rig's own Agent answers is ``builtin``'s. Must not know boards, nor the tap.
"""

from __future__ import annotations

from rig.agent._discovery import DISCOVERY_PORT, DiscoveryTransport
from rig.agent._external import AgentState, ExternalAgent, ExternalAgentProgram, LogLine, find_external
from rig.agent._foreground import PERSONALITIES, run_agent, transports_for
from rig.agent._profile_file import load_profiles
from rig.agent._remote import RemoteEnds, RemoteReader
from rig.agent._server import BuiltinAgent
from rig.agent._transports import SerialTransport, TcpTransport, Transport, UdpTransport
from rig.agent.builtin import (
    CED,
    FASTDDS,
    RETICENT,
    RIG,
    AgentCore,
    AgentLog,
    AgentStatistics,
    LogLevel,
    Peer,
    Personality,
    Profile,
)

__all__ = [
    "CED",
    "DISCOVERY_PORT",
    "FASTDDS",
    "PERSONALITIES",
    "RETICENT",
    "RIG",
    "AgentCore",
    "AgentLog",
    "AgentState",
    "AgentStatistics",
    "BuiltinAgent",
    "DiscoveryTransport",
    "ExternalAgent",
    "ExternalAgentProgram",
    "LogLevel",
    "LogLine",
    "Peer",
    "Personality",
    "Profile",
    "RemoteEnds",
    "RemoteReader",
    "SerialTransport",
    "TcpTransport",
    "Transport",
    "UdpTransport",
    "find_external",
    "load_profiles",
    "run_agent",
    "transports_for",
]

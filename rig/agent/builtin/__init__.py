"""The built-in Agent without I/O: messages in, messages out; monotonic time is an argument.

Knows sessions, objects, topics and answers. Must not know sockets, serial lines, files or threads.
"""

from __future__ import annotations

from rig.agent.builtin._answers import trace_out
from rig.agent.builtin._client import Peer
from rig.agent.builtin._core import AgentCore
from rig.agent.builtin._log import AgentLog, LogLevel
from rig.agent.builtin._personality import CED, FASTDDS, RETICENT, RIG, Personality
from rig.agent.builtin._profiles import Profile, read_profiles
from rig.agent.builtin._statistics import AgentStatistics

__all__ = [
    "CED",
    "FASTDDS",
    "RETICENT",
    "RIG",
    "AgentCore",
    "AgentLog",
    "AgentStatistics",
    "LogLevel",
    "Peer",
    "Personality",
    "Profile",
    "read_profiles",
    "trace_out",
]

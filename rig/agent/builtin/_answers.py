"""The INFO about the Agent itself, and the log lines at the trace level.

Knows single answers; must not know sessions.
"""

from __future__ import annotations

from rig.agent.builtin._client import Peer
from rig.agent.builtin._log import AgentLog, LogLevel
from rig.xrce import (
    AgentActivity,
    AgentConfig,
    GetInfo,
    Header,
    Info,
    StatusCode,
    XrceDecodeError,
    decode_header,
    decode_submessages,
    describe_header,
    describe_submessage,
)


def agent_info(item: GetInfo, *, known: bool) -> Info:
    """Answer a ping; ``known`` says whether its sender has a session."""
    return Info(
        request_id=item.request_id,
        object_id=item.object_id,
        status=StatusCode.OK,
        implementation_status=1 if known else 0,
        config=AgentConfig(),
        activity=AgentActivity(),
    )


def trace(log: AgentLog, peer: Peer, header: Header, data: bytes, offset: int) -> None:
    """Log an incoming message, if the level shows it."""
    if log.level >= LogLevel.TRACE:
        _trace(log, f"{peer} ->", header, data, offset)


def trace_out(log: AgentLog, peer: Peer, data: bytes) -> None:
    """Log an outgoing message."""
    header, offset = decode_header(data)
    _trace(log, f"{peer} <-", header, data, offset)


def _trace(log: AgentLog, way: str, header: Header, data: bytes, offset: int) -> None:
    head = describe_header(header)
    try:
        for item in decode_submessages(data, offset):
            log(LogLevel.TRACE, f"{way} {head} {describe_submessage(item)}")
    except XrceDecodeError:
        log(LogLevel.TRACE, f"{way} {data.hex()}")

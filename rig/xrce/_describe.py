"""Messages in words, one line a submessage.

Knows the wording for a submessage; must not know where it came from.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rig.xrce import _bin
from rig.xrce._constants import (
    OBJECT_AGENT,
    OBJECT_CLIENT,
    OBJECT_SESSION,
    SAMPLES_UNLIMITED,
    ObjectKind,
    QosFlag,
    RepresentationFormat,
    StatusCode,
)
from rig.xrce._errors import XrceDecodeError
from rig.xrce._types import (
    AckNack,
    AgentActivity,
    Create,
    CreateClient,
    Data,
    Delete,
    Fragment,
    GetInfo,
    Header,
    Heartbeat,
    Info,
    Message,
    Properties,
    ReadData,
    Reset,
    Status,
    StatusAgent,
    Submessage,
    Timestamp,
    TimestampReply,
    Unknown,
    WriteData,
    WriterActivity,
)

_SPECIAL = {OBJECT_AGENT: "agent", OBJECT_CLIENT: "client", OBJECT_SESSION: "session"}
_KINDS = {int(kind): kind.name.lower() for kind in ObjectKind}
_STATUSES = {int(status): status.name for status in StatusCode}
_PREVIEW = 16


def object_name(object_id: int) -> str:
    """An object id in words: its kind and its 12-bit number."""
    if object_id in _SPECIAL:
        return _SPECIAL[object_id]
    kind = object_id & 0x0F
    name = _KINDS.get(kind, f"kind{kind}")
    return f"{name} 0x{object_id >> 4:03x}"


def status_name(status: int) -> str:
    """A status value in words."""
    return _STATUSES.get(status, f"status 0x{status:02x}")


def describe(message: Message) -> list[str]:
    """One line for each submessage, after the header's facts; a message without submessages gives one line."""
    head = describe_header(message.header)
    if not message.submessages:
        return [f"{head} (no submessage)"]
    return [f"{head} {describe_submessage(item)}" for item in message.submessages]


def describe_header(header: Header) -> str:
    """Session, stream and sequence number, short."""
    key = f" key={header.client_key.hex()}" if header.client_key is not None else ""
    stream = {0: "none"}.get(header.stream_id)
    if stream is None:
        stream = f"{'reliable' if header.stream_id >= 0x80 else 'best-effort'} 0x{header.stream_id:02x}"
        stream += f" seq={header.sequence}"
    return f"session 0x{header.session_id:02x}{key} stream {stream}:"


def describe_submessage(item: Submessage) -> str:
    """One submessage in words."""
    return _WORDS[type(item)](item)


def _props(properties: Properties) -> str:
    return "".join(f" {name}={value!r}" for name, value in properties)


def _request(item: Any) -> str:
    return f"request 0x{item.request_id:04x} {object_name(item.object_id)}"


def _payload(data: bytes) -> str:
    dots = "..." if len(data) > _PREVIEW else ""
    return f"{len(data)} bytes [{data[:_PREVIEW].hex(' ')}{dots}]"


def _create_client(item: CreateClient) -> str:
    return (
        f"CREATE_CLIENT key={item.client_key.hex()} session=0x{item.session_id:02x} mtu={item.mtu} "
        f"version={item.version[0]}.{item.version[1]}{_props(item.properties)}"
    )


def _qos(body: _bin.EndpointBody) -> str:
    if body.qos is None:
        return " default QoS"
    flags = body.qos.flags
    words = [
        "reliable" if flags & QosFlag.RELIABLE else "best-effort",
        "keep-last" if flags & QosFlag.KEEP_LAST else "keep-all",
    ]
    words += [f.name.lower().replace("_", "-") for f in list(QosFlag)[3:] if flags & f]
    depth = f" depth={body.qos.depth}" if body.qos.depth is not None else ""
    return f" {' '.join(words)}{depth}"


def _body(item: Create) -> str:
    little = item.little_endian
    if item.representation != RepresentationFormat.BIN:
        text = item.text if len(item.text) <= 60 else item.text[:57] + "..."
        return f" {text!r}"
    kind = item.object_kind
    if kind == ObjectKind.TOPIC:
        topic = _bin.decode_topic(item.body, little_endian=little)
        return f" {topic.name!r} type {topic.type_name!r}"
    if kind in (ObjectKind.DATAWRITER, ObjectKind.DATAREADER):
        endpoint = _bin.decode_endpoint(item.body, little_endian=little)
        return f" on {object_name(endpoint.topic_id)}{_qos(endpoint)}"
    if kind in (ObjectKind.REQUESTER, ObjectKind.REPLIER):
        service = _bin.decode_service(item.body, little_endian=little)
        return f" {service.service!r} {service.request_type!r} -> {service.reply_type!r}"
    if kind == ObjectKind.PARTICIPANT:
        participant = _bin.decode_participant(item.body, little_endian=little)
        return f" {participant.qos_profile_ref!r}" if participant.qos_profile_ref else ""
    return ""


def _create(item: Create) -> str:
    mode = ("+reuse" if item.reuse else "") + ("+replace" if item.replace else "")
    where = f" domain {item.domain_id}" if item.domain_id is not None else ""
    if item.parent_id is not None:
        where = f" under {object_name(item.parent_id)}"
    try:
        body = _body(item)
    except XrceDecodeError as error:
        body = f" (body: {error})"
    return f"CREATE{mode} {_request(item)} by {item.representation.name}{body}{where}"


def _get_info(item: GetInfo) -> str:
    wants = [word for bit, word in ((1, "configuration"), (2, "activity")) if item.mask & bit]
    return f"GET_INFO {_request(item)} {'+'.join(wants) or 'nothing'}"


def _status_agent(item: StatusAgent) -> str:
    return f"STATUS_AGENT {status_name(item.status)} version={item.version[0]}.{item.version[1]}" + _props(
        item.properties
    )


def _status(item: Status) -> str:
    return f"STATUS {_request(item)} {status_name(item.status)}"


def _info(item: Info) -> str:
    parts = [f"INFO {_request(item)} {status_name(item.status)}"]
    if isinstance(item.activity, WriterActivity):
        parts.append(f"{item.activity.remote_readers} remote readers")
    elif isinstance(item.activity, AgentActivity):
        parts.append("session known" if item.implementation_status else "session unknown")
        parts.append(f"availability {item.activity.availability}")
        if item.activity.locators:
            parts.append(f"{len(item.activity.locators)} locators")
    return ", ".join(parts)


def _read_data(item: ReadData) -> str:
    limits = "1 sample"
    if item.delivery is not None:
        control = item.delivery
        limits = "no more samples" if control.max_samples == 0 else f"{control.max_samples} samples"
        if control.max_samples == SAMPLES_UNLIMITED:
            limits = "all samples"
        limits += f", {control.max_elapsed} s at most" if control.max_elapsed else ""
        limits += f", {control.max_bytes_per_second} B/s" if control.max_bytes_per_second else ""
    content = f", filter {item.content_filter!r}" if item.content_filter else ""
    return f"READ_DATA {_request(item)} on stream 0x{item.stream_id:02x}: {limits}{content}"


def _acknack(item: AckNack) -> str:
    missing = ",".join(str(item.first_unacked + bit & 0xFFFF) for bit in item.missing)
    return f"ACKNACK stream 0x{item.stream_id:02x} next={item.first_unacked}" + (
        f" missing {missing}" if missing else ""
    )


def _time(value: tuple[int, int]) -> str:
    return f"{value[0]}.{value[1]:09d}"


_WORDS: dict[type, Callable[[Any], str]] = {
    CreateClient: _create_client,
    Create: _create,
    GetInfo: _get_info,
    Delete: lambda item: f"DELETE {_request(item)}",
    StatusAgent: _status_agent,
    Status: _status,
    Info: _info,
    WriteData: lambda item: f"WRITE_DATA {_request(item)} {_payload(item.data)}",
    ReadData: _read_data,
    Data: lambda item: f"DATA {_request(item)} {_payload(item.data)}",
    AckNack: _acknack,
    Heartbeat: lambda item: f"HEARTBEAT stream 0x{item.stream_id:02x} holds {item.first_unacked}..{item.last}",
    Reset: lambda item: "RESET",
    Fragment: lambda item: f"FRAGMENT{' (last)' if item.last else ''} {_payload(item.data)}",
    Timestamp: lambda item: f"TIMESTAMP {_time(item.transmit)}",
    TimestampReply: lambda item: (
        f"TIMESTAMP_REPLY sent {_time(item.transmit)} received {_time(item.receive)} for {_time(item.originate)}"
    ),
    Unknown: lambda item: f"unknown submessage {item.submessage_id} {_payload(item.data)}",
}

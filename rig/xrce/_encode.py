"""Messages to bytes, little-endian, padding zeroed.

Knows the layout of every submessage; must not know sessions or streams. CREATE_CLIENT carries length 16 even
with properties, as the Clients in the field send it: Agents read it by content.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import Any

from rig.xrce._cdr import CdrWriter
from rig.xrce._constants import (
    COOKIE,
    FLAG_LAST_FRAGMENT,
    FLAG_LITTLE_ENDIAN,
    FLAG_REPLACE,
    FLAG_REUSE,
    RepresentationFormat,
    SubmessageKind,
)
from rig.xrce._types import (
    AckNack,
    AgentActivity,
    AgentConfig,
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
    TimePair,
    Timestamp,
    TimestampReply,
    Unknown,
    WriteData,
    WriterActivity,
)

CREATE_CLIENT_LENGTH = 16
_SUBHEADER = struct.Struct("<BBH")
_SHORT_HEADER = struct.Struct("<BBH")


def encode_header(header: Header) -> bytes:
    """Encode a message's header: 4 bytes, or 8 for session ids below 0x80."""
    head = _SHORT_HEADER.pack(header.session_id, header.stream_id, header.sequence)
    if header.session_id < 0x80:
        return head + (header.client_key or bytes(4))
    return head


def encode_submessage(submessage: Submessage) -> bytes:
    """Encode one submessage with its header; the caller aligns it to 4.

    The length field of a data submessage whose payload exceeds 65,535 bytes is 0: to the end of the message.
    """
    kind, writer = _ENCODERS[type(submessage)]
    out = CdrWriter()
    flags = writer(out, submessage) | FLAG_LITTLE_ENDIAN
    if isinstance(submessage, Unknown):
        kind, flags = submessage.submessage_id, submessage.flags
    elif isinstance(submessage, Create) and not submessage.little_endian:
        raise ValueError("a big-endian CREATE can be read but not written")
    length = len(out.data)
    if kind == SubmessageKind.CREATE_CLIENT:
        length = CREATE_CLIENT_LENGTH
    elif length > 0xFFFF:
        length = 0
    return _SUBHEADER.pack(kind, flags, length) + bytes(out.data)


def encode_message(message: Message) -> bytes:
    """Encode a whole message; every submessage starts 4-aligned."""
    return join_message(message.header, (encode_submessage(item) for item in message.submessages))


def join_message(header: Header, submessages: Iterable[bytes]) -> bytes:
    """Put encoded submessages behind a header, each 4-aligned."""
    out = bytearray(encode_header(header))
    for part in submessages:
        out += bytes(-len(out) % 4)
        out += part
    return bytes(out)


def _identity(out: CdrWriter, version: tuple[int, int], vendor: tuple[int, int], cookie: bytes = COOKIE) -> None:
    out.raw(cookie)
    out.raw(bytes(version))
    out.raw(bytes(vendor))


def _properties(out: CdrWriter, properties: Properties) -> None:
    out.u8(bool(properties))
    if properties:
        out.u32(len(properties))
        for name, value in properties:
            out.string(name)
            out.string(value)


def _create_client(out: CdrWriter, item: CreateClient) -> int:
    _identity(out, item.version, item.vendor, item.cookie)
    out.raw(item.client_key)
    out.u8(item.session_id)
    _properties(out, item.properties)
    out.u16(item.mtu)
    return 0


def _create(out: CdrWriter, item: Create) -> int:
    out.id16(item.request_id)
    out.id16(item.object_id)
    out.u8(item.object_kind)
    out.u8(item.representation)
    binary = item.representation == RepresentationFormat.BIN
    out.octets(item.body if binary else item.body + b"\0")
    if item.domain_id is not None:
        out.i16(item.domain_id)
    elif item.parent_id is not None:
        out.id16(item.parent_id)
    return (FLAG_REUSE if item.reuse else 0) | (FLAG_REPLACE if item.replace else 0)


def _request(out: CdrWriter, item: Delete | GetInfo | Status | Info | WriteData | ReadData | Data) -> None:
    out.id16(item.request_id)
    out.id16(item.object_id)


def _get_info(out: CdrWriter, item: GetInfo) -> int:
    _request(out, item)
    out.u32(item.mask)
    return 0


def _delete(out: CdrWriter, item: Delete) -> int:
    _request(out, item)
    return 0


def _status_agent(out: CdrWriter, item: StatusAgent) -> int:
    out.u8(item.status)
    out.u8(item.implementation_status)
    _identity(out, item.version, item.vendor)
    _properties(out, item.properties)
    return 0


def _status(out: CdrWriter, item: Status) -> int:
    _request(out, item)
    out.u8(item.status)
    out.u8(item.implementation_status)
    return 0


def _locator(out: CdrWriter, form: int, raw: bytes) -> None:
    out.u8(form)
    if form == 0:
        out.raw(raw)
    elif form == 1:
        out.raw(raw[:4])
        out.u16(int.from_bytes(raw[4:6], "little"))
    elif form == 2:
        out.raw(raw[:16])
        out.u32(int.from_bytes(raw[16:20], "little"))
    else:
        out.string(raw.decode())


def _info(out: CdrWriter, item: Info) -> int:
    _request(out, item)
    out.u8(item.status)
    out.u8(item.implementation_status)
    out.u8(item.config is not None)
    if isinstance(item.config, AgentConfig):
        out.u8(item.config.kind)
        _identity(out, item.config.version, item.config.vendor)
        _properties(out, item.config.properties)
    out.u8(item.activity is not None)
    if isinstance(item.activity, AgentActivity):
        out.u8(item.activity.kind)
        out.i16(item.activity.availability)
        out.u32(len(item.activity.locators))
        for form, raw in item.activity.locators:
            _locator(out, form, raw)
    elif isinstance(item.activity, WriterActivity):
        out.u8(item.activity.kind)
        out.u16(item.activity.remote_readers)
    return 0


def _data(out: CdrWriter, item: WriteData | Data) -> int:
    _request(out, item)
    out.raw(item.data)
    return item.data_format


def _read_data(out: CdrWriter, item: ReadData) -> int:
    _request(out, item)
    out.u8(item.stream_id)
    out.u8(item.data_format)
    out.optional_string(item.content_filter)
    out.u8(item.delivery is not None)
    if item.delivery is not None:
        out.u16(item.delivery.max_samples)
        out.u16(item.delivery.max_elapsed)
        out.u16(item.delivery.max_bytes_per_second)
        out.u16(item.delivery.min_pace)
    return 0


def _acknack(out: CdrWriter, item: AckNack) -> int:
    out.u16(item.first_unacked)
    out.id16(item.bitmap)
    out.u8(item.stream_id)
    return 0


def _heartbeat(out: CdrWriter, item: Heartbeat) -> int:
    out.u16(item.first_unacked)
    out.u16(item.last)
    out.u8(item.stream_id)
    return 0


def _reset(out: CdrWriter, item: Reset) -> int:
    return 0


def _fragment(out: CdrWriter, item: Fragment) -> int:
    out.raw(item.data)
    return FLAG_LAST_FRAGMENT if item.last else 0


def _time(out: CdrWriter, value: TimePair) -> None:
    out.i32(value[0])
    out.u32(value[1])


def _timestamp(out: CdrWriter, item: Timestamp) -> int:
    _time(out, item.transmit)
    return 0


def _timestamp_reply(out: CdrWriter, item: TimestampReply) -> int:
    _time(out, item.transmit)
    _time(out, item.receive)
    _time(out, item.originate)
    return 0


def _unknown(out: CdrWriter, item: Unknown) -> int:
    out.raw(item.data)
    return item.flags


_ENCODERS: dict[type, tuple[int, Callable[[CdrWriter, Any], int]]] = {
    CreateClient: (SubmessageKind.CREATE_CLIENT, _create_client),
    Create: (SubmessageKind.CREATE, _create),
    GetInfo: (SubmessageKind.GET_INFO, _get_info),
    Delete: (SubmessageKind.DELETE, _delete),
    StatusAgent: (SubmessageKind.STATUS_AGENT, _status_agent),
    Status: (SubmessageKind.STATUS, _status),
    Info: (SubmessageKind.INFO, _info),
    WriteData: (SubmessageKind.WRITE_DATA, _data),
    ReadData: (SubmessageKind.READ_DATA, _read_data),
    Data: (SubmessageKind.DATA, _data),
    AckNack: (SubmessageKind.ACKNACK, _acknack),
    Heartbeat: (SubmessageKind.HEARTBEAT, _heartbeat),
    Reset: (SubmessageKind.RESET, _reset),
    Fragment: (SubmessageKind.FRAGMENT, _fragment),
    Timestamp: (SubmessageKind.TIMESTAMP, _timestamp),
    TimestampReply: (SubmessageKind.TIMESTAMP_REPLY, _timestamp_reply),
    Unknown: (0, _unknown),
}

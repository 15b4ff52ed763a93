"""Bytes to messages.

Knows the layout of every submessage, in both endiannesses, and is tolerant of padding. Must not know sessions or
streams. Numbers in headers are always little-endian; the endianness flag applies to payloads only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rig.xrce._cdr import CdrReader
from rig.xrce._constants import (
    COOKIE,
    FLAG_FORMAT_MASK,
    FLAG_LAST_FRAGMENT,
    FLAG_LITTLE_ENDIAN,
    FLAG_REPLACE,
    FLAG_REUSE,
    ObjectKind,
    RepresentationFormat,
    SubmessageKind,
)
from rig.xrce._errors import XrceDecodeError
from rig.xrce._types import (
    AckNack,
    AgentActivity,
    AgentConfig,
    Create,
    CreateClient,
    Data,
    Delete,
    DeliveryControl,
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

_MAX_PAD = 3


def decode_header(data: bytes) -> tuple[Header, int]:
    """Read a message's header; returns it and the offset of the first submessage (4 or 8).

    :raises XrceDecodeError: fewer bytes than the header has.
    """
    if len(data) < 4:
        raise XrceDecodeError(f"message of {len(data)} bytes has no whole header", len(data))
    sequence = data[2] | data[3] << 8
    if data[0] >= 0x80:
        return Header(session_id=data[0], stream_id=data[1], sequence=sequence), 4
    if len(data) < 8:
        raise XrceDecodeError(f"message of {len(data)} bytes has no whole client key", len(data))
    return Header(session_id=data[0], stream_id=data[1], sequence=sequence, client_key=data[4:8]), 8


def decode_message(data: bytes) -> Message:
    """Read a whole message.

    A message may end with up to three padding bytes. A data submessage of length 0 reaches to the end of the message.
    CREATE_CLIENT is read by content, because Clients do not count its properties in the length.

    :raises XrceDecodeError: the bytes are no message; the error has the offset and the reason.
    """
    header, offset = decode_header(data)
    return Message(header=header, submessages=tuple(decode_submessages(data, offset)))


def decode_submessages(data: bytes, offset: int = 0) -> Iterator[Submessage]:
    """Read submessages one by one from a 4-aligned ``offset``; those before an error are still yielded.

    :raises XrceDecodeError: at the first submessage that cannot be read.
    """
    size = len(data)
    while True:
        offset += -offset % 4
        if size - offset < 4:
            return
        kind, flags = data[offset], data[offset + 1]
        length = data[offset + 2] | data[offset + 3] << 8
        start = offset + 4
        end = start + length
        if length == 0 and kind in (SubmessageKind.WRITE_DATA, SubmessageKind.DATA):
            end = size
        if end > size:
            raise XrceDecodeError(f"submessage of {length} bytes, {size - start} left", offset)
        reader = CdrReader(
            data,
            start,
            size if kind == SubmessageKind.CREATE_CLIENT else end,
            little_endian=bool(flags & FLAG_LITTLE_ENDIAN),
        )
        decoder = _DECODERS.get(kind)
        if decoder is None:
            yield Unknown(submessage_id=kind, flags=flags, data=data[start:end])
        else:
            yield decoder(reader, flags)
        offset = max(end, reader.pos)
        if size - offset <= _MAX_PAD:
            return


def _pair(reader: CdrReader) -> tuple[int, int]:
    return reader.u8(), reader.u8()


def _cookie(reader: CdrReader) -> bytes:
    return reader.take(len(COOKIE))


def _properties(reader: CdrReader) -> Properties:
    if not reader.flag():
        return ()
    return tuple((reader.string(), reader.string()) for _ in range(reader.count(8)))


def _create_client(reader: CdrReader, flags: int) -> CreateClient:
    cookie = _cookie(reader)
    version = _pair(reader)
    vendor = _pair(reader)
    key = reader.take(4)
    session_id = reader.u8()
    properties = _properties(reader)
    return CreateClient(
        client_key=key,
        session_id=session_id,
        mtu=reader.u16(),
        properties=properties,
        version=version,
        vendor=vendor,
        cookie=cookie,
    )


def _create(reader: CdrReader, flags: int) -> Create:
    request_id = reader.id16()
    object_id = reader.id16()
    kind = reader.u8()
    form_at = reader.pos
    form = reader.u8()
    if form not in (1, 2, 3):
        raise XrceDecodeError(f"representation format {form}", form_at)
    body = reader.octets()
    if form != RepresentationFormat.BIN and body.endswith(b"\0"):
        body = body[:-1]
    parent_id = domain_id = None
    if kind == ObjectKind.PARTICIPANT:
        domain_id = reader.i16()
    elif reader.remaining >= 2:
        parent_id = reader.id16()
    return Create(
        request_id=request_id,
        object_id=object_id,
        object_kind=kind,
        representation=RepresentationFormat(form),
        body=body,
        parent_id=parent_id,
        domain_id=domain_id,
        reuse=bool(flags & FLAG_REUSE),
        replace=bool(flags & FLAG_REPLACE),
        little_endian=bool(flags & FLAG_LITTLE_ENDIAN),
    )


def _get_info(reader: CdrReader, flags: int) -> GetInfo:
    return GetInfo(request_id=reader.id16(), object_id=reader.id16(), mask=reader.u32())


def _delete(reader: CdrReader, flags: int) -> Delete:
    return Delete(request_id=reader.id16(), object_id=reader.id16())


def _status_agent(reader: CdrReader, flags: int) -> StatusAgent:
    status = reader.u8()
    implementation = reader.u8()
    _cookie(reader)
    version = _pair(reader)
    vendor = _pair(reader)
    return StatusAgent(
        status=status,
        implementation_status=implementation,
        version=version,
        vendor=vendor,
        properties=_properties(reader),
    )


def _status(reader: CdrReader, flags: int) -> Status:
    return Status(
        request_id=reader.id16(),
        object_id=reader.id16(),
        status=reader.u8(),
        implementation_status=reader.u8(),
    )


def _locator(reader: CdrReader) -> tuple[int, bytes]:
    form = reader.u8()
    if form == 0:
        return form, reader.take(3)
    if form == 1:
        address = reader.take(4)
        return form, address + reader.u16().to_bytes(2, "little")
    if form == 2:
        address = reader.take(16)
        return form, address + reader.u32().to_bytes(4, "little")
    if form == 3:
        return form, reader.string().encode()
    raise XrceDecodeError(f"locator format {form}", reader.pos - 1)


def _activity(reader: CdrReader) -> AgentActivity | WriterActivity:
    kind_at = reader.pos
    kind = reader.u8()
    if kind == ObjectKind.DATAWRITER:
        return WriterActivity(remote_readers=reader.u16())
    if kind != ObjectKind.AGENT:
        raise XrceDecodeError(f"activity of object kind {kind}", kind_at)
    availability = reader.i16()
    return AgentActivity(availability=availability, locators=tuple(_locator(reader) for _ in range(reader.count(2))))


def _config(reader: CdrReader) -> AgentConfig:
    kind_at = reader.pos
    kind = reader.u8()
    if kind != ObjectKind.AGENT:
        raise XrceDecodeError(f"configuration of object kind {kind}", kind_at)
    _cookie(reader)
    version = _pair(reader)
    vendor = _pair(reader)
    return AgentConfig(version=version, vendor=vendor, properties=_properties(reader))


def _info(reader: CdrReader, flags: int) -> Info:
    request_id = reader.id16()
    object_id = reader.id16()
    status = reader.u8()
    implementation = reader.u8()
    config = _config(reader) if reader.flag() else None
    activity = _activity(reader) if reader.flag() else None
    return Info(
        request_id=request_id,
        object_id=object_id,
        status=status,
        implementation_status=implementation,
        config=config,
        activity=activity,
    )


def _write_data(reader: CdrReader, flags: int) -> WriteData:
    return WriteData(
        request_id=reader.id16(),
        object_id=reader.id16(),
        data=reader.rest(),
        data_format=flags & FLAG_FORMAT_MASK,
    )


def _data(reader: CdrReader, flags: int) -> Data:
    return Data(
        request_id=reader.id16(),
        object_id=reader.id16(),
        data=reader.rest(),
        data_format=flags & FLAG_FORMAT_MASK,
    )


def _read_data(reader: CdrReader, flags: int) -> ReadData:
    request_id = reader.id16()
    object_id = reader.id16()
    stream_id = reader.u8()
    data_format = reader.u8()
    content_filter = reader.optional_string()
    delivery = None
    if reader.flag():
        delivery = DeliveryControl(
            max_samples=reader.u16(),
            max_elapsed=reader.u16(),
            max_bytes_per_second=reader.u16(),
            min_pace=reader.u16(),
        )
    return ReadData(
        request_id=request_id,
        object_id=object_id,
        stream_id=stream_id,
        data_format=data_format,
        content_filter=content_filter,
        delivery=delivery,
    )


def _acknack(reader: CdrReader, flags: int) -> AckNack:
    return AckNack(first_unacked=reader.u16(), bitmap=reader.id16(), stream_id=reader.u8())


def _heartbeat(reader: CdrReader, flags: int) -> Heartbeat:
    return Heartbeat(first_unacked=reader.u16(), last=reader.u16(), stream_id=reader.u8())


def _reset(reader: CdrReader, flags: int) -> Reset:
    return Reset()


def _fragment(reader: CdrReader, flags: int) -> Fragment:
    return Fragment(data=reader.rest(), last=bool(flags & FLAG_LAST_FRAGMENT))


def _time(reader: CdrReader) -> TimePair:
    return reader.i32(), reader.u32()


def _timestamp(reader: CdrReader, flags: int) -> Timestamp:
    return Timestamp(transmit=_time(reader))


def _timestamp_reply(reader: CdrReader, flags: int) -> TimestampReply:
    return TimestampReply(transmit=_time(reader), receive=_time(reader), originate=_time(reader))


_DECODERS: dict[int, Callable[[CdrReader, int], Submessage]] = {
    SubmessageKind.CREATE_CLIENT: _create_client,
    SubmessageKind.CREATE: _create,
    SubmessageKind.GET_INFO: _get_info,
    SubmessageKind.DELETE: _delete,
    SubmessageKind.STATUS_AGENT: _status_agent,
    SubmessageKind.STATUS: _status,
    SubmessageKind.INFO: _info,
    SubmessageKind.WRITE_DATA: _write_data,
    SubmessageKind.READ_DATA: _read_data,
    SubmessageKind.DATA: _data,
    SubmessageKind.ACKNACK: _acknack,
    SubmessageKind.HEARTBEAT: _heartbeat,
    SubmessageKind.RESET: _reset,
    SubmessageKind.FRAGMENT: _fragment,
    SubmessageKind.TIMESTAMP: _timestamp,
    SubmessageKind.TIMESTAMP_REPLY: _timestamp_reply,
}

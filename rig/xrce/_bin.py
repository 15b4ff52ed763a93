"""BIN bodies of CREATE: entities as compact CDR with its own alignment origin.

Knows the bodies' layout; must not know what an Agent does with them. Peers in the field disagree about the width of
``ownership_strength`` and ``timefilter``, so the reader skips these and the writer never writes them.
"""

from __future__ import annotations

from dataclasses import dataclass

from rig.xrce._cdr import CdrReader, CdrWriter
from rig.xrce._constants import QosFlag


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantBody:
    """A participant; eProsima's Client puts its name in ``qos_profile_ref``."""

    domain_ref: str | None = None
    qos_profile_ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicBody:
    """A topic's name and, optionally, its type."""

    name: str
    type_ref: str | None = None
    type_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupBody:
    """A publisher or subscriber."""

    name: str | None = None
    partitions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointQos:
    """QoS of a writer or reader; deadline and lifespan in milliseconds, ``None`` if absent."""

    flags: int = QosFlag.RELIABLE
    depth: int | None = None
    deadline_ms: int | None = None
    lifespan_ms: int | None = None
    user_data: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointBody:
    """A data writer or reader."""

    topic_id: int
    qos: EndpointQos | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceBody:
    """A requester or replier."""

    service: str
    request_type: str
    reply_type: str
    request_topic: str | None = None
    reply_topic: str | None = None


def decode_participant(body: bytes, *, little_endian: bool = True) -> ParticipantBody:
    """Read a participant's body. :raises XrceDecodeError: cut short or malformed."""
    reader = CdrReader(body, little_endian=little_endian)
    return ParticipantBody(domain_ref=reader.optional_string(), qos_profile_ref=reader.optional_string())


def decode_topic(body: bytes, *, little_endian: bool = True) -> TopicBody:
    """Read a topic's body. :raises XrceDecodeError: cut short or malformed."""
    reader = CdrReader(body, little_endian=little_endian)
    return TopicBody(name=reader.string(), type_ref=reader.optional_string(), type_name=reader.optional_string())


def decode_group(body: bytes, *, little_endian: bool = True) -> GroupBody:
    """Read a publisher's or subscriber's body. :raises XrceDecodeError: cut short or malformed."""
    reader = CdrReader(body, little_endian=little_endian)
    name = reader.optional_string()
    partitions: tuple[str, ...] = ()
    if reader.flag() and reader.flag():
        partitions = tuple(reader.string() for _ in range(reader.count(4)))
    return GroupBody(name=name, partitions=partitions)


def decode_endpoint(body: bytes, *, little_endian: bool = True) -> EndpointBody:
    """Read a data writer's or reader's body. :raises XrceDecodeError: cut short or malformed."""
    reader = CdrReader(body, little_endian=little_endian)
    topic_id = reader.id16()
    qos = None
    if reader.flag():
        flags = reader.u16()
        depth = reader.u16() if reader.flag() else None
        deadline = reader.u32() if reader.flag() else None
        lifespan = reader.u32() if reader.flag() else None
        user_data = reader.octets() if reader.flag() else None
        qos = EndpointQos(flags=flags, depth=depth, deadline_ms=deadline, lifespan_ms=lifespan, user_data=user_data)
    return EndpointBody(topic_id=topic_id, qos=qos)


def decode_service(body: bytes, *, little_endian: bool = True) -> ServiceBody:
    """Read a requester's or replier's body. :raises XrceDecodeError: cut short or malformed."""
    reader = CdrReader(body, little_endian=little_endian)
    return ServiceBody(
        service=reader.string(),
        request_type=reader.string(),
        reply_type=reader.string(),
        request_topic=reader.optional_string(),
        reply_topic=reader.optional_string(),
    )


def encode_participant(body: ParticipantBody) -> bytes:
    """Write a participant's body."""
    out = CdrWriter()
    out.optional_string(body.domain_ref)
    out.optional_string(body.qos_profile_ref)
    return bytes(out.data)


def encode_topic(body: TopicBody) -> bytes:
    """Write a topic's body."""
    out = CdrWriter()
    out.string(body.name)
    out.optional_string(body.type_ref)
    out.optional_string(body.type_name)
    return bytes(out.data)


def encode_group(body: GroupBody) -> bytes:
    """Write a publisher's or subscriber's body."""
    out = CdrWriter()
    out.optional_string(body.name)
    out.u8(bool(body.partitions))
    if body.partitions:
        out.u8(1)
        out.u32(len(body.partitions))
        for partition in body.partitions:
            out.string(partition)
        out.u8(0)
    return bytes(out.data)


def _endpoint(body: EndpointBody) -> CdrWriter:
    out = CdrWriter()
    out.id16(body.topic_id)
    out.u8(body.qos is not None)
    if body.qos is not None:
        qos = body.qos
        out.u16(qos.flags)
        out.u8(qos.depth is not None)
        if qos.depth is not None:
            out.u16(qos.depth)
        for milliseconds in (qos.deadline_ms, qos.lifespan_ms):
            out.u8(milliseconds is not None)
            if milliseconds is not None:
                out.u32(milliseconds)
        out.u8(qos.user_data is not None)
        if qos.user_data is not None:
            out.octets(qos.user_data)
    return out


def encode_writer(body: EndpointBody) -> bytes:
    """Write a data writer's body."""
    out = _endpoint(body)
    if body.qos is not None:
        out.u8(0)
    return bytes(out.data)


def encode_reader(body: EndpointBody) -> bytes:
    """Write a data reader's body."""
    out = _endpoint(body)
    if body.qos is not None:
        out.raw(b"\0\0")
    return bytes(out.data)


def encode_service(body: ServiceBody) -> bytes:
    """Write a requester's or replier's body."""
    out = CdrWriter()
    out.string(body.service)
    out.string(body.request_type)
    out.string(body.reply_type)
    out.optional_string(body.request_topic)
    out.optional_string(body.reply_topic)
    return bytes(out.data)

"""Messages and submessages as values.

Knows names and units of the protocol's fields; must not know their bytes. Request and object ids are plain
16-bit numbers as they read high-low on the wire (object id 0x0015 = entity 1, kind 5).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from rig.xrce._constants import VENDOR_EPROSIMA, VERSION, RepresentationFormat

Properties: TypeAlias = tuple[tuple[str, str], ...]
TimePair: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Header of a message; ``client_key`` is on the wire only for session ids below 0x80."""

    session_id: int
    stream_id: int = 0
    sequence: int = 0
    client_key: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateClient:
    """A Client logs in; ``mtu`` is the largest message it takes, in bytes."""

    client_key: bytes
    session_id: int
    mtu: int
    properties: Properties = ()
    version: tuple[int, int] = VERSION
    vendor: tuple[int, int] = VENDOR_EPROSIMA
    cookie: bytes = b"XRCE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """Create an object.

    ``body`` is the BIN body (its own alignment origin, endianness of the submessage) or the UTF-8 text of
    an XML or REF representation. ``parent_id`` is the participant, publisher or subscriber; a participant
    has ``domain_id`` instead. A publisher or subscriber by REF has neither.
    """

    request_id: int
    object_id: int
    object_kind: int
    representation: RepresentationFormat
    body: bytes
    parent_id: int | None = None
    domain_id: int | None = None
    reuse: bool = False
    replace: bool = False
    little_endian: bool = True

    @property
    def text(self) -> str:
        """The XML or REF text."""
        return self.body.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class GetInfo:
    """Ask about an object; mask bits: 1 configuration, 2 activity."""

    request_id: int
    object_id: int
    mask: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """Delete an object; object 0xFFFE ends the session."""

    request_id: int
    object_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusAgent:
    """The Agent's answer to CREATE_CLIENT."""

    status: int
    implementation_status: int = 0
    properties: Properties = ()
    version: tuple[int, int] = VERSION
    vendor: tuple[int, int] = VENDOR_EPROSIMA


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Result of a request."""

    request_id: int
    object_id: int
    status: int
    implementation_status: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentConfig:
    """Configuration part of INFO."""

    kind: int = 0x0D
    version: tuple[int, int] = VERSION
    vendor: tuple[int, int] = VENDOR_EPROSIMA
    properties: Properties = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentActivity:
    """Activity part of INFO about an Agent; locators as (format, raw bytes)."""

    kind: int = 0x0D
    availability: int = 1
    locators: tuple[tuple[int, bytes], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterActivity:
    """Cooperation extension: how many readers of other Clients match a writer."""

    remote_readers: int
    kind: int = 0x05


@dataclass(frozen=True, slots=True, kw_only=True)
class Info:
    """Answer to GET_INFO (request id of it), or the Agent's own word (request id 0)."""

    request_id: int
    object_id: int
    status: int = 0
    implementation_status: int = 0
    config: AgentConfig | None = None
    activity: AgentActivity | WriterActivity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteData:
    """A Client's sample; ``data`` is the CDR body without encapsulation header."""

    request_id: int
    object_id: int
    data: bytes
    data_format: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryControl:
    """Limits of a READ_DATA: samples (65535 = no limit), seconds and bytes per second (0 = no limit)."""

    max_samples: int = 0xFFFF
    max_elapsed: int = 0
    max_bytes_per_second: int = 0
    min_pace: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadData:
    """Ask for samples on ``stream_id``; without delivery control: one sample."""

    request_id: int
    object_id: int
    stream_id: int
    data_format: int = 0
    content_filter: str | None = None
    delivery: DeliveryControl | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """A sample for a READ_DATA, with that request's id."""

    request_id: int
    object_id: int
    data: bytes
    data_format: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AckNack:
    """Received up to ``first_unacked - 1``; bit i of ``bitmap`` says first_unacked + i is missing."""

    first_unacked: int
    bitmap: int
    stream_id: int

    @property
    def missing(self) -> tuple[int, ...]:
        """Offsets of the missing messages from ``first_unacked``."""
        return tuple(bit for bit in range(16) if self.bitmap >> bit & 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """The sender holds ``first_unacked`` to ``last`` of a reliable stream."""

    first_unacked: int
    last: int
    stream_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """All streams of the session start over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """A part of one submessage; all parts together are the submessage with its header."""

    data: bytes
    last: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Timestamp:
    """Time sync request: (seconds, nanoseconds) of the Client's clock."""

    transmit: TimePair


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampReply:
    """Time sync answer: when the Agent sent it and received the request (Agent's clock), and the Client's own time."""

    transmit: TimePair
    receive: TimePair
    originate: TimePair


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A submessage whose id the protocol does not define."""

    submessage_id: int
    flags: int
    data: bytes


Submessage: TypeAlias = (
    CreateClient
    | Create
    | GetInfo
    | Delete
    | StatusAgent
    | Status
    | Info
    | WriteData
    | ReadData
    | Data
    | AckNack
    | Heartbeat
    | Reset
    | Fragment
    | Timestamp
    | TimestampReply
    | Unknown
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A whole message: one datagram, one serial frame, or one TCP record."""

    header: Header
    submessages: tuple[Submessage, ...] = field(default=())

"""Numbers of the DDS-XRCE wire: submessage ids, object kinds, status values, streams.

Knows the protocol's tables only; must not know how a message is laid out.
"""

from __future__ import annotations

from enum import IntEnum

COOKIE = b"XRCE"
VERSION = (1, 0)
VENDOR_EPROSIMA = (1, 15)

SESSION_NONE_WITH_KEY = 0x00
SESSION_NONE_WITHOUT_KEY = 0x80

STREAM_NONE = 0x00
STREAM_BEST_EFFORT = 0x01
STREAM_RELIABLE = 0x80

OBJECT_AGENT = 0xFFFD
OBJECT_CLIENT = 0xFFFE
OBJECT_SESSION = 0xFFFF

FLAG_LITTLE_ENDIAN = 0x01
FLAG_REUSE = 0x02
FLAG_REPLACE = 0x04
FLAG_LAST_FRAGMENT = 0x02
FLAG_FORMAT_MASK = 0x0E

INFO_CONFIG = 0x01
INFO_ACTIVITY = 0x02

SAMPLES_UNLIMITED = 0xFFFF

PROPERTY_SHM = "uxr_sm"
PROPERTY_HARD_LIVELINESS = "uxr_hl"
PROPERTY_LOCAL = "rig_lo"


class SubmessageKind(IntEnum):
    """Submessage ids; ``PERFORMANCE`` (14) of test builds is not told apart from TIMESTAMP."""

    CREATE_CLIENT = 0
    CREATE = 1
    GET_INFO = 2
    DELETE = 3
    STATUS_AGENT = 4
    STATUS = 5
    INFO = 6
    WRITE_DATA = 7
    READ_DATA = 8
    DATA = 9
    ACKNACK = 10
    HEARTBEAT = 11
    RESET = 12
    FRAGMENT = 13
    TIMESTAMP = 14
    TIMESTAMP_REPLY = 15


class ObjectKind(IntEnum):
    """The low four bits of an object id."""

    INVALID = 0x00
    PARTICIPANT = 0x01
    TOPIC = 0x02
    PUBLISHER = 0x03
    SUBSCRIBER = 0x04
    DATAWRITER = 0x05
    DATAREADER = 0x06
    REQUESTER = 0x07
    REPLIER = 0x08
    TYPE = 0x0A
    QOSPROFILE = 0x0B
    APPLICATION = 0x0C
    AGENT = 0x0D
    CLIENT = 0x0E
    OTHER = 0x0F


class StatusCode(IntEnum):
    """Result of a request, as STATUS and STATUS_AGENT carry it."""

    OK = 0x00
    OK_MATCHED = 0x01
    ERR_DDS_ERROR = 0x80
    ERR_MISMATCH = 0x81
    ERR_ALREADY_EXISTS = 0x82
    ERR_DENIED = 0x83
    ERR_UNKNOWN_REFERENCE = 0x84
    ERR_INVALID_DATA = 0x85
    ERR_INCOMPATIBLE = 0x86
    ERR_RESOURCES = 0x87


class RepresentationFormat(IntEnum):
    """How a CREATE describes its object."""

    REF = 0x01
    XML = 0x02
    BIN = 0x03


class QosFlag(IntEnum):
    """Bits of an endpoint's QoS in BIN bodies; none of the durability bits means volatile."""

    RELIABLE = 0x01
    KEEP_LAST = 0x02
    EXCLUSIVE = 0x04
    TRANSIENT_LOCAL = 0x08
    TRANSIENT = 0x10
    PERSISTENT = 0x20


def is_reliable_stream(stream_id: int) -> bool:
    """Whether a stream id names a reliable stream (128..255)."""
    return stream_id >= STREAM_RELIABLE


def object_kind_of(object_id: int) -> int:
    """Return the kind nibble of a 16-bit object id."""
    return object_id & 0x0F

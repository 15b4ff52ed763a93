"""The layout of every submessage as a table, for programs that read the wire in another language.

Knows the fields' names and types, in order. The codec does not use this table; a test compares the codec with a reader
that is generated from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from rig.xrce._constants import ObjectKind, SubmessageKind


class FieldType(StrEnum):
    """How a field lies on the wire. Numbers are aligned to their size, counted from the message's first byte."""

    U8 = "u8"
    U16 = "u16"
    I16 = "i16"
    U32 = "u32"
    I32 = "i32"
    ID16 = "id16"
    """Two bytes, high first whatever the endianness, not aligned."""
    BYTES2 = "bytes2"
    BYTES3 = "bytes3"
    BYTES4 = "bytes4"
    BYTES16 = "bytes16"
    OCTETS = "octets"
    """A u32 length and as many bytes."""
    STRING = "string"
    """The same with text, its closing NUL counted."""
    REST = "rest"
    """Bytes up to the end of the submessage."""
    OPTIONAL = "optional"
    """A u8 that says whether ``parts`` follow."""
    REPEATED = "repeated"
    """A u32 count, and ``parts`` as many times."""
    CHOICE = "choice"
    """``choices`` by the value of the field ``by``, which stands before; those of None for any other value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field. ``names`` is the table of names for its values, if it has names."""

    name: str
    type: FieldType
    names: str = ""
    parts: tuple[Field, ...] = ()
    by: str = ""
    choices: Mapping[int | None, tuple[Field, ...]] = field(default_factory=dict)


def _fields(*given: tuple[str, FieldType] | tuple[str, FieldType, str] | Field) -> tuple[Field, ...]:
    return tuple(
        each if isinstance(each, Field) else Field(name=each[0], type=each[1], names=each[2] if len(each) > 2 else "")
        for each in given
    )


_T = FieldType
_REQUEST = _fields(("request_id", _T.ID16), ("object_id", _T.ID16))
_RESULT = _fields(("status", _T.U8, "status"), ("implementation_status", _T.U8))
_IDENTITY = _fields(("cookie", _T.BYTES4), ("version", _T.BYTES2), ("vendor", _T.BYTES2))
_PROPERTY = _fields(("property_name", _T.STRING), ("property_value", _T.STRING))
_PROPERTIES = Field(
    name="properties",
    type=_T.OPTIONAL,
    parts=(Field(name="property", type=_T.REPEATED, parts=_PROPERTY),),
)
_LOCATOR = _fields(
    ("locator_format", _T.U8, "locator"),
    Field(
        name="locator_address",
        type=_T.CHOICE,
        by="locator_format",
        choices={
            0: _fields(("locator_small", _T.BYTES3)),
            1: _fields(("locator_ipv4", _T.BYTES4), ("locator_port", _T.U16)),
            2: _fields(("locator_ipv6", _T.BYTES16), ("locator_port_long", _T.U32)),
            3: _fields(("locator_text", _T.STRING)),
        },
    ),
)
_ACTIVITY = _fields(
    ("info_kind", _T.U8, "object_kind"),
    Field(
        name="activity_of",
        type=_T.CHOICE,
        by="info_kind",
        choices={
            int(ObjectKind.AGENT): _fields(
                ("availability", _T.I16), Field(name="locator", type=_T.REPEATED, parts=_LOCATOR)
            ),
            int(ObjectKind.DATAWRITER): _fields(("remote_readers", _T.U16)),
        },
    ),
)
_CONFIG = (*_fields(("info_kind", _T.U8, "object_kind")), *_IDENTITY, _PROPERTIES)
_OWNER = Field(
    name="owner",
    type=_T.CHOICE,
    by="object_kind",
    choices={int(ObjectKind.PARTICIPANT): _fields(("domain_id", _T.I16)), None: _fields(("parent_id", _T.ID16))},
)
_DELIVERY = _fields(
    ("max_samples", _T.U16), ("max_elapsed", _T.U16), ("max_bytes_per_second", _T.U16), ("min_pace", _T.U16)
)
_SAMPLE = (*_REQUEST, *_fields(("data", _T.REST)))


def _time(name: str) -> tuple[Field, ...]:
    return _fields((f"{name}_seconds", _T.I32), (f"{name}_nanoseconds", _T.U32))


LAYOUTS: Mapping[SubmessageKind, tuple[Field, ...]] = {
    SubmessageKind.CREATE_CLIENT: (
        *_IDENTITY,
        *_fields(("create_client_key", _T.BYTES4), ("create_session_id", _T.U8)),
        _PROPERTIES,
        *_fields(("mtu", _T.U16)),
    ),
    SubmessageKind.CREATE: (
        *_REQUEST,
        *_fields(
            ("object_kind", _T.U8, "object_kind"),
            ("representation", _T.U8, "representation"),
            Field(
                name="described_by",
                type=_T.CHOICE,
                by="representation",
                choices={3: _fields(("body", _T.OCTETS)), None: _fields(("text", _T.STRING))},
            ),
            _OWNER,
        ),
    ),
    SubmessageKind.GET_INFO: (*_REQUEST, *_fields(("info_mask", _T.U32))),
    SubmessageKind.DELETE: _REQUEST,
    SubmessageKind.STATUS_AGENT: (*_RESULT, *_IDENTITY, _PROPERTIES),
    SubmessageKind.STATUS: (*_REQUEST, *_RESULT),
    SubmessageKind.INFO: (
        *_REQUEST,
        *_RESULT,
        Field(name="config", type=_T.OPTIONAL, parts=_CONFIG),
        Field(name="activity", type=_T.OPTIONAL, parts=_ACTIVITY),
    ),
    SubmessageKind.WRITE_DATA: _SAMPLE,
    SubmessageKind.READ_DATA: (
        *_REQUEST,
        *_fields(("read_stream_id", _T.U8), ("data_format", _T.U8)),
        Field(name="filtered", type=_T.OPTIONAL, parts=_fields(("content_filter", _T.STRING))),
        Field(name="delivery", type=_T.OPTIONAL, parts=_DELIVERY),
    ),
    SubmessageKind.DATA: _SAMPLE,
    SubmessageKind.ACKNACK: _fields(("first_unacked", _T.U16), ("missing", _T.ID16), ("acked_stream_id", _T.U8)),
    SubmessageKind.HEARTBEAT: _fields(("first_unacked", _T.U16), ("last_sent", _T.U16), ("acked_stream_id", _T.U8)),
    SubmessageKind.RESET: (),
    SubmessageKind.FRAGMENT: _fields(("fragment", _T.REST)),
    SubmessageKind.TIMESTAMP: _time("transmit"),
    SubmessageKind.TIMESTAMP_REPLY: (*_time("transmit"), *_time("receive"), *_time("originate")),
}
"""By kind, the fields behind a submessage's own header."""

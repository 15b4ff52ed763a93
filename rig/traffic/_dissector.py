"""A dissector for Wireshark and tshark, generated from the codec's own tables.

Knows how to write tables in Lua. ``dissector.lua`` reads them; ``rig.xrce`` defines their content.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum
from importlib import resources

from rig.xrce import (
    COOKIE,
    LAYOUTS,
    OBJECT_AGENT,
    OBJECT_CLIENT,
    OBJECT_SESSION,
    Field,
    ObjectKind,
    RepresentationFormat,
    StatusCode,
    SubmessageKind,
    crc16_arc,
    object_name,
)

_MARK = "--@TABLES@\n"
_LOCATORS = {0: "small", 1: "IPv4", 2: "IPv6", 3: "text"}
_SPECIAL = (OBJECT_AGENT, OBJECT_CLIENT, OBJECT_SESSION)
_UNBOUNDED = (SubmessageKind.WRITE_DATA, SubmessageKind.DATA)


def wireshark_dissector() -> str:
    """The dissector as the text of one Lua file."""
    source = resources.files("rig.traffic").joinpath("dissector.lua").read_text(encoding="utf-8")
    return source.replace(_MARK, _tables(), 1)


def _tables() -> str:
    names = {
        "submessage": _of(SubmessageKind),
        "status": _of(StatusCode),
        "object_kind": {value: name.lower() for value, name in _of(ObjectKind).items()},
        "representation": _of(RepresentationFormat),
        "locator": _LOCATORS,
        "special_object": {number: object_name(number) for number in _SPECIAL},
    }
    layouts = (f"  [{int(kind)}] = {_layout(fields)}," for kind, fields in LAYOUTS.items())
    crcs = ", ".join(str(crc16_arc(bytes((value,)))) for value in range(256))
    lines = [
        "local NAMES = {",
        *(f"  {table} = {_named(rows)}," for table, rows in names.items()),
        "}",
        "local LAYOUTS = {",
        *layouts,
        "}",
        f"local UNBOUNDED = {{ {', '.join(f'[{int(kind)}] = true' for kind in _UNBOUNDED)} }}",
        f"local CREATE_CLIENT = {int(SubmessageKind.CREATE_CLIENT)}",
        f'local COOKIE = ByteArray.new("{COOKIE.hex()}")',
        f"local CRC16 = {{ {crcs} }}",
    ]
    return "\n".join(lines) + "\n"


def _of(kinds: type[IntEnum]) -> dict[int, str]:
    return {int(kind): kind.name for kind in kinds}


def _named(rows: Mapping[int, str]) -> str:
    return "{ " + ", ".join(f'[{number}] = "{name}"' for number, name in rows.items()) + " }"


def _layout(fields: Iterable[Field]) -> str:
    return "{ " + ", ".join(map(_field, fields)) + " }"


def _field(field: Field) -> str:
    facts = [f'name = "{field.name}"', f'type = "{field.type}"']
    if field.names:
        facts.append(f'names = "{field.names}"')
    if field.parts:
        facts.append(f"parts = {_layout(field.parts)}")
    if field.by:
        choices = ((f"[{value}]" if value is not None else "other", parts) for value, parts in field.choices.items())
        facts += [
            f'by = "{field.by}"',
            "choices = { " + ", ".join(f"{value} = {_layout(parts)}" for value, parts in choices) + " }",
        ]
    return "{ " + ", ".join(facts) + " }"

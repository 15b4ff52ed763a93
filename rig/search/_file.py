"""Sequences as JSON, so that a finding can be kept, sent, and run again elsewhere.

Knows the form. Must not know what a sequence does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args

from rig.errors import UsageError
from rig.model import Create, End, Form, Group, Kind, LinkState, Mode, Operation, Qos, Remote, Sent, Topic
from rig.model import Sequence as Calls

FORMAT = "rig-sequence"
VERSION = 1
_MOST_BYTES = 4 << 20
_OPERATIONS = {kind.__name__.lower(): kind for kind in get_args(Operation)}


def to_json(calls: Calls) -> dict[str, object]:
    """A sequence as plain data."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "buffers": calls.buffers,
        "buffer_bytes": calls.buffer_bytes,
        "link": calls.link,
        "tells": calls.tells,
        "topics": [_plain(topic) for topic in calls.topics],
        "operations": [_operation(operation) for operation in calls.operations],
    }


def from_json(data: object, *, where: str = "the sequence") -> Calls:
    """The sequence again.

    :raises UsageError: the data is of another form; it says where.
    """
    if not isinstance(data, Mapping) or data.get("format") != FORMAT:
        raise UsageError(f"{where} is no sequence of the rig", hint=f'it has "format": "{FORMAT}"')
    if data.get("version") != VERSION:
        raise UsageError(f"{where} has version {data.get('version')}, this rig reads version {VERSION}")
    try:
        calls = Calls(
            buffers=_number(data["buffers"], 1, 1 << 20),
            buffer_bytes=_number(data["buffer_bytes"], 8, 1 << 30),
            topics=tuple(Topic(**{key: str(value) for key, value in topic.items()}) for topic in data["topics"]),
            operations=tuple(_read(each) for each in data["operations"]),
            link=bool(data.get("link", False)),
            tells=bool(data.get("tells", False)),
        )
        _check(calls)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise UsageError(f"{where} cannot be read: {error!r}", hint="see docs/search.md for the form") from error
    return calls


def read_sequence(path: Path) -> Calls:
    """The sequence in a file: as `to_json` makes it, or a finding that has one.

    :raises UsageError: there is none.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UsageError(f"{path} is larger than a sequence can be ({_MOST_BYTES:,} B)")
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}",
            hint="a run whose search found something has them in its folder: reports/runs/<run id>/sequences/",
        ) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no JSON: {error}") from error
    if isinstance(data, Mapping) and "sequence" in data:
        data = data["sequence"]
    return from_json(data, where=str(path))


def _plain(value: object) -> object:
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, End):
        return [value.session, value.kind.name.lower(), value.id]
    if isinstance(value, Mode):
        return int(value)
    if isinstance(value, Form | Group | Kind | LinkState):
        return value.name.lower()
    if isinstance(value, tuple):
        return [_operation(each) for each in value]
    return value


def _operation(operation: Operation) -> dict[str, object]:
    found = _plain(operation)
    assert isinstance(found, dict)
    return {"call": type(operation).__name__.lower(), **found}


def _read(data: Mapping[str, Any]) -> Operation:
    values = dict(data)
    name = values.pop("call", None)
    if name not in _OPERATIONS:
        raise ValueError(f"no call is named {name!r}")
    for key, value in values.items():
        values[key] = _value(key, value)
    operation: Operation = _OPERATIONS[name](**values)
    return operation


def _value(key: str, value: Any) -> object:  # noqa: PLR0911 - one case a field
    match key:
        case "end":
            session, kind, id = value
            return End(_number(session, 0, 15), Kind[kind.upper()], _number(id, 0, 0xFFF))
        case "qos":
            return Qos(
                reliable=bool(value["reliable"]),
                transient_local=bool(value["transient_local"]),
                keep_all=bool(value["keep_all"]),
                depth=_number(value["depth"], 0, 0xFFFF),
            )
        case "form":
            return Form[value.upper()]
        case "state":
            return LinkState[value.upper()]
        case "group":
            return Group[value.upper()]
        case "kind":
            return Kind[value.upper()]
        case "operations":
            return tuple(_read(each) for each in value)
        case "mode":
            return Mode(_number(value, 0, int(Mode.REUSE | Mode.REPLACE)))
        case "keep" | "reliable_stream" | "apart" | "there":
            return bool(value)
        case _:
            return _number(value, 0, 1 << 30)


def _number(value: object, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(f"{value!r} is no number from {least} to {most}")
    return value


def _check(calls: Calls) -> None:
    for operation in calls.operations:
        if isinstance(operation, Create):
            for create in operation.each():
                if create.topic and create.topic >= len(calls.topics):
                    raise ValueError(f"topic {create.topic} of {len(calls.topics)}")
        if isinstance(operation, Remote | Sent) and operation.topic >= len(calls.topics):
            raise ValueError(f"topic {operation.topic} of {len(calls.topics)}")

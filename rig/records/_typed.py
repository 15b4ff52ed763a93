"""Converts between plain JSON values and frozen dataclasses, by the dataclasses' type hints.

Knows numbers, strings, booleans, tuples, mappings with string keys, nested dataclasses and optional values. Must not
know what any field means.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


@cache
def hints(kind: type) -> dict[str, Any]:
    """The type of each field."""
    return get_type_hints(kind)


def from_plain(kind: type[T], plain: Mapping[str, object]) -> T:
    """An instance of the dataclass ``kind``; unknown keys are ignored.

    :raises ValueError: a value has another type, or a field without a default is missing; the message names it.
    """
    values: dict[str, Any] = {}
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        if field.name in plain:
            values[field.name] = _value(field.name, hints(kind)[field.name], plain[field.name])  # type: ignore[arg-type]
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ValueError(f"{kind.__name__}: {field.name} is missing")
    return kind(**values)


def _value(name: str, kind: Any, value: Any) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        (inner,) = [each for each in arguments if each is not types.NoneType]
        return None if value is None else _value(name, inner, value)
    if origin is tuple and isinstance(value, list | tuple):
        return tuple(_value(name, arguments[0], each) for each in value)
    if origin is Mapping and isinstance(value, Mapping):
        return {str(key): _value(f"{name}.{key}", arguments[1], each) for key, each in value.items()}
    if dataclasses.is_dataclass(kind) and isinstance(value, Mapping):
        return from_plain(kind, value)  # type: ignore[arg-type]
    if kind is float and type(value) in (int, float):
        return value
    if type(value) is kind:
        return value
    expected = getattr(kind, "__name__", str(kind)) if origin is None else str(kind)
    raise ValueError(f"{name}: expected {expected}, found {str(value)[:40]!r}")


def to_plain(value: object) -> dict[str, Any]:
    """The fields of a dataclass as plain JSON values; fields that are None are left out."""
    plain = {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}  # type: ignore[arg-type]
    return {key: each for key, each in plain.items() if each is not None}


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return to_plain(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value

"""Checks a record from disk before anybody uses it: it must follow the schema, and be neither too large nor nested too
deeply.

Records come from other people's machines. Must not know what the figures mean.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from rig.errors import UsageError
from rig.records._schema import schema

LARGEST_FILE = 512 << 20
_DEEPEST = 40
_GREATEST = 1e300  # beyond it a sum or a scale would be no number any more
_SHOWN = 80
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """The text without control characters that a terminal would obey and characters that no output can hold; line
    breaks stay.
    """
    return _CONTROL.sub("\ufffd", text)


def read_text(path: Path) -> str:
    """Read a text file of a run; it must be a regular file and not too large.

    :raises UsageError: it is no regular file, or too large. :raises OSError: it cannot be read.
    """
    if path.exists() and not path.is_file():
        raise UsageError(f"{path}: not a file", hint="name a run's directory, or its results.json")
    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise UsageError(f"{path}: {size >> 20} MiB, and a record has at most {LARGEST_FILE >> 20} MiB")
    return path.read_text(encoding="utf-8", errors="replace")


def parse(text: str) -> Any:
    """Parse JSON strictly, as RFC 8259 defines it.

    :raises ValueError: it is no JSON, holds an invalid number or text, or is nested too deeply.
    """
    try:
        value = json.loads(text, parse_constant=_refuse)
        _check_depth(value, 0)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return value


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")


def _check_depth(value: Any, depth: int) -> None:
    if depth > _DEEPEST:
        raise ValueError(f"nested more than {_DEEPEST} levels deep")
    if isinstance(value, str):
        if _SURROGATE.search(value):
            raise ValueError(f"text with half a character: {printable(value)[:_SHOWN]!r}")
    elif isinstance(value, dict):
        for key, each in value.items():
            _check_depth(key, depth + 1)
            _check_depth(each, depth + 1)
    elif isinstance(value, list) and not all(type(each) in (int, float) for each in value):
        for each in value:
            _check_depth(each, depth + 1)


def check(raw: Mapping[str, Any]) -> None:
    """Make sure that a whole record, samples and times included, follows the schema.

    :raises ValueError: it does not; the message says where.
    """
    measurements = raw.get("measurements")
    rows = measurements if isinstance(measurements, list) else []
    for number, row in enumerate(rows):
        if isinstance(row, dict) and isinstance(row.get("samples"), list):
            _check_samples(row["samples"], f"measurements[{number}].samples")
    # The samples are checked, and there may be a million: the rest is held against the schema.
    bare = [
        {**row, "samples": []} if isinstance(row, dict) and isinstance(row.get("samples"), list) else row
        for row in rows
    ]
    shape = {**raw, "measurements": bare} if isinstance(measurements, list) else raw
    problem = next(iter(_validator().iter_errors(shape)), None)
    if problem is not None:
        raise ValueError(f"{_place(problem.instance_path)[:_SHOWN]}: {problem.message[:_SHOWN]}")
    run = raw["run"]
    for stamp in (run["started"], run.get("finished"), *run.get("resumed", ())):
        if stamp is not None:
            _check_time(stamp)


@cache
def _validator() -> Any:
    return jsonschema_rs.Draft202012Validator(schema())


def _place(path: Sequence[str | int]) -> str:
    """A place in a record, as ``measurements[3].conditions``."""
    parts = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(parts).removeprefix(".") or "the record"


def _check_samples(samples: list[Any], where: str) -> None:
    for index, sample in enumerate(samples):
        if type(sample) not in (int, float):
            raise ValueError(f"{where}[{index}]: {str(sample)[:_SHOWN]!r} is not a number")
        if not -_GREATEST < sample < _GREATEST or (type(sample) is float and math.isnan(sample)):
            raise ValueError(f"{where}[{index}]: out of range")


def _check_time(stamp: str) -> None:
    try:
        datetime.fromisoformat(stamp)
    except ValueError:
        raise ValueError(f"{stamp[:_SHOWN]!r} is not a time as ISO 8601 has it") from None

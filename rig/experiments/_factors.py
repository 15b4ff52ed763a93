"""The factors under which figures are taken, once for all experiments, and the covering arrays over them.

A list of conditions would miss those that nobody thought of. So each factor has levels, and the rows of a covering
array contain each pair of levels in a quick run, each triple in a full one. ``covertable`` finds few such rows by a
greedy search. The same board and options give the same rows, so that a run repeats.

Combinations that a board or a middleware cannot hold are constraints; the array says which it left out, and why. Must
not know what is measured under its rows, nor which firmware runs.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

import covertable

from rig.records import Scalar
from rig.records.vocabulary import Condition
from rig.station import Setting

_SALT: Final = "rig"  # orders what is equal otherwise: a constant, so that rows repeat
_QUICK, _FULL = 2, 3  # how many factors have all their combinations
_OWN_ENTITIES = 5  # participant, topic, publisher, subscriber, writer
_ACROSS_ENTITIES = 10  # the same twice: a session with no reader, and one with a writer that nobody uses
_OTHER_ENTITIES = 3  # topic, writer, reader
_BUFFER_OVERHEAD = 64  # bytes beside each buffer's own that any pool may need


class Payload(StrEnum):
    """Classes of payload length that an implementation may handle differently."""

    TINY = "1 to 3 B"
    ODD = "no multiple of 4"
    WORDS = "a multiple of 4"
    EDGE = "to the buffer's last byte"
    MTU = "over the MTU"
    WIDE = "over 16 bits"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One combination of levels. ``number``: of the row in its array; ``mtu``: the link's largest message, bytes.

    ``payload_bytes`` of each sample, ``buffer_bytes`` of each buffer; ``alignment``: the largest power of 2, up to 16,
    that divides it. ``pending``: how many samples wait when the last one is published. ``silent``: the link is cut once
    all entities exist. ``reticent``: the Agent does not tell who reads, so that each sample also goes to the link.
    """

    number: int = 0
    payload: Payload = Payload.WORDS
    alignment: int = 16
    readers: int = 1
    reliable: bool = True
    sessions: int = 1
    pending: int = 0
    buffers: int = 2
    other_pairs: int = 0
    silent: bool = False
    reticent: bool = False
    mtu: int = 512

    @property
    def payload_bytes(self) -> int:
        """Length of the samples."""
        match self.payload:
            case Payload.TINY:
                return 1 + self.number % 3
            case Payload.ODD:
                return 61
            case Payload.WORDS:
                return 64
            case Payload.EDGE:
                return self.buffer_bytes
            case Payload.MTU:
                return self.mtu + 1
            case Payload.WIDE:
                return 65_537

    @property
    def buffer_bytes(self) -> int:
        """Length of a buffer: it holds the payload, and ``alignment`` is the largest power of 2 (up to 16) that divides
        it.
        """
        least = 256 if self.payload is Payload.EDGE else max(64, self.payload_bytes)
        return -(-least // 16) * 16 + self.alignment % 16

    @property
    def burst(self) -> int:
        """Samples between two spins; the last one is measured."""
        return self.pending + 1

    @property
    def entities(self) -> int:
        """Number of entities in all sessions."""
        own = _OWN_ENTITIES if self.sessions == 1 else _ACROSS_ENTITIES
        return own + self.readers + _OTHER_ENTITIES * self.other_pairs

    @property
    def pairs(self) -> int:
        """Number of pairs of a writer and a reader that match."""
        return self.readers * self.sessions + self.other_pairs

    @property
    def memory_bytes(self) -> int:
        """The most message memory that its pool takes, in bytes."""
        return self.buffers * (self.buffer_bytes + _BUFFER_OVERHEAD)

    @property
    def conditions(self) -> dict[str, Scalar]:
        """The row's conditions, as a record has them."""
        return {
            Condition.PAYLOAD_BYTES: self.payload_bytes,
            Condition.READERS: self.readers,
            Condition.ALIGNMENT: self.alignment,
            Condition.RELIABLE: self.reliable,
            Condition.SESSIONS: self.sessions,
            Condition.PENDING: self.pending,
            Condition.BUFFERS: self.buffers,
            Condition.OTHER_PAIRS: self.other_pairs,
            Condition.AGENT: ("silent" if self.silent else "steady") + (", tells nothing" if self.reticent else ""),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Array:
    """Rows that contain each possible combination of ``strength`` levels; ``left_out``: the impossible ones,
    and why.
    """

    rows: tuple[Row, ...]
    strength: int
    levels: Mapping[str, int]
    left_out: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Constraint:
    """``holds`` is asked of a row with no more than ``of`` set, and of nothing else; ``why`` it may not hold."""

    of: tuple[str, ...]
    holds: Callable[[Row], bool]
    why: str


def covering(setting: Setting, levels: Mapping[str, Sequence[Any]], *, filled: bool = False) -> Array:
    """The covering array for this board: each pair of levels in a quick run, each triple in a full one.

    :param levels: by name of a field of ``Row``; other fields have their defaults.
    :param filled: the rows are for bursts that fill the pool; ``pending`` does not limit them.
    """
    strength = min(_QUICK if setting.quick else _FULL, len(levels))
    base = Row(mtu=setting.mtu)
    constraints = [c for c in _constraints(setting, filled=filled) if any(name in levels for name in c.of)]
    return Array(
        rows=tuple(_cover(base, levels, constraints, strength)),
        strength=strength,
        levels={name: len(values) for name, values in levels.items()},
        left_out=tuple(words for c in constraints if (words := _left_out(base, levels, c))),
    )


def _left_out(base: Row, levels: Mapping[str, Sequence[Any]], constraint: _Constraint) -> str:
    """``6 of 36 combinations of payload, alignment, buffers: ...``; empty if the constraint forbids none."""
    names = [name for name in constraint.of if name in levels]
    combinations = list(itertools.product(*(levels[name] for name in names)))
    rows = (replace(base, **dict(zip(names, values, strict=True))) for values in combinations)
    forbidden = sum(not constraint.holds(row) for row in rows)
    words = ", ".join(name.replace("_", " ") for name in names)
    return f"{forbidden} of {len(combinations)} combinations of {words}: {constraint.why}" if forbidden else ""


def _cover(
    base: Row, levels: Mapping[str, Sequence[Any]], constraints: Iterable[_Constraint], strength: int
) -> Iterable[Row]:
    def condition(constraint: _Constraint) -> dict[str, Any]:
        names = [name for name in constraint.of if name in levels]

        @functools.cache  # the search for rows asks the same again and again
        def holds(*values: Any) -> bool:
            return constraint.holds(replace(base, **dict(zip(names, values, strict=True))))

        def evaluate(row: Mapping[str, Any]) -> bool:
            return holds(*(row[name] for name in names))

        return {"operator": "fn", "requires": names, "evaluate": evaluate}

    found = covertable.make(
        {name: list(values) for name, values in levels.items()},
        strength=strength,
        salt=_SALT,
        constraints=[condition(each) for each in constraints],
    )
    return [replace(base, number=number, **row) for number, row in enumerate(found)]


def _constraints(setting: Setting, *, filled: bool) -> tuple[_Constraint, ...]:
    told = setting.bench.configuration()

    def limit(*names: str) -> int | None:
        return next((value for name in names if isinstance(value := told.get(name), int) and value), None)

    memory = setting.bench.hello.memory_bytes
    sessions, entities, pairs = limit("sessions"), limit("shm_entities", "entities"), limit("shm_pairs")
    size = ("payload", "alignment", "buffers")
    found = [
        _Constraint(
            of=("pending", "buffers"),
            holds=lambda row: row.pending < row.buffers,
            why="as many samples wait as there are buffers",
        ),
        _Constraint(
            of=size,
            holds=lambda row: row.memory_bytes <= memory,
            why=f"{memory:,} bytes of message memory on this board",
        ),
    ]
    ring = setting.bench.ring_entries
    found.append(
        _Constraint(
            of=("buffers" if filled else "pending", "readers"),
            holds=lambda row: (row.buffers if filled else row.burst) * (row.readers + 1) <= ring,
            why=f"{ring} records that this board's firmware keeps at once",
        )
    )
    if setting.link is None:
        found.append(_Constraint(of=("silent",), holds=lambda row: not row.silent, why="no link that could be silent"))
    found.append(
        _Constraint(
            of=("silent", "reticent"),
            holds=lambda row: row.silent or not row.reticent,
            why="an Agent that is told everything and answers takes time on the link",
        )
    )
    if sessions is not None:
        why = f"{sessions} sessions by the middleware's configuration"
        found.append(_Constraint(of=("sessions",), holds=lambda row: row.sessions <= sessions, why=why))
    room = ("readers", "sessions", "other_pairs")
    if entities is not None:
        why = f"{entities} entities by the middleware's configuration"
        found.append(_Constraint(of=room, holds=lambda row: row.entities <= entities, why=why))
    if pairs is not None:
        why = f"{pairs} local pairs by the middleware's configuration"
        found.append(_Constraint(of=room, holds=lambda row: row.pairs <= pairs, why=why))
    return tuple(found)


READERS: Final = (1, 2, 8, 9)
_READERS_FULL: Final = (1, 2, 3, 4, 5, 6, 7, 8, 9)


def levels(setting: Setting, *names: str, **own: Sequence[Any]) -> dict[str, Sequence[Any]]:
    """The usual levels of the named factors, with fewer numbers of readers in a quick run; ``own`` replaces them."""
    usual: dict[str, Sequence[Any]] = {
        "payload": tuple(Payload),
        "alignment": (8, 16),
        "readers": READERS if setting.quick else _READERS_FULL,
        "reliable": (True, False),
        "sessions": (1, 2),
        "pending": (0, 1, 7),
        "buffers": (1, 2, 16),
        "other_pairs": (0, 2),
        "silent": (False, True),
        "reticent": (False, True),
    }
    return {name: own.get(name, usual[name]) for name in (*names, *(name for name in own if name not in names))}

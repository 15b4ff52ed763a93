"""A row of a covering array as a program of the firmware: many rows cost no round trips, and each call tells its place.

Knows rows and programs. Must not know what is looked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from rig.bench import (
    DATAREADER,
    DATAWRITER,
    PARTICIPANT,
    PUBLISHER,
    SUBSCRIBER,
    TOPIC,
    Heard,
    ProgramBuilder,
    Status,
    Step,
    qos_bits,
)
from rig.experiments._factors import Row
from rig.experiments._refusals import NO_SECOND
from rig.model import Qos
from rig.records import Detail
from rig.station import Setting

_BIN = 3
_ONE = 0x001  # id of every entity that there is one of in a session
_FIRST_OTHER = 0x101
_TYPE = "std_msgs::msg::dds_::ByteMultiArray_"
_SPINS = 2
_SECONDS = 30.0
_Call = tuple[Step, Sequence[int], Sequence[str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """``lent``: by sample the place that its writer was given; ``heard``: callbacks; ``unsent``: samples that were
    refused; ``refused``: why something could not be made, or the first sample not be sent.
    """

    lent: dict[int, int] = field(default_factory=dict)
    heard: tuple[Heard, ...] = ()
    unsent: int = 0
    made: bool = True
    refused: Status = Status.OK


def run_row(setting: Setting, row: Row, *, burst: int = 0, rounds: int = 1) -> Seen:
    """Start, make, then ``rounds`` times publish a burst and spin; no Agent: what is looked at is local alone.

    :param burst: samples; 0 is the row's own.
    """
    lent: dict[int, int] = {}
    heard: list[Heard] = []
    unsent, refused = 0, Status.OK
    calls = [*_making(setting, row), *_publishing(setting, row, burst or row.burst, rounds)]
    for words in _programs(setting.bench.program_words, calls):
        for record in setting.bench.run_program(words, timeout=_SECONDS):
            if isinstance(record, Heard):
                heard.append(record)
            elif record.step == Step.PUBLISH:
                lent[record.sequence] = record.address
                unsent += record.status < 0
                refused = refused or Status(min(0, record.status))
            elif record.status < 0:
                return Seen(refused=Status(record.status), made=False)
    return Seen(lent=lent, heard=tuple(heard), unsent=unsent, refused=refused)


def impossible(seen: Seen) -> Detail | None:
    """That the middleware has no such feature or no room, as a figure's detail says it; None if that is not why."""
    if seen.made or seen.refused not in NO_SECOND:
        return None
    words = f"the middleware refused with {seen.refused.name}"
    return Detail(unsupported=words) if seen.refused is Status.UNSUPPORTED else Detail(unavailable=words)


def _programs(most: int, calls: Iterable[_Call]) -> Iterator[list[int]]:
    """The calls in order, in as few programs as have room for them."""
    builder = ProgramBuilder()
    for step, arguments, text in calls:
        alone = ProgramBuilder()
        alone.step(step, *arguments, text=text)
        if builder.words and len(builder.words) + len(alone.words) > most:
            yield builder.words
            builder = ProgramBuilder()
        builder.step(step, *arguments, text=text)
    yield builder.words


def _making(setting: Setting, row: Row) -> Iterator[_Call]:
    yield Step.START, (row.buffers, row.buffers * row.buffer_bytes, setting.mtu, setting.history, 0), ()
    for session in range(row.sessions):
        yield Step.OPEN, (setting.next_key(), 0), ()
        yield _create(session, PARTICIPANT, _ONE, 0, 0, row, ["rig"])
        yield _create(session, TOPIC, _ONE, _ONE, 0, row, ["rt/rig", _TYPE])
        yield _create(session, PUBLISHER, _ONE, _ONE, 0, row)
        yield _create(session, SUBSCRIBER, _ONE, _ONE, 0, row)
    yield _create(0, DATAWRITER, _ONE, _ONE, _ONE, row)
    for id in range(_ONE, _ONE + row.readers):
        yield _create(row.sessions - 1, DATAREADER, id, _ONE, _ONE, row)
    for id in range(_FIRST_OTHER, _FIRST_OTHER + row.other_pairs):
        yield _create(0, TOPIC, id, _ONE, 0, row, [f"rt/other_{id}", _TYPE])
        yield _create(0, DATAWRITER, id, _ONE, id, row)
        yield _create(0, DATAREADER, id, _ONE, id, row)


def _create(session: int, kind: int, id: int, parent: int, topic: int, row: Row, text: Sequence[str] = ("",)) -> _Call:
    qos = Qos(reliable=row.reliable)
    return Step.CREATE, (session, kind, _BIN, 0, id, parent, topic, qos_bits(qos), qos.depth, row.reliable, 0), text


def _publishing(setting: Setting, row: Row, burst: int, rounds: int) -> Iterator[_Call]:
    for _ in range(rounds):
        first = setting.fresh_sequences(burst)
        for sequence in range(first, first + burst):
            yield Step.PUBLISH, (0, DATAWRITER << 12 | _ONE, row.payload_bytes, sequence, 1), ()
        yield Step.SPIN, (0, _SPINS), ()

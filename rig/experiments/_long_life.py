"""Many rounds of the same few calls in one start, so that every 8-bit counter wraps.

In a full run every 16-bit counter wraps too, and in a quick run on a host, which is fast enough.

The rounds are a program that the firmware runs and counts by itself. There is no link: only local delivery is tested.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from rig.bench import (
    DATAREADER,
    DATAWRITER,
    PARTICIPANT,
    PUBLISHER,
    REPLIER,
    REQUESTER,
    SUBSCRIBER,
    TOPIC,
    Called,
    Capability,
    ProgramBuilder,
    Status,
    Step,
)
from rig.records import Detail, Measurement, Metric, Scalar
from rig.records.vocabulary import LongLife
from rig.station import Setting

_ROUNDS, _QUICK_ROUNDS = 70_000, 300
_BUFFERS = 4
_PAYLOAD = 32
_KEY = 0x4C4F4E47
_BIN = 3
_RELIABLE, _TRANSIENT_LOCAL = 1, 2  # bits of quality of service
_LEFT = 3  # samples that a writer leaves behind
_KEPT = 2  # samples that a writer keeps for who comes late
_TIMEOUT = 300.0
_SECONDS = 20.0  # that the rounds may take on a host

Rounds = Callable[[ProgramBuilder], None]


def samples(program: ProgramBuilder) -> None:
    """A round: two samples, and a spin that delivers them to two readers."""
    program.step(Step.PUBLISH, 0, DATAWRITER << 12 | 1, _PAYLOAD, 1, 2)
    program.step(Step.SPIN, 0, 1)


def readers(program: ProgramBuilder) -> None:
    """A round: a reader comes, gets a sample beside the one that stays, and goes."""
    _make(program, DATAREADER, 2)
    program.step(Step.PUBLISH, 0, DATAWRITER << 12 | 1, _PAYLOAD, 1, 1)
    program.step(Step.SPIN, 0, 1)
    program.step(Step.DELETE, 0, DATAREADER, 2, 0)


def writers(program: ProgramBuilder) -> None:
    """A round: a writer comes, publishes three samples and goes while they wait; then a spin delivers them."""
    _make(program, DATAWRITER, 2)
    program.step(Step.PUBLISH, 0, DATAWRITER << 12 | 2, _PAYLOAD, 1, _LEFT)
    program.step(Step.DELETE, 0, DATAWRITER, 2, 0)
    program.step(Step.SPIN, 0, 1)


def latecomers(program: ProgramBuilder) -> None:
    """A round: as many samples as the writer keeps; a late reader comes, gets them and goes."""
    program.step(Step.PUBLISH, 0, DATAWRITER << 12 | 1, _PAYLOAD, 1, _KEPT)
    _make(program, DATAREADER, 1, qos=_RELIABLE | _TRANSIENT_LOCAL, depth=_KEPT)
    program.step(Step.SPIN, 0, 1)
    program.step(Step.DELETE, 0, DATAREADER, 1, 0)


def requests(program: ProgramBuilder) -> None:
    """A round: a request, answered in its callback."""
    program.step(Step.PUBLISH, 0, REQUESTER << 12 | 2, _PAYLOAD, 1, 1)
    program.step(Step.SPIN, 0, 2)


_CALLBACKS: dict[Rounds, int] = {samples: 4, readers: 2, writers: _LEFT, latecomers: _KEPT, requests: 2}
"""Of a round."""

_CASES: dict[Rounds, dict[str, Scalar]] = {writers: {"case": "writers that go while their samples wait"}}
"""Conditions that tell a life from another one of its experiment."""


def live(setting: Setting, experiment: str, each: Rounds) -> Iterator[Measurement]:
    """Run the rounds; the figures say what was wrong over all of them."""
    # A host does them all in a second; a firmware that is slow is asked for as many as it does in some seconds.
    host = setting.bench.clock.name == "host"
    rounds = _QUICK_ROUNDS if setting.quick and not host else _ROUNDS
    if not setting.bench.has(Capability.OFFLINE):
        detail = Detail(unsupported="a session on a middleware that was started without a link")
        yield setting.measurement(
            experiment, Metric.LIFE_WRONG, [], conditions={**_CASES.get(each, {}), "rounds": rounds}, detail=detail
        )
        return
    begin = time.monotonic()
    seen = _rounds(setting, each, _QUICK_ROUNDS if host else rounds)
    if host and seen is not None:
        rounds = min(rounds, int(_QUICK_ROUNDS * _SECONDS / max(time.monotonic() - begin, 1e-6)))
        seen = _rounds(setting, each, rounds) if rounds > 2 * _QUICK_ROUNDS else seen
    if seen is None:
        detail = Detail(unsupported="calls of such a life")
        yield setting.measurement(
            experiment, Metric.LIFE_WRONG, [], conditions={**_CASES.get(each, {}), "rounds": rounds}, detail=detail
        )
        return
    conditions: dict[str, Scalar] = {**_CASES.get(each, {}), "rounds": seen.owed // _CALLBACKS[each]}
    yield setting.measurement(experiment, Metric.LIFE_WRONG, [_wrong(seen)], conditions=conditions, detail=seen)


def _rounds(setting: Setting, each: Rounds, rounds: int) -> LongLife | None:
    """So many rounds in a start of their own; None if the middleware does not have one of the calls."""
    program = ProgramBuilder()
    program.step(Step.START, _BUFFERS, 0, setting.mtu, setting.history, 0)
    program.step(Step.OPEN, _KEY, 0)
    _make(program, PARTICIPANT, 1, ("p", "", ""))
    if each is requests:
        for kind, id in ((REPLIER, 1), (REQUESTER, 2)):
            _make(program, kind, id, ("s", "Q", "R"))
    else:
        _make(program, TOPIC, 1, ("t", "T", ""))
        for kind in (PUBLISHER, SUBSCRIBER):
            _make(program, kind, 1)
        if each is latecomers:
            _make(program, DATAWRITER, 1, qos=_RELIABLE | _TRANSIENT_LOCAL, depth=_KEPT)
            program.step(Step.PUBLISH, 0, DATAWRITER << 12 | 1, _PAYLOAD, 0, _KEPT)  # they hold buffers from now on
        else:
            _make(program, DATAWRITER, 1)
            for id in (1, 2) if each is samples else (1,):
                _make(program, DATAREADER, id)
    before = program.step(Step.STATISTICS)
    repeat = program.begin(Step.REPEAT, rounds)
    each(program)
    program.end(repeat)
    after = program.step(Step.STATISTICS)
    calls = {
        entry.number: entry
        for entry in setting.bench.run_program(program.words, timeout=_TIMEOUT)
        if isinstance(entry, Called)
    }
    if any(call.status == Status.UNSUPPORTED for call in calls.values()):
        return None
    return _detail(calls[repeat], calls[before], calls[after], owed=rounds * _CALLBACKS[each])


def _make(
    program: ProgramBuilder,
    kind: int,
    id: int,
    text: tuple[str, str, str] = ("", "", ""),
    *,
    qos: int = _RELIABLE,
    depth: int = 0,
) -> None:
    program.step(Step.CREATE, 0, kind, _BIN, 0, id, 1, 1, qos, depth, 1, 0, text=text)


def _detail(summary: Called, before: Called, after: Called, *, owed: int) -> LongLife:
    accepted, refused, misplaced, error = summary.value
    return LongLife(
        rounds=summary.status,
        owed=owed,
        heard=summary.sequence,
        damaged=summary.address,
        misplaced=misplaced,
        accepted=accepted,
        refused=refused,
        first_error=error - (1 << 32) if error >> 31 else error,
        buffers_leaked=before.value[0] - after.value[0],
        entities_leaked=after.value[1] - before.value[1],
    )


def _wrong(seen: LongLife) -> int:
    leaked = abs(seen.buffers_leaked) + abs(seen.entities_leaked)
    return abs(seen.owed - seen.heard) + seen.damaged + seen.misplaced + seen.refused + leaked

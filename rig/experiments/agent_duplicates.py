"""Whether a sample that was delivered inside the MCU comes a second time from the Agent, or is lost because of the
Agent.

Only a sample that crosses the link can come back. So one condition has a reader elsewhere, for which samples must cross
it. The control, firmware without shared memory, shows that an echo would be counted.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace

from rig.bench import SUBSCRIBER, Capability, Entity, Exchange, Refused, Topology, payload
from rig.experiments._experiment import Experiment
from rig.experiments._refusals import NO_SECOND
from rig.records import Detail, Measurement, Metric, Scalar
from rig.records.vocabulary import Crossing
from rig.station import Link, RemoteReader, Setting

_SAMPLES = 40
_FEW = 4
_READERS = 2
_PAYLOAD = 64
_TOPIC = ("rt/rig", "std_msgs::msg::dds_::ByteMultiArray_")
_MORE = 0x7E  # id of an entity that nobody needs
_EDGE = 24  # bytes; more than the heads of a message, a fragment and a sample
_LATE = 0.5  # seconds of a link at rest in which a duplicate may still come
_CHANGE_LIMIT = 15.0
_CHANGE_SPIN = 0.05
_ATTEMPTS = 3
_REST = 2.0
STEADY, RESTARTED, SILENT, REMOTE, LEFT = "steady", "restarted", "silent", "with a reader elsewhere", "that reader gone"
FROM_AFAR = "with a writer elsewhere"
_KNOWN_AGAIN = 20.0  # seconds until a restarted Agent knows the board again, at most
_AFAR_STEP = 0.2


@dataclass(kw_only=True)
class _Case:
    """One board with its link and its entities, and what has been published so far: ``first`` is the next sample's
    number, ``lengths`` those of the earlier ones, by number. ``most``: bytes in a sample.
    """

    setting: Setting
    link: Link
    topology: Topology
    sessions: int
    most: int
    first: int = 1
    lengths: dict[int, int] = field(default_factory=dict)

    def publish(self, count: int = _SAMPLES, *, length: int = _PAYLOAD) -> Exchange:
        """The next samples, each to every reader."""
        first, self.first = self.first, self.first + count
        self.lengths |= dict.fromkeys(range(first, self.first), length)
        return self.setting.bench.exchange(
            session=self.topology.session,
            writer=self.topology.writer,
            count=count,
            length=length,
            readers=_READERS,
            first=first,
            deadline=3.0,
        )

    def publish_numbered(self, count: int = _SAMPLES, *, length: int = _PAYLOAD) -> tuple[Exchange, int]:
        """The same, with the number of the first."""
        first = self.first
        return self.publish(count, length=length), first

    def read(self, reader: RemoteReader) -> list[bytes]:
        """Payloads that a reader elsewhere was sent, without what this middleware puts before each."""
        envelope = self.setting.bench.configuration().get("envelope", 0)
        assert isinstance(envelope, int)
        return [sample[envelope:] for sample in reader.samples()]

    def figures(self, agent: str, values: Mapping[Metric, int], detail: Crossing) -> Iterator[Measurement]:
        """Measurements of one condition."""
        for metric, value in values.items():
            yield self.setting.measurement(
                "agent-duplicates",
                metric,
                [value],
                conditions=_conditions(self.sessions, agent),
                detail=detail,
                exact=False,
            )


def measure(setting: Setting) -> Iterator[Measurement]:
    """In one session and from one to another: beside an Agent that stays, that was restarted, that falls silent, and
    while a reader elsewhere comes and goes.
    """
    if setting.link is None:
        return
    if setting.path != "shm":
        yield from _beside(_case(setting, setting.link, 1), STEADY)
        return
    for sessions in (1, 2):
        try:
            case = _case(setting, setting.link, sessions)
        except Refused as error:
            if sessions == 1 or error.status not in NO_SECOND:
                raise
            yield _not_possible(setting, sessions, STEADY, error.message)
            continue
        yield from _beside(case, STEADY)
        # Silent: what is published meanwhile may come out when it is back. Restarted: it knows nothing of us, which a
        # Client that sends nothing finds out late.
        if sessions == 1 or not setting.quick:
            yield from _beside(case, SILENT)
            yield from _beside(case, RESTARTED)
        again = (yield from _known_again(case)) if sessions == 1 else False
        yield from _elsewhere(case if again else _case(setting, setting.link, sessions))


def _conditions(sessions: int, agent: str) -> dict[str, Scalar]:
    return {"payload_bytes": _PAYLOAD, "readers": _READERS, "agent": agent, "sessions": sessions}


def _not_possible(setting: Setting, sessions: int, agent: str, why: str) -> Measurement:
    return setting.measurement(
        "agent-duplicates",
        Metric.SAMPLES_DOUBLED,
        [],
        conditions=_conditions(sessions, agent),
        detail=Detail(unsupported=why),
        exact=False,
    )


def _not_seen(case: _Case, why: str) -> Measurement:
    return case.setting.measurement(
        "agent-duplicates",
        Metric.REMOTE_LOST,
        [],
        conditions=_conditions(case.sessions, REMOTE),
        detail=Detail(missing=why),
        exact=False,
    )


def _case(setting: Setting, link: Link, sessions: int) -> _Case:
    """The writer and its readers in one session, or the readers in another one.

    :raises Refused: the middleware has no room for that.
    """

    pool, topology = setting.begin(buffers=8, readers=_READERS, sessions=sessions)
    setting.settle()
    return _Case(setting=setting, link=link, topology=topology, sessions=sessions, most=pool.buffer_bytes)


def _lengths(case: _Case) -> list[int]:
    """Payloads of every kind that a link knows: odd ones, those about as long as a message, and such that the last of
    two fragments is about full.
    """
    mtu = case.setting.mtu
    if case.setting.quick and case.sessions > 1:
        return []
    lengths = [5, 61, 62, 63]
    if case.setting.quick:  # heads with and without a client key, and framing
        lengths += [*range(mtu - 20, mtu - 8), *range(2 * mtu - 44, 2 * mtu - 24)]
    else:
        lengths += [*range(mtu - _EDGE, mtu), *range(2 * mtu - 2 * _EDGE, 2 * mtu), 3 * mtu + 1, 4096]
    return [length for length in lengths if length <= case.most]


def _beside(case: _Case, agent: str) -> Iterator[Measurement]:
    if agent == RESTARTED:
        case.link.restart_agent()
        if case.setting.bench.has(Capability.OFFLINE):
            # A Client that hears nothing may ask late whether its Agent is there: an entity more makes it do so now.
            more = Entity(kind=SUBSCRIBER, id=_MORE, parent=1)
            with suppress(Refused):
                case.setting.bench.create(case.topology.session, more, timeout=0.0)
        case.setting.bench.spin(timeout=0.3)
    before = case.link.traffic()
    if agent == SILENT:
        case.link.cut()
    try:
        seen = case.publish()
    finally:
        if agent == SILENT:
            case.link.restore()
    case.setting.settle()
    late = case.setting.bench.spin(timeout=_LATE)
    after = case.link.traffic()
    values = _local(seen, late) | {Metric.DATA_ECHOED: after.data_received - before.data_received}
    values[Metric.DATA_SENT] = after.data_sent - before.data_sent
    yield from case.figures(agent, values, _detail(case, seen, late))


def _local(seen: Exchange, late: int) -> dict[Metric, int]:
    """What the readers on the MCU got too often, and what they did not get."""
    got = Counter((record.reader, record.sequence) for record in seen.deliveries)
    refused = {record.sequence for record in seen.refusals}
    return {
        Metric.SAMPLES_DOUBLED: sum(n - 1 for n in got.values()) + late,
        # A publish can say that it failed although readers have the sample: those are none of the accepted ones.
        Metric.SAMPLES_LOST: _READERS * seen.accepted - sum(sequence not in refused for _, sequence in got),
    }


def _detail(case: _Case, seen: Exchange, late: int, *, sent: int | None = None) -> Crossing:
    return Crossing(
        accepted=seen.accepted, refused=seen.refused, late=late, cooperative=case.link.cooperative, sent=sent
    )


def _known_again(case: _Case) -> Generator[Measurement, None, bool]:
    """A writer elsewhere at the restarted Agent: it reaches the readers here once the board has told the new Agent what
    it has, and what its readers want. Returns whether it did.
    """
    bench, link = case.setting.bench, case.link
    ends = link.remote_ends() if link.ours and bench.has(Capability.OFFLINE) else None
    if ends is None or bench.configuration().get("envelope"):
        return False
    got: Counter[tuple[int, int]] = Counter()
    sent: list[int] = []

    def send() -> None:
        sent.append(case.setting.fresh_sequence())
        ends.publish(_TOPIC, [payload(sent[-1], _PAYLOAD)])

    def hear(seconds: float) -> None:
        got.update((each.reader, each.sequence) for each in bench.deliver(timeout=seconds))

    with closing(ends):
        ends.come(_TOPIC, writes=True)
        end = time.monotonic() + _KNOWN_AGAIN
        while len({reader for reader, _ in got}) < _READERS and time.monotonic() < end:
            send()
            hear(_AFAR_STEP)
        for _ in range(_FEW):
            send()
        end = time.monotonic() + _KNOWN_AGAIN
        owed = {(reader, number) for reader in case.topology.readers for number in sent[-_FEW:]}
        while not owed <= got.keys() and time.monotonic() < end:
            hear(_AFAR_STEP)
        case.setting.settle()
        hear(_LATE / 4)
        ends.go(_TOPIC, writes=True)
    lost, doubled = len(owed - got.keys()), sum(count - 1 for count in got.values())
    values = {Metric.SAMPLES_DOUBLED: doubled, Metric.SAMPLES_LOST: lost, Metric.DATA_ECHOED: 0, Metric.DATA_SENT: 0}
    yield from case.figures(FROM_AFAR, values, Crossing(accepted=_FEW, cooperative=link.cooperative))
    return not lost


def _elsewhere(case: _Case) -> Iterator[Measurement]:
    """A reader at the Agent that is not on this MCU: it comes while samples are published, is there, and goes."""
    for _ in range(_ATTEMPTS):
        reader = case.link.remote_reader(_TOPIC)
        if reader is None:
            why = "this Agent serves the board's line and nobody else"
            yield _not_possible(case.setting, case.sessions, REMOTE, why)
            return
        figures = list(_with(case, reader))
        if figures:
            break
    else:
        yield _not_seen(case, "the Agent confirmed the reader elsewhere before the board knew of it")
        return
    yield from figures
    if case.sessions == 1 or not case.setting.quick:
        _until_gone(case)
        yield from _beside(case, LEFT)


def _with(case: _Case, reader: RemoteReader) -> Iterator[Measurement]:
    """While the reader comes and is there; nothing if the Agent confirmed it before the board knew of it."""
    before, unheard = case.link.traffic(), case.link.unheard
    with reader:
        coming = _until_ready(case, reader)
        if case.link.unheard > unheard:
            return
        sent = case.link.traffic().data_sent
        there = case.publish_numbered()
        owed = _accepted([there])
        late = _until_read(case, reader, owed)
        steady = case.link.traffic().data_sent - sent
        others = [case.publish_numbered(1, length=length) for length in _lengths(case)]
        owed |= _accepted(others)
        late += _until_read(case, reader, owed)
        after = case.link.traffic()
        read = case.read(reader)
    whole = [number for number, sample in _numbered(read) if sample == payload(number, case.lengths.get(number, 0))]
    seen = [_local(exchange, 0) for exchange, _ in coming + others] + [_local(there[0], late)]
    values = {metric: sum(each[metric] for each in seen) for metric in seen[0]}
    values[Metric.DATA_ECHOED] = after.data_received - before.data_received
    values[Metric.DATA_SENT] = after.data_sent - before.data_sent
    detail = replace(_detail(case, there[0], late, sent=steady), damaged=len(read) - len(whole))
    yield from case.figures(REMOTE, values | _read(read, set(whole), _accepted(coming), owed), detail)


def _until_ready(case: _Case, reader: RemoteReader) -> list[tuple[Exchange, int]]:
    """Publish until the reader is there; our Agent waits a little with its confirmation until the board knows of it.

    Returns the exchanges, each with its first sample's number.
    """
    made: list[tuple[Exchange, int]] = []
    while not reader.ready:  # which is an error when it takes too long
        made.append(case.publish_numbered(_FEW))
        case.setting.bench.spin(timeout=_CHANGE_SPIN)
    return made


def _until_gone(case: _Case) -> None:
    """Publish until no sample is sent any more: when the board hears that the reader has left is the Agent's affair.
    One that goes on sending does so in the measured samples too.
    """
    end = time.monotonic() + _CHANGE_LIMIT
    while time.monotonic() < end:
        case.setting.settle()
        before = case.link.traffic().data_sent
        case.publish()
        case.setting.bench.spin(timeout=_CHANGE_SPIN)
        if case.link.traffic().data_sent == before or not case.link.cooperative:
            break
    case.setting.settle()


def _until_read(case: _Case, reader: RemoteReader, owed: set[int]) -> int:
    """Spin until all that is owed was read, or the link has been at rest for so long that no more can come.

    Returns what else the readers here were given meanwhile.
    """
    late, quiet_since, sent = 0, time.monotonic(), -1
    while not owed <= _numbers(case.read(reader)).keys() and time.monotonic() - quiet_since < _REST:
        late += case.setting.bench.spin(timeout=_LATE / 4)
        if sent != (now := case.link.traffic().total_bytes):
            sent, quiet_since = now, time.monotonic()
    case.setting.settle()
    return late + case.setting.bench.spin(timeout=_LATE / 4)


def _numbered(samples: list[bytes]) -> list[tuple[int, bytes]]:
    """Samples with the numbers in them, without those that are too short for one."""
    return [(int.from_bytes(sample[:4], "little"), sample) for sample in samples if len(sample) >= 4]


def _numbers(samples: list[bytes]) -> Counter[int]:
    return Counter(number for number, _ in _numbered(samples))


def _accepted(made: Sequence[tuple[Exchange, int]]) -> set[int]:
    """Numbers of the samples that the publisher was not refused, of exchanges with their first samples' numbers."""
    tried = {number for seen, first in made for number in range(first, first + seen.accepted + seen.refused)}
    return tried - {record.sequence for seen, _ in made for record in seen.refusals}


def _read(read: list[bytes], whole: set[int], coming: set[int], there: set[int]) -> dict[Metric, int]:
    """What the reader elsewhere was owed and did not get: every sample since it was confirmed, and of those that were
    published while it came, every one after the first that it got.

    :param whole: numbers of those that came as they were published.
    """
    numbers = _numbers(read)
    begin = min(numbers, default=0)
    owed = there | {number for number in coming if begin and number >= begin}
    return {Metric.REMOTE_LOST: len(owed - whole), Metric.REMOTE_DOUBLED: sum(n - 1 for n in numbers.values())}


EXPERIMENT = Experiment(
    id="agent-duplicates", title="samples that come back from the Agent", measure=measure, needs_agent=True
)

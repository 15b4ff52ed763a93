"""The ideal middleware: does what the specification says, in the simplest way where that leaves a choice.

It gives the expected result of a sequence, for people to compare with the actual one. It gives the generator the state
before the next call. The specification is tested on it: whatever one calls, it breaks no promise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rig.model._holders import holders
from rig.model._operations import (
    Ask,
    Cancel,
    Close,
    Create,
    Delete,
    Drop,
    Elsewhere,
    End,
    Form,
    InCallback,
    Join,
    Keep,
    Kind,
    Loan,
    Mode,
    Open,
    Operation,
    Publish,
    Remote,
    Renew,
    Repeat,
    Reply,
    Restart,
    Send,
    Sent,
    Sequence,
    Spin,
    Topic,
)
from rig.model._promise import Breach, status_word
from rig.model._world import NO_BUFFER, OK, REPLY_HEAD, TOO_LARGE, Endpoint, Entry, Limits, World

STATE = -10
UNKNOWN = -6
REFUSED = -9
MISMATCH = -11
_FIRST_REQUEST = 10


def names_of(create: Create, topics: tuple[Topic, ...]) -> Topic:
    """The names by which an endpoint matches. Only an Agent can resolve a REF, so a REF matches only itself."""
    topic = topics[create.topic]
    return Topic(topic.name, "(by reference)") if create.form is Form.REF else topic


def missing_holders(world: World, create: Create) -> list[tuple[int, int]]:
    """Those of ``holders`` that do not exist."""
    return [holder for holder in holders(create) if (create.end.session, *holder) not in world.groups]


@dataclass(frozen=True, slots=True)
class Numbered:
    """An operation with the number of its first sample; ``index``: of the sequence's operation that it belongs to."""

    operation: Operation
    index: int
    first: int
    inner: tuple[Numbered, ...] = ()

    @property
    def samples(self) -> int:
        """How many sample numbers it uses, inner operations included."""
        operation = self.operation
        if isinstance(operation, Publish | Sent):
            return operation.count
        if isinstance(operation, Loan):
            return 1
        inner = sum(each.samples for each in self.inner)
        return inner * operation.times if isinstance(operation, Repeat) else inner


def number(operation: Operation, index: int, first: int) -> Numbered:
    """Number the samples of an operation, in the order of reading."""
    inner: list[Numbered] = []
    if isinstance(operation, InCallback | Elsewhere | Repeat):
        at = first
        for each in operation.operations:
            inner.append(number(each, index, at))
            at += inner[-1].samples
    return Numbered(operation, index, first, tuple(inner))


def number_all(sequence: Sequence, first: int = 1) -> list[Numbered]:
    """All operations of a sequence, numbered."""
    found: list[Numbered] = []
    for index, operation in enumerate(sequence.operations):
        found.append(number(operation, index, first))
        first += found[-1].samples
    return found


@dataclass(frozen=True, slots=True)
class Expected:
    """One thing that must happen: a call with its result, or a callback. ``index``: of its operation."""

    index: int
    text: str


@dataclass(slots=True)
class _Kept:
    replier: Endpoint
    asker: Endpoint
    number: int
    length: int
    request: int


class Ideal:
    """Runs operations on a perfect middleware. ``log``: what happened, if ``logs`` is set; ``breaches``: must stay
    empty.
    """

    def __init__(self, sequence: Sequence, limits: Limits | None = None, *, logs: bool = False) -> None:
        self.logs = logs
        self.sequence = sequence
        self.world = World(sequence.buffers, sequence.buffer_bytes, limits=limits, link=sequence.link)
        self.log: list[Expected] = []
        self.breaches: list[Breach] = []
        self.calls = 0
        self.refused = 0
        self.callbacks = 0
        self.kept: list[_Kept] = []
        self.next_number = 1
        self._next_index = 0
        self._next_request = _FIRST_REQUEST
        self._keeps = False
        self._hooks: dict[int, list[Numbered]] = {}
        self._young = False
        self._elsewhere = False

    def apply(self, operation: Operation) -> None:
        """Run the next operation of the sequence."""
        numbered = number(operation, self._next_index, self.next_number)
        self._next_index += 1
        self.next_number += numbered.samples
        self.run(numbered)

    @property
    def hooks(self) -> int:
        """Actions that still wait for a callback."""
        return sum(len(actions) for actions in self._hooks.values())

    def run(self, numbered: Numbered) -> None:
        """Run one numbered operation."""
        match numbered.operation:
            case Open(_, domain):
                status = self._vacant_session()
                self._called(numbered, status, self.world.opened(status, domain), "open")
            case Close(session):
                self._called(numbered, OK, self.world.closed(session, OK), "close")
            case Create() as many:
                for create in many.each():
                    self._create(numbered, create)
            case Delete(end):
                status = OK if end in self.world.ends else UNKNOWN
                self._called(numbered, status, self.world.deleted(end, status), "delete")
            case Drop() as drop:
                self._called(numbered, OK, self.world.dropped(drop, OK), "delete")
            case Renew() as renew:
                status = OK if renew.mode else REFUSED
                self._called(numbered, status, self.world.renewed(renew, status), "create")
            case Publish(end, length, count):
                for place in range(count):
                    self._publish(numbered, end, numbered.first + place, length)
            case Loan(end, length):
                status = self._loan_status(end, length)
                breach = self.world.loaned(end, numbered.first, length, None, status)
                self._called(numbered, status, breach, f"loan of sample {numbered.first}")
            case Send(end):
                status = self._send_status(end)
                writer = self.world.ends.get(end)
                sample = writer.loan.number if writer is not None and writer.loan is not None else 0
                breach = self.world.sent(end, status, young=self._young)
                self._called(numbered, status, breach, f"send of sample {sample}")
            case _:
                self._run_rest(numbered)

    def _run_rest(self, numbered: Numbered) -> None:
        match numbered.operation:
            case Cancel(end):
                writer = self.world.ends.get(end)
                status = OK if writer is not None and writer.loan is not None else STATE
                self._called(numbered, status, self.world.cancelled(end, status), "cancel")
            case Keep(keep):
                self._keeps = keep
            case Reply(count):
                for _ in range(min(count, len(self.kept))):
                    self._reply(numbered, self.kept.pop(0))
            case Spin(timeout_ms, count):
                for _ in range(count):
                    got = self._deliver(numbered)
                    self._called(numbered, got, self.world.spun(timeout_ms, 0, got), "spin")
            case Repeat():
                for inner in numbered.inner:
                    self.run(inner)
            case _:
                self._run_beside(numbered)

    def _run_beside(self, numbered: Numbered) -> None:
        """What other contexts and callbacks do; and others at the Agent, who may bring something: here they do not."""
        match numbered.operation:
            case InCallback(callback):
                self._hooks.setdefault(self.callbacks + callback, []).append(numbered)
            case Elsewhere():
                self._elsewhere = True
                self.world.elsewhere = True
                for inner in numbered.inner:
                    self.run(inner)
                self._elsewhere = False
            case Join():
                self.world.joined()
            case Restart():
                self.world.restarted()
            case Remote(kind, topic, there):
                self.world.elsewhere_came(kind, self.sequence.topics[topic], there=there)
            case Ask(end):
                self.world.asked(end)

    def _called(self, numbered: Numbered, status: int, breach: Breach | None, what: str) -> None:
        self.calls += 1
        self.refused += status < 0
        if self.logs:
            counts = what in ("open", "spin")  # an index, and callbacks made
            self.log.append(Expected(numbered.index, f"{what}: {status_word(status, counts=counts)}"))
        if breach is not None:
            self.breaches.append(breach)

    def _vacant_session(self) -> int:
        sessions = self.world.sessions
        vacant = next((i for i, open_ in enumerate(sessions) if not open_), len(sessions))
        return vacant if vacant < self.world.limits.sessions else -5

    def _create(self, numbered: Numbered, create: Create) -> None:
        session = create.end.session
        missing = missing_holders(self.world, create)
        if missing and self._young:
            breach = self.world.created(create, names_of(create, self.sequence.topics), UNKNOWN, held=False)
            self._called(numbered, UNKNOWN, breach, "create")
            return
        for kind, id in missing:
            breach = self.world.group_created(session, kind, id, OK)
            self._called(numbered, OK, breach, "create")
        status = self._create_status(create)
        breach = self.world.created(create, names_of(create, self.sequence.topics), status, young=self._young)
        self._called(numbered, status, breach, "create")

    def _create_status(self, create: Create) -> int:
        world = self.world
        there = create.end in world.ends
        names = names_of(create, self.sequence.topics)
        if not there or world.replaces(create, names):
            return OK
        if Mode.REUSE not in create.mode:
            return REFUSED
        return OK if world.created(create, names, OK) is None else MISMATCH

    def _loan_status(self, end: End, length: int) -> int:
        writer = self.world.ends.get(end)
        if writer is None:
            return UNKNOWN
        if writer.loan is not None:
            return STATE
        if length > self.world.buffer_bytes:
            return TOO_LARGE
        return OK if self.world.has_room() else NO_BUFFER

    def _send_status(self, end: End) -> int:
        writer = self.world.ends.get(end)
        if writer is None or writer.loan is None:
            return STATE
        if writer.end.kind is not Kind.REQUESTER:
            return OK
        if not writer.readers:
            return STATE
        self._next_request += 1
        return self._next_request

    def _publish(self, numbered: Numbered, end: End, sample: int, length: int) -> None:
        status = self._loan_status(end, length)
        if status == OK and end.kind is Kind.REQUESTER:
            if self.world.ends[end].readers:
                self._next_request += 1
                status = self._next_request
            else:
                status = STATE
        breach = self.world.published(end, sample, length, None, status, young=self._young, concurrent=self._elsewhere)
        self._called(numbered, status, breach, f"publish of sample {sample}")

    def _deliver(self, numbered: Numbered) -> int:
        """Everything that waits now, oldest first, each sample to its readers in the order of their creation."""
        before = self.callbacks
        waiting = {entry.sample: None for reader in self.world.ends.values() for entry in reader.queue}
        for sample in sorted(waiting, key=lambda each: each.order):
            for reader in list(self.world.ends.values()):
                entry = next((e for e in reader.queue if e.sample is sample), None)
                if entry is not None and not entry.young and self.world.ends.get(reader.end) is reader:
                    self._hand_over(numbered, reader, entry)
        return self.callbacks - before

    def _hand_over(self, numbered: Numbered, reader: Endpoint, entry: Entry) -> None:
        sample = entry.sample
        self.callbacks += 1
        breach = self.world.delivered(
            reader.end, sample.number, sample.length, whole=True, address=None, request=sample.request
        )
        if self.logs:
            words = f"callback of {reader.end}: sample {sample.number}, {sample.length} B"
            self.log.append(Expected(numbered.index, words))
        if breach is not None:
            self.breaches.append(breach)
        self._young, before = True, self._young
        if reader.end.kind is Kind.REPLIER:
            asker = sample.writer
            kept = _Kept(reader, asker, sample.number, sample.length, sample.request)
            if self._keeps:
                self.kept.append(kept)
            else:
                self._reply(numbered, kept)
        for action in self._hooks.pop(self.callbacks, ()):
            for inner in action.inner:
                self.run(inner)
        self._young = before

    def _reply(self, numbered: Numbered, kept: _Kept) -> None:
        world = self.world
        there = kept.replier.end in world.ends and world.ends.get(kept.asker.end) is kept.asker
        status = OK if there else UNKNOWN
        if there and kept.length + REPLY_HEAD > world.buffer_bytes:
            status = TOO_LARGE
        elif there and not world.has_room():
            status = NO_BUFFER
        breach = world.replied(
            kept.replier.end,
            kept.number,
            kept.length,
            status,
            asker=kept.asker if there else None,
            request=kept.request,
            young=self._young,
        )
        self._called(numbered, status, breach, f"reply to sample {kept.number}")


def predict(sequence: Sequence, limits: Limits | None = None) -> Iterator[Expected]:
    """What must happen when a sequence is run and in the spins after it, in order."""
    ideal = Ideal(sequence, limits, logs=True)
    for operation in sequence.operations:
        ideal.apply(operation)
    ideal.apply(Join())
    index = len(sequence.operations)
    before = len(ideal.log)
    for _ in range(3):
        ideal.apply(Spin())
    yield from ideal.log[:before]
    yield from (Expected(index, line.text) for line in ideal.log[before:])

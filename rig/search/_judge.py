"""Checks the entries that a program left against the model, call by call, until a promise is broken.

Knows entries and the model. Must not know which claim a promise belongs to, nor where the entries come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rig.bench import Called, Context, Heard, Step
from rig.errors import RigError
from rig.model import (
    Ask,
    Breach,
    Cancel,
    Close,
    Create,
    Delete,
    Drop,
    Elsewhere,
    End,
    Family,
    Ideal,
    InCallback,
    Kind,
    Limits,
    Loan,
    Numbered,
    Open,
    Operation,
    Promise,
    Publish,
    Remote,
    Renew,
    Repeat,
    Restart,
    Sample,
    Send,
    Sent,
    Spin,
    World,
    missing_holders,
    names_of,
    status_word,
)
from rig.search._lower import Call, Lowered

_UNSUPPORTED = -2
_OUTSIDE = 0x80000000  # an address of the native firmware that is no offset in the shared file
_WHOLE_WORD = 4
_OPERATION_OF: dict[int, type | tuple[type, ...]] = {
    Step.PUBLISH: Publish,
    Step.SPIN: Spin,
    Step.CREATE: (Create, Renew),
    Step.LOAN: Loan,
    Step.SEND: Send,
    Step.CANCEL: Cancel,
    Step.OPEN: Open,
    Step.CLOSE: Close,
    Step.REPEAT: Repeat,
    Step.ELSEWHERE: Elsewhere,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Wreck:
    """What firmware left that died in a sequence: the directory of the ``evidence``, and in words the ``place`` where
    it stood and the ``backtrace``; empty where nothing is known.
    """

    evidence: str = ""
    place: str = ""
    backtrace: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a sequence. ``unsupported``: a call that the middleware does not have; the calls after it are not
    checked. ``unjudged``: why the model cannot check the sequence. ``died``: how the firmware died before the end, in
    the board's words; ``wreck``: what was kept of it.

    ``came``: what happened, as (index of the operation, words), in order.
    """

    breach: Breach | None = None
    unsupported: str = ""
    unjudged: str = ""
    finished: bool = True
    died: RigError | None = field(default=None, compare=False)
    wreck: Wreck | None = field(default=None, compare=False)
    came: tuple[tuple[int, str], ...] = field(default=(), compare=False)


def judge(
    lowered: Lowered,
    records: Sequence[Called | Heard],
    *,
    limits: Limits,
    loans: bool = True,
    tells_free: bool = True,
    knows: bool = True,
    narrate: bool = False,
) -> Outcome:
    """Check the entries of one program against the model.

    :param limits: table sizes that the middleware reports.
    :param loans: whether readers get a sample at the address that was lent to the writer (``RIG_MW_CAP_LOAN``).
    :param tells_free: whether the middleware's statistics have the number of free buffers.
    :param knows: whether the middleware knows without an Agent which entities exist (``RIG_MW_CAP_OFFLINE``).
    :param narrate: describe what happened in words, for people.
    """
    world = World(
        lowered.calls.buffers,
        lowered.calls.buffer_bytes,
        limits=limits,
        loans=loans,
        link=lowered.calls.link,
        knows=knows,
        pooled=tells_free,
    )
    return _Judge(lowered, world, tells_free=tells_free, narrate=narrate).run(records)


class _Judge:
    def __init__(self, lowered: Lowered, world: World, *, tells_free: bool, narrate: bool) -> None:
        self.lowered = lowered
        self.world = world
        self.topics = lowered.calls.topics
        self.tells_free = tells_free
        self.asked: list[tuple[End, Sample]] = []
        self.woken_after: int | None = None
        self.callbacks = 0
        self.hooks: list[int] = []  # callbacks that something is to be done in
        self.unjudged = ""
        self.refused = ""
        self.finished = False
        self.narrates = narrate
        self.came: list[tuple[int, str]] = []

    def run(self, records: Sequence[Called | Heard]) -> Outcome:
        index = -1
        for at, record in enumerate(records):
            call = self.lowered.steps.get(record.number)
            index = call.numbered.index if call is not None else index
            if self.narrates:
                self._tell(index, record)
            if isinstance(record, Called) and record.status == _UNSUPPORTED:
                return Outcome(unsupported=self._what(call), came=tuple(self.came))
            breach = self._heard(record) if isinstance(record, Heard) else self._called(record, call, records, at)
            if self.refused:
                return Outcome(unsupported=self.refused, came=tuple(self.came))
            if breach is not None and not self.unjudged:
                found = Breach(breach.promise, breach.family, breach.expected, breach.seen, index)
                return Outcome(breach=found, came=tuple(self.came))
            if unjudged := self.unjudged or self.world.unsure:
                return Outcome(unjudged=unjudged, came=tuple(self.came))
        return Outcome(finished=self.finished, came=tuple(self.came))

    # ---- callbacks

    def _heard(self, heard: Heard) -> Breach | None:
        kind = Kind.READER if not heard.service else Kind.REQUESTER if heard.request else Kind.REPLIER
        end = End(heard.session, kind, heard.reader)
        self.callbacks += 1
        number = self._resolve(end, heard)
        if kind is Kind.REPLIER:
            replier = self.world.ends.get(end)
            for entry in replier.queue if replier is not None else ():
                if entry.sample.number == number:
                    self.asked.append((end, entry.sample))
                    break
        return self.world.delivered(
            end,
            number,
            heard.length,
            whole=heard.wrong < 0,
            address=heard.address,
            request=heard.request,
            local=heard.local,
        )

    def _resolve(self, end: End, heard: Heard) -> int:
        """The number of a sample whose payload is too short to hold all of it: the one that lies there, or the oldest
        that it can be.
        """
        if heard.length >= _WHOLE_WORD:
            return heard.sequence
        reader = self.world.ends.get(end)
        mask = (1 << 8 * heard.length) - 1

        def fits(sample: Sample) -> bool:
            return sample.number & mask == heard.sequence & mask and sample.length == heard.length

        waiting = [entry.sample for entry in (reader.queue if reader is not None else ()) if fits(entry.sample)]
        there = [sample for sample in waiting if sample.place == heard.address] or waiting
        if there:
            return there[0].number
        return max((n for n, sample in self.world.samples.items() if fits(sample)), default=heard.sequence)

    # ---- calls

    def _called(  # noqa: PLR0911, PLR0912 - one case a step
        self, called: Called, call: Call | None, records: Sequence[Called | Heard], at: int
    ) -> Breach | None:
        step = called.step
        if step == Step.START:
            return self._started(called)
        if called.number == self.lowered.last:
            self.finished = True
            return self.world.counted(called.value[0], called.value[1]) if self.tells_free else None
        if call is None or call.repeated:
            return None  # the record of the whole repetition says what there is to say
        world, numbered = self.world, call.numbered
        young = called.context == Context.CALLBACK
        operation = numbered.operation
        if not isinstance(operation, _OPERATION_OF.get(step, object)):
            self.unjudged = f"a record of {Step(step).name} where the program has {type(operation).__name__}"
            return None  # of a firmware that has lost its way; whether it goes on is asked elsewhere
        match step:
            case Step.PUBLISH:
                if called.context == Context.OTHER:
                    return None  # told when the other context was set going
                return self._published(called, operation, young=young)
            case Step.SPIN:
                return world.spun(
                    operation.timeout_ms,  # type: ignore[union-attr]
                    called.length,
                    called.status,
                    woken_after_ms=self.woken_after,
                )
            case Step.CREATE if isinstance(operation, Renew):
                return world.renewed(operation, called.status)
            case Step.CREATE:
                return self._created(called, call)
            case Step.LOAN:
                return world.loaned(
                    operation.end,  # type: ignore[union-attr]
                    called.sequence,
                    called.length,
                    self._place(called),
                    called.status,
                )
            case Step.SEND:
                return world.sent(operation.end, called.status, young=young)  # type: ignore[union-attr]
            case Step.CANCEL:
                return world.cancelled(operation.end, called.status)  # type: ignore[union-attr]
            case Step.REPLY:
                return self._replied(called, young=young)
            case Step.REPEAT:
                return self._repeated(called, numbered)
            case Step.ELSEWHERE:
                return self._set_going(numbered, records, at)
            case _:
                return self._came_or_went(called, operation)

    def _came_or_went(self, called: Called, operation: Operation) -> Breach | None:
        world = self.world
        match called.step:
            case Step.OPEN:
                if called.status >= 0 and called.status != operation.session:  # type: ignore[union-attr]
                    self.unjudged = "a session with another number than the calls after it use"
                return world.opened(called.status, operation.domain)  # type: ignore[union-attr]
            case Step.HOST:
                self._at_the_agent(operation, called)
            case Step.READ if isinstance(operation, Ask):
                world.asked(operation.end)
            case Step.IN_CALLBACK if isinstance(operation, InCallback):
                self.hooks.append(self.callbacks + operation.callback)
            case Step.CLOSE:
                return world.closed(operation.session, called.status)  # type: ignore[union-attr]
            case Step.DELETE if isinstance(operation, Delete):
                return world.deleted(operation.end, called.status)
            case Step.DELETE if isinstance(operation, Drop):
                return world.dropped(operation, called.status)
            case Step.JOIN:
                world.joined()
                self.woken_after = None
                if called.status < 0:
                    seen = "it was not through in time"
                    return Breach(Promise.ALIVE, Family.DEAD, "the other context publishes and ends", seen)
        return None

    def _at_the_agent(self, operation: Operation, called: Called) -> None:
        match operation:
            case Restart():
                self.world.restarted()
            case Remote(kind, topic, there):
                self.world.elsewhere_came(kind, self.topics[topic], there=there)
            case Sent(topic, length, count):
                first = self.lowered.steps[called.number].numbered.first
                for number in range(first, first + count):
                    self.world.sent_from_afar(self.topics[topic], number, length)

    def _started(self, called: Called) -> Breach | None:
        calls = self.lowered.calls
        if called.status < 0:
            self.refused = f"a start with {calls.buffers} buffers of {calls.buffer_bytes} B"
            return None
        if called.value[0] < calls.buffer_bytes:
            expected = f"buffers of {calls.buffer_bytes} B: the memory is cut into equal ones"
            return Breach(Promise.ROOM, Family.REFUSED, expected, f"they have {called.value[0]} B")
        return None

    def _place(self, called: Called) -> int | None:
        return called.address if called.status >= 0 else None

    def _published(self, called: Called, operation: Operation, *, young: bool) -> Breach | None:
        assert isinstance(operation, Publish)
        return self.world.published(
            operation.end, called.sequence, called.length, self._place(called), called.status, young=young
        )

    def _created(self, called: Called, call: Call) -> Breach | None:
        create = call.create
        assert create is not None
        if call.holder is not None:
            kind, id = call.holder
            return self.world.group_created(create.end.session, kind, id, called.status, text=call.text)
        held = not missing_holders(self.world, create)
        young = called.context == Context.CALLBACK
        return self.world.created(
            create, names_of(create, self.topics), called.status, held=held, young=young, text=call.text
        )

    def _replied(self, called: Called, *, young: bool) -> Breach | None:
        end = End(called.value[0] >> 12, Kind.REPLIER, called.value[0] & 0xFFF)
        mask = (1 << 8 * min(called.length, _WHOLE_WORD)) - 1
        for at, (replier, sample) in enumerate(self.asked):
            if replier == end and sample.number & mask == called.sequence & mask:
                del self.asked[at]
                asker = self.world.ends.get(sample.writer.end)
                there = asker if asker is sample.writer else None
                return self.world.replied(
                    end,
                    sample.number,
                    called.length,
                    called.status,
                    asker=there,
                    request=sample.request,
                    young=young,
                )
        return None

    def _set_going(self, numbered: Numbered, records: Sequence[Called | Heard], at: int) -> Breach | None:
        """What the other context will have published counts from now on as what may come."""
        operation = numbered.operation
        assert isinstance(operation, Elsewhere)
        self.world.elsewhere = True
        self.woken_after = operation.delay_ms
        ends = {number: call.numbered.operation for number, call in self.lowered.steps.items()}
        for record in records[at + 1 :]:
            if not isinstance(record, Called):
                continue
            if record.step == Step.JOIN:
                break
            if record.context == Context.OTHER:
                publish = ends.get(record.number)
                if not isinstance(publish, Publish):
                    self.unjudged = "a record of another context where the program has none"
                    return None
                breach = self.world.published(
                    publish.end,
                    record.sequence,
                    record.length,
                    self._place(record),
                    record.status,
                    concurrent=True,
                )
                if breach is not None:
                    return breach
        return None

    def _repeated(self, called: Called, numbered: Numbered) -> Breach | None:  # noqa: PLR0911 - one case a shortfall
        """Rounds that leave all as it was: what one comes to, as many times."""
        repeat = numbered.operation
        assert isinstance(repeat, Repeat)
        at_rest = not any(end.queue for end in self.world.ends.values())
        if not at_rest or any(hook > self.callbacks for hook in self.hooks):
            self.unjudged = "a repetition that does not begin at rest"
            return None
        ideal = Ideal(self.lowered.calls, self.world.limits)
        ideal.world = self.world
        for inner in numbered.inner:
            ideal.run(inner)
        accepted, refused, misplaced, first_error = called.value
        if called.status < repeat.times:
            seen = f"{called.status:,} came to their end"
            return Breach(Promise.ALIVE, Family.DEAD, f"{repeat.times:,} rounds", seen)
        if refused > ideal.refused * repeat.times:
            expected = f"{(ideal.calls - ideal.refused) * repeat.times:,} calls succeed"
            error = first_error - (1 << 32) if first_error >> 31 else first_error
            seen = f"{refused:,} were refused, the first with {status_word(error)}, after {accepted:,} that were not"
            promise = Promise.CREATED_AGAIN if _creates(repeat) else Promise.RETURNED
            return Breach(promise, Family.REFUSED, expected, seen)
        service = any(isinstance(o, Publish) and o.end.kind is Kind.REQUESTER for o in repeat.operations)
        due, heard = ideal.callbacks * repeat.times, called.sequence
        expected = f"{due:,} callbacks"
        if called.address:
            seen = f"{called.address:,} brought a damaged payload"
            return Breach(Promise.WHOLE, Family.DAMAGED, expected, seen)
        fewer_refused = refused < ideal.refused * repeat.times  # what need not be kept made room: more may come
        if heard != due and not (fewer_refused and heard > due):
            promise = Promise.ANSWERED if service else Promise.ACCEPTED_ARRIVES if heard < due else Promise.ONCE
            return Breach(promise, Family.LOST if heard < due else Family.EXTRA, expected, f"{heard:,} came")
        if misplaced:
            if service:
                seen = f"{misplaced:,} requests or replies had a wrong id, or came out of order"
                return Breach(Promise.ANSWERED, Family.EXTRA, expected, seen)
            seen = f"{misplaced:,} brought a sample that is not newer than the one before"
            return Breach(Promise.IN_ORDER, Family.DISORDER, expected, seen)
        return None

    # ---- words

    def _what(self, call: Call | None) -> str:
        return str(call.numbered.operation) if call is not None else "the start"

    def _tell(self, index: int, record: Called | Heard) -> None:
        if isinstance(record, Heard):
            kind = Kind.READER if not record.service else Kind.REQUESTER if record.request else Kind.REPLIER
            end = End(record.session, kind, record.reader)
            damage = f", wrong from byte {record.wrong} on" if record.wrong >= 0 else ""
            words = f"callback of {end}: sample {record.sequence}, {record.length} B at {record.address:#x}{damage}"
        else:
            step = Step(record.step).name.lower().replace("_", " ")
            counts = record.step in (Step.OPEN, Step.SPIN)
            words = f"{step}: {status_word(record.status, counts=counts)}"
            if record.step in (Step.PUBLISH, Step.LOAN, Step.SEND):
                words = f"{step} of sample {record.sequence}: {status_word(record.status)}"
                words += f", place {record.address:#x}" if record.status >= 0 else ""
            if record.step == Step.REPLY:
                words = f"reply to sample {record.sequence}: {status_word(record.status)}"
            if record.step == Step.SPIN and record.length:
                words += f", after {record.length} ms"
            if record.context:
                words += f" ({Context(record.context).name.lower()} context)"
        self.came.append((index, words))


def _creates(repeat: Repeat) -> bool:
    return any(isinstance(operation, Create) for operation in repeat.operations)

"""Translates a sequence into a program of the bench firmware, and a step's number back to its operation.

Knows both forms. Must not know the right result of a step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from rig.bench import ALL_SAMPLES, Capability, ProgramBuilder, Step, endpoint_xml, qos_bits, service_xml
from rig.model import (
    Ask,
    Cancel,
    Close,
    Create,
    Delete,
    Drop,
    Elsewhere,
    End,
    Form,
    Group,
    InCallback,
    Join,
    Keep,
    Kind,
    Link,
    Loan,
    Mode,
    Numbered,
    Open,
    Publish,
    Qos,
    Remote,
    Renew,
    Repeat,
    Reply,
    Restart,
    Send,
    Sent,
    Spin,
    Topic,
    holders,
    number_all,
    participant_of,
    topic_id,
)
from rig.model import Sequence as Calls

_PARTICIPANT, _TOPIC = 1, 2
_JOIN_MS = 2000
_LAST_SPINS = 3
_LINK_MTU, _LINK_HISTORY = 256, 4  # asked for at each start, also where there is no link
_OPEN_MS = 1000  # for an Agent's answer


@dataclass(frozen=True, slots=True)
class Call:
    """What a step does: an operation, or one part of it. ``create``: it creates this endpoint; ``holder``: it creates
    an entity that the endpoint needs (DDS-XRCE kind and id). ``text``: bytes of its names, each with its NUL.
    ``repeated``: it is inside a repeat, and leaves an entry only if it fails.
    """

    numbered: Numbered
    create: Create | None = None
    holder: tuple[int, int] | None = None
    text: int = 0
    repeated: bool = False


@dataclass(slots=True)
class Lowered:
    """A program's words, and the meaning of its steps. ``last``: number of the step whose entry is the last;
    ``samples``: how many sample numbers it uses.
    """

    calls: Calls
    words: list[int] = field(default_factory=list)
    steps: dict[int, Call] = field(default_factory=dict)
    last: int = 0
    samples: int = 0


def lower(calls: Calls, *, first: int, key: Callable[[], int], base: int = 0) -> Lowered:
    """Translate a sequence into a program.

    :param first: number of its first sample; no two samples on one board may have the same number.
    :param key: returns a new client key at each call.
    :param base: words of the programs before it in the same command.
    """
    return _Lowering(calls, key, base).run(first)


class _Lowering:
    def __init__(self, calls: Calls, key: Callable[[], int], base: int) -> None:
        self.calls = calls
        self.base = base
        self.key = key
        self.builder = ProgramBuilder()
        self.lowered = Lowered(calls)
        self.made: set[tuple[int, int, int]] = set()
        self.open: set[int] = set()
        self.domains: dict[int, int] = {}  # of the sessions' participants

    def run(self, first: int) -> Lowered:
        calls = self.calls
        bytes_ = calls.buffers * calls.buffer_bytes
        self.builder.step(Step.START, calls.buffers, bytes_, _LINK_MTU, _LINK_HISTORY, calls.link)
        numbered = number_all(calls, first)
        end = len(calls.operations)
        if has_company(calls):
            self._step(Numbered(Restart(), -1, 0), Step.HOST)  # the Agent that it wants
        for each in numbered:
            self._operation(each)
        if any(isinstance(operation, Elsewhere) for operation in calls.operations):
            self._step(Numbered(Join(), end, 0), Step.JOIN, _JOIN_MS)
        self._step(Numbered(Spin(count=_LAST_SPINS), end, 0), Step.SPIN, 0, _LAST_SPINS)
        if has_company(calls):
            self._step(Numbered(Restart(), end, 0), Step.HOST)  # the one that all others want
        self.lowered.last = self.base + self.builder.step(Step.STATISTICS)
        self.lowered.samples = sum(each.samples for each in numbered)
        self.lowered.words = self.builder.words
        return self.lowered

    def _step(self, numbered: Numbered, step: Step, *arguments: int, text: Sequence[str] = ()) -> None:
        self.lowered.steps[self.base + self.builder.step(step, *arguments, text=text)] = Call(numbered)

    def _operation(self, numbered: Numbered) -> None:  # noqa: PLR0912 - one case a call
        match numbered.operation:
            case Open(session, domain):
                self.domains[session] = domain
                self.made = {each for each in self.made if each[0] != session or session in self.open}
                self.open.add(session)
                self._step(numbered, Step.OPEN, self.key(), _OPEN_MS if self.calls.link else 0)
            case Close(session):
                self.open.discard(session)
                self.made = {each for each in self.made if each[0] != session}
                self._step(numbered, Step.CLOSE, session, 0)
            case Create() as many:
                for create in many.each():
                    self._create(numbered, create)
            case Delete(end):
                self._step(numbered, Step.DELETE, end.session, end.kind, end.id, 0)
            case Drop(session, group, participant):
                self._empty(session, group, participant)
                self.made.discard((session, group, participant))
                self._step(numbered, Step.DELETE, session, group, participant, 0)
            case Renew(session, group, mode, participant):
                if mode == Mode.REPLACE:
                    self._empty(session, group, participant)
                self._group(numbered, session, (group, participant), participant, mode=mode)
            case Publish(end, length, count):
                self._step(numbered, Step.PUBLISH, end.session, _word(end), length, numbered.first, count)
            case Loan(end, length):
                self._step(numbered, Step.LOAN, end.session, _word(end), length, numbered.first)
            case Send(end):
                self._step(numbered, Step.SEND, end.session, _word(end))
            case Cancel(end):
                self._step(numbered, Step.CANCEL, end.session, _word(end))
            case Keep(keep):
                self._step(numbered, Step.KEEP, keep)
            case Reply(count):
                self._step(numbered, Step.REPLY, count)
            case Spin(timeout_ms, count):
                self._step(numbered, Step.SPIN, timeout_ms, count)
            case Link(state):
                self._step(numbered, Step.LINK, state)
            case Restart() | Remote() | Sent():
                self._step(numbered, Step.HOST)
            case Ask(end):
                self._step(numbered, Step.READ, end.session, end.id, ALL_SAMPLES)
            case Join():
                self._step(numbered, Step.JOIN, _JOIN_MS)
            case InCallback(callback):
                self._nested(numbered, Step.IN_CALLBACK, callback)
            case Elsewhere(_, delay_ms):
                self._nested(numbered, Step.ELSEWHERE, delay_ms)
            case Repeat(times):
                self._nested(numbered, Step.REPEAT, times)

    def _nested(self, numbered: Numbered, step: Step, argument: int) -> None:
        number = self.builder.begin(step, argument)
        self.lowered.steps[self.base + number] = Call(numbered)
        for inner in numbered.inner:
            self._operation(inner)
        self.builder.end(number)
        if step is Step.REPEAT:
            inside = range(self.base + number + 1, self.base + len(self.builder.words))
            self.lowered.steps |= {
                at: replace(call, repeated=True) for at, call in self.lowered.steps.items() if at in inside
            }

    def _empty(self, session: int, group: Group, participant: int) -> None:
        """What is in a participant goes with it."""
        if group is Group.PARTICIPANT:
            within = (session, participant)
            self.made = {
                (of, kind, id)
                for of, kind, id in self.made
                if (of, participant_of(kind, id)) != within or kind == group
            }

    def _create(self, numbered: Numbered, create: Create) -> None:
        end = create.end
        topic = self.calls.topics[create.topic]
        for kind, id in holders(create):
            if (end.session, kind, id) in self.made:
                continue
            self.made.add((end.session, kind, id))
            form, text = Form.BIN, []
            if kind == _TOPIC and create.form is Form.REF:
                form, text = Form.REF, [_reference(topic)]
            elif kind == _TOPIC:
                text = [topic.name, topic.type]
            self._group(numbered, end.session, (kind, id), create.participant, form, text, create=create)
        service = end.kind >= Kind.REQUESTER
        qos = create.qos if create.form is not Form.XML else Qos()  # of XML, the text says it
        bits = qos_bits(qos)
        parent = create.participant
        made_of = 0 if service else topic_id(create.topic, create.form, parent)
        arguments = (end.session, end.kind, create.form, create.mode, end.id, parent, made_of, bits, qos.depth)
        text = _texts(create, topic)
        number = self.builder.step(Step.CREATE, *arguments, create.reliable_stream, 0, text=text)
        self.lowered.steps[self.base + number] = Call(numbered, create, text=_bytes(text))

    def _group(
        self,
        numbered: Numbered,
        session: int,
        group: tuple[int, int],
        participant: int,
        form: Form = Form.BIN,
        text: Sequence[str] = (),
        *,
        mode: Mode = Mode.NEW,
        create: Create | None = None,
    ) -> None:
        """Create what holds endpoints. ``create``: of an endpoint that needs it."""
        (kind, id), parent, domain = group, participant, 0
        if kind == _PARTICIPANT:
            parent, domain, text = 0, self.domains.get(session, 0), ["rig"]
        number = self.builder.step(Step.CREATE, session, kind, form, mode, id, parent, domain, 0, 0, 1, 0, text=text)
        self.lowered.steps[self.base + number] = Call(numbered, create, (kind, id), _bytes(text))


def _word(end: End) -> int:
    """An end as the firmware's steps name it, within its session."""
    return end.kind << 12 | end.id


def _reference(topic: Topic) -> str:
    return f"{topic.name}__t"


def _bytes(texts: Sequence[str]) -> int:
    return sum(len(text) + 1 for text in texts)


def _texts(create: Create, topic: Topic) -> list[str]:
    service = create.end.kind >= Kind.REQUESTER
    if create.form is Form.REF:
        return [_reference(topic)]
    if create.form is Form.XML:
        if service:
            return [service_xml(create.end.kind, topic.name, topic.type, topic.reply_type)]
        return [endpoint_xml(create.end.kind, topic.name, topic.type, create.qos)]
    return [topic.name, topic.type, topic.reply_type] if service else []


def has_company(calls: Calls) -> bool:
    """Whether a sequence has events at the Agent, which the rig must do while the firmware waits."""
    return any(isinstance(operation, Restart | Remote | Sent) for operation in calls.operations)


def needs(calls: Calls) -> Capability:
    """The capabilities that a middleware must have to run a sequence."""
    found = Capability.SHM
    pending = list(calls.operations)
    while pending:
        operation = pending.pop()
        if isinstance(operation, InCallback | Elsewhere | Repeat):
            pending += operation.operations
        if isinstance(operation, Elsewhere):
            found |= Capability.THREADS
        if isinstance(operation, Delete | Drop):
            found |= Capability.DELETE
        if isinstance(operation, Create):
            found |= Capability.SERVICES if operation.end.kind >= Kind.REQUESTER else Capability(0)
            found |= {Form.XML: Capability.XML, Form.REF: Capability.REF}.get(operation.form, Capability(0))
    return found

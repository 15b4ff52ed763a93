"""The calls of an application, of which a sequence consists; each describes itself in words.

Knows the interface of a middleware (``firmware/middleware/rig_middleware.h``). Must not know how calls reach a board,
nor their right results: ``_world`` has these.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntEnum, IntFlag
from functools import lru_cache
from typing import NamedTuple


class Kind(IntEnum):
    """Kinds of endpoint, as DDS-XRCE object kinds."""

    WRITER = 5
    READER = 6
    REQUESTER = 7
    REPLIER = 8


class Group(IntEnum):
    """Entities that contain endpoints, as DDS-XRCE object kinds. To delete one deletes its endpoints."""

    PARTICIPANT = 1
    PUBLISHER = 3
    SUBSCRIBER = 4


class Form(IntEnum):
    """How an entity is described to the middleware."""

    REF = 1
    XML = 2
    BIN = 3


class Mode(IntFlag):
    """DDS-XRCE creation mode: what happens if an endpoint with this id exists already.

    Neither flag: the call is refused. REUSE: an equal endpoint stays, a different one makes the call fail. REPLACE: the
    old one is deleted and a new one created. Both: an equal endpoint stays, a different one is replaced.
    """

    NEW = 0
    REUSE = 2
    REPLACE = 4

    def __str__(self) -> str:
        words = ["reuse"] if Mode.REUSE in self else []
        words += ["replace"] if Mode.REPLACE in self else []
        return " or ".join(words)


class End(NamedTuple):
    """One endpoint: a writer, reader, requester or replier. ``session``: index; ``id``: 12 bits."""

    session: int
    kind: Kind
    id: int

    def __str__(self) -> str:
        return f"{self.kind.name.lower()} {self.id:#05x} of session {self.session}"


@dataclass(frozen=True, slots=True)
class Qos:
    """DDS quality of service. ``depth``: of KEEP_LAST; 0 leaves it to the middleware."""

    reliable: bool = True
    transient_local: bool = False
    keep_all: bool = False
    depth: int = 0

    def __str__(self) -> str:
        words = ["reliable" if self.reliable else "best effort"]
        words += ["transient-local"] if self.transient_local else []
        words += ["keep all"] if self.keep_all else []
        words += [f"keep last {self.depth}"] if self.depth and not self.keep_all else []
        return ", ".join(words)


@dataclass(frozen=True, slots=True)
class Open:
    """Open the session with the next index. ``domain``: DDS domain of the participant that will be created in it."""

    session: int
    domain: int = 0

    def __str__(self) -> str:
        domain = f", its participant in domain {self.domain}" if self.domain else ""
        return f"open session {self.session}{domain}"


@dataclass(frozen=True, slots=True)
class Close:
    """Close a session with all its entities."""

    session: int

    def __str__(self) -> str:
        return f"close session {self.session}"


@dataclass(frozen=True, slots=True)
class Create:
    """Create an endpoint, and before it the participant, topic, publisher or subscriber that it needs, unless they
    exist.

    ``topic``: index of a topic's or a service's names in the sequence. ``count``: how many equal endpoints, with
    consecutive ids. ``apart``: each on the next topic. ``participant``: DDS-XRCE id of its participant, and of its
    publisher or subscriber.
    """

    end: End
    topic: int = 0
    qos: Qos = Qos()
    form: Form = Form.BIN
    reliable_stream: bool = True
    count: int = 1
    apart: bool = False
    mode: Mode = Mode.NEW
    participant: int = 1

    def each(self) -> tuple[Create, ...]:
        """The same as single creations, one endpoint each."""
        return (self,) if self.count == 1 else _each(self)

    def __str__(self) -> str:
        service = self.end.kind >= Kind.REQUESTER
        last = self.topic + self.count - 1
        topics = f"topics {self.topic} to {last}" if self.apart and self.count > 1 else f"topic {self.topic}"
        what = f"service {self.topic}" if service else f"{topics} ({self.qos})"
        form = "" if self.form is Form.BIN else f" by {self.form.name}"
        form += f", {self.mode} what is there" if self.mode else ""
        form += f", in participant {self.participant}" if self.participant != 1 else ""
        if self.count == 1:
            return f"create {self.end} on {what}{form}"
        kind = self.end.kind.name.lower()
        ids = f"{kind}s {self.end.id:#05x} to {self.end.id + self.count - 1:#05x}"
        return f"create {self.count} {ids} of session {self.end.session} on {what}{form}"


@lru_cache(maxsize=256)  # asked for again and again while a sequence is drawn and judged
def _each(many: Create) -> tuple[Create, ...]:
    return tuple(
        replace(
            many, end=many.end._replace(id=many.end.id + i), topic=many.topic + i * many.apart, count=1, apart=False
        )
        for i in range(many.count)
    )


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete an endpoint."""

    end: End

    def __str__(self) -> str:
        return f"delete {self.end}"


@dataclass(frozen=True, slots=True)
class Drop:
    """Delete an entity that contains endpoints, and so these."""

    session: int
    group: Group
    participant: int = 1

    def __str__(self) -> str:
        return f"delete {_group(self.session, self.group, self.participant)}"


@dataclass(frozen=True, slots=True)
class Renew:
    """Create an entity that contains endpoints where it exists already. To replace it deletes its endpoints."""

    session: int
    group: Group
    mode: Mode
    participant: int = 1

    def __str__(self) -> str:
        mode = f", {self.mode} what is there" if self.mode else ""
        return f"create {_group(self.session, self.group, self.participant)} once more{mode}"


@dataclass(frozen=True, slots=True)
class Publish:
    """Publish samples, or send requests: for each a loan, the payload, and the call that sends it.

    ``length``: payload bytes.
    """

    end: End
    length: int
    count: int = 1

    def __str__(self) -> str:
        what = "request" if self.end.kind is Kind.REQUESTER else "sample"
        many = f"{self.count} {what}s" if self.count != 1 else f"a {what}"
        return f"{'send' if what == 'request' else 'publish'} {many} of {self.length} B by {self.end}"


@dataclass(frozen=True, slots=True)
class Loan:
    """Loan a buffer for ``length`` bytes and write the payload into it."""

    end: End
    length: int

    def __str__(self) -> str:
        return f"lend {self.length} B to {self.end}"


@dataclass(frozen=True, slots=True)
class Send:
    """Publish the loan, or send it as a request."""

    end: End

    def __str__(self) -> str:
        return f"publish the loan of {self.end}"


@dataclass(frozen=True, slots=True)
class Cancel:
    """Give a loan back."""

    end: End

    def __str__(self) -> str:
        return f"give back the loan of {self.end}"


@dataclass(frozen=True, slots=True)
class Keep:
    """From now on repliers answer later, by ``Reply``, or again in their callback."""

    keep: bool

    def __str__(self) -> str:
        return "from now on keep requests and answer later" if self.keep else "from now on answer in the callback"


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer the oldest requests that wait."""

    count: int = 1

    def __str__(self) -> str:
        return f"answer the oldest {self.count} kept requests" if self.count != 1 else "answer the oldest kept request"


@dataclass(frozen=True, slots=True)
class Spin:
    """Spin; time-out in milliseconds."""

    timeout_ms: int = 0
    count: int = 1

    def __str__(self) -> str:
        times = f", {self.count} times" if self.count != 1 else ""
        return f"spin, time-out {self.timeout_ms} ms{times}"


class LinkState(IntEnum):
    """What happens to messages on the link."""

    WHOLE = 0
    SILENT = 1
    LOSSY = 2


@dataclass(frozen=True, slots=True)
class Link:
    """From now on the link works, is silent, or loses every third message. Only for a sequence with a link."""

    state: LinkState

    def __str__(self) -> str:
        return {
            LinkState.WHOLE: "the link is whole again",
            LinkState.SILENT: "the link falls silent",
            LinkState.LOSSY: "the link loses every third message",
        }[self.state]


@dataclass(frozen=True, slots=True)
class Restart:
    """Restart the Agent. The new one knows no Client; readers and writers elsewhere are gone."""

    def __str__(self) -> str:
        return "the Agent is restarted"


@dataclass(frozen=True, slots=True)
class Remote:
    """Create (``there``) or delete a reliable writer or reader elsewhere, at the same Agent."""

    kind: Kind
    topic: int
    there: bool

    def __str__(self) -> str:
        return f"a {self.kind.name.lower()} of topic {self.topic} elsewhere {'comes' if self.there else 'goes'}"


@dataclass(frozen=True, slots=True)
class Sent:
    """The writer elsewhere publishes samples. ``length``: payload bytes, at least 4."""

    topic: int
    length: int
    count: int = 1

    def __str__(self) -> str:
        many = f"{self.count} samples" if self.count != 1 else "a sample"
        return f"the writer of topic {self.topic} elsewhere publishes {many} of {self.length} B"


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the Agent for a reader's samples (READ_DATA)."""

    end: End

    def __str__(self) -> str:
        return f"{self.end} asks the Agent for samples"


@dataclass(frozen=True, slots=True)
class Join:
    """Wait until the other context has finished."""

    def __str__(self) -> str:
        return "wait for the other context"


@dataclass(frozen=True, slots=True)
class InCallback:
    """Do an operation inside the n-th callback from now on. A callback must not spin, wait, or close a session."""

    callback: int
    operations: tuple[Operation, ...]

    def __str__(self) -> str:
        return f"in the {_ordinal(self.callback)} callback from now: {'; '.join(map(str, self.operations))}"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Publish from another context, an interrupt or a thread, from ``delay_ms`` milliseconds on, while the main context
    goes on.
    """

    operations: tuple[Publish, ...]
    delay_ms: int = 0

    def __str__(self) -> str:
        when = f" after {self.delay_ms} ms" if self.delay_ms else ""
        return f"from another context{when}: {'; '.join(map(str, self.operations))}"


@dataclass(frozen=True, slots=True)
class Repeat:
    """Repeat operations; after each round the state is as it was before."""

    times: int
    operations: tuple[Operation, ...]

    def __str__(self) -> str:
        return f"{self.times:,} times: {'; '.join(map(str, self.operations))}"


Operation = (
    Open
    | Close
    | Create
    | Delete
    | Drop
    | Renew
    | Publish
    | Loan
    | Send
    | Cancel
    | Keep
    | Reply
    | Spin
    | Link
    | Restart
    | Remote
    | Sent
    | Ask
    | Join
    | InCallback
    | Elsewhere
    | Repeat
)


@dataclass(frozen=True, slots=True)
class Topic:
    """The names by which endpoints match: a topic's name and type, or a service's name, request type and reply type."""

    name: str
    type: str
    reply_type: str = ""

    def __str__(self) -> str:
        types = f"{self.type}, {self.reply_type}" if self.reply_type else self.type
        return f"{self.name} ({types})"


@dataclass(frozen=True, slots=True)
class Sequence:
    """A middleware's start, and the calls that follow.

    All message memory: ``buffers`` buffers of ``buffer_bytes`` each, a multiple of 8. ``topics``: the topics behind the
    numbers in operations. ``link``: there is a link with an Agent that does not tell who reads, so that each sample of
    a connected session also goes to the Agent. ``tells``: that Agent tells who reads.
    """

    buffers: int
    buffer_bytes: int
    topics: tuple[Topic, ...]
    operations: tuple[Operation, ...] = field(default=())
    link: bool = False
    tells: bool = False

    def __str__(self) -> str:
        agent = " to an Agent that tells who reads" if self.tells else ""
        link = f"a link{agent}" if self.link else "no link"
        lines = [f"start with {self.buffers} buffers of {self.buffer_bytes} B and {link}"]
        lines += [str(operation) for operation in self.operations]
        return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))


def _group(session: int, group: Group, participant: int) -> str:
    whose = f"session {session}" if participant == 1 else f"participant {participant} of session {session}"
    if group is Group.PARTICIPANT and participant != 1:
        return whose
    return f"the {group.name.lower()} of {whose}"


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"

"""The specification of local delivery: what a middleware on one MCU must do for its application, call by call.

Sequences are checked against it. It follows DDS (request-offered matching, RELIABILITY, DURABILITY, HISTORY) and the
contract of ``rig_middleware.h``. It gets each call with its result, and each callback, and returns the promise that
they break. It leaves open what a middleware may choose:

- which of the samples arrive that a KEEP_LAST history may have replaced; the newest ``depth`` must;
- whether a full pool still lends a place while buffers are held by what may be replaced, or while somebody waits for
  samples that are kept; while there is certainly a free one, or what is only kept can make room, it must;
- what a late reader gets of the history of a best-effort writer, of one that was deleted before the reader could take
  it, and after the pool ran dry;
- the order of samples of different writers;
- whether an endpoint is still there when what was to replace it was rightly refused, or was told to reuse one that is
  described in another form, or is in another participant;
- whether it refuses what concerns entities that are not there, or there already, if only an Agent knows which are.

With a link, samples without local readers may wait for it and may fill the pool; samples that local readers have
received may not. A deletion may have to wait for the link, and so may what was deleted with it. The model does not
check which samples reach the Agent.

Local delivery is required as before, whatever happens to the Agent and to readers and writers elsewhere. Samples for a
reader elsewhere may fill the pool. The Agent chooses which samples it sends to readers that sent READ_DATA; each must
arrive whole, and a sample of a writer elsewhere only once. Knows no entries, no boards and no claims.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from rig.model._holders import PARTICIPANT, participant_of
from rig.model._operations import Create, Drop, End, Form, Group, Kind, Mode, Qos, Renew, Topic
from rig.model._promise import Breach, Family, Promise, status_word

OK = 0
NO_BUFFER = -3
TOO_LARGE = -4
TABLE_FULL = -5
REPLY_HEAD = 24  # bytes that a middleware may put before a reply: a DDS SampleIdentity
_LONG_TIMEOUT_MS = 100  # a spin with less may well sleep through
_SOON_MS = 40  # what a busy host may take to begin and wake a thread, and more
_CALLBACK_MS = 0.05  # one callback of the bench, which looks at the whole payload, on a core of some MHz
_LINK_MS_PER_BYTE = 10 * 1000 / 115_200  # of the slowest line that boards commonly have, start and stop bits included
_WIRE_OVERHEAD = 32  # bytes that DDS-XRCE and its framing put round a short sample


def may_meet(offered: Qos, requested: Qos) -> bool:
    """Whether QoS match, by DDS request-offered: a reader may not request more than its writer offers."""
    return (offered.reliable or not requested.reliable) and (offered.transient_local or not requested.transient_local)


@dataclass(frozen=True, slots=True)
class Limits:
    """The table sizes that the middleware reports; a call that fails because a table is full then breaks no promise.

    ``names``: how many texts it can keep, names and types included, with ``name_bytes`` in all. ``endpoints``: the
    smaller of its tables of writers and of readers, where it has such.
    """

    sessions: int = 2
    entities: int = 64
    pairs: int = 64
    names: int = 32
    name_bytes: int = 2048
    endpoints: int = 64


@dataclass(slots=True, eq=False)
class Sample:
    """One accepted sample, request or reply. ``waiting``: readers that must still get it; ``maybe``: readers that may
    get it.
    """

    number: int
    writer: Endpoint
    length: int
    place: int | None = None
    order: int = 0
    request: int = 0
    asker: Endpoint | None = None
    concurrent: bool = False
    pending: bool = False
    young: bool = False
    kept: bool = False
    waiting: int = 0
    maybe: int = 0
    first_address: int | None = None


@dataclass(slots=True, eq=False)
class Entry:
    """A sample in a reader's queue. ``young``: it was published inside a callback; the running spin need not deliver
    it.
    """

    sample: Sample
    required: bool
    history: bool = False
    young: bool = False
    overtaken_by: int = 0
    excused: bool = False  # a depth may have replaced it


@dataclass(slots=True, eq=False)
class Endpoint:
    """The state of one endpoint. ``readers``: the endpoints that get its samples, in the order of creation.

    ``made``: the call that created it; ``domain``: of its participant; ``text``: bytes of the names in that call;
    ``excused``: how many entries at the head of the queue are excused, at the least.
    """

    end: End
    topic: Topic
    qos: Qos
    made: Create
    domain: int = 0
    text: int = 0
    readers: list[Endpoint] = field(default_factory=list)
    queue: list[Entry] = field(default_factory=list)
    excused: int = 0
    history: list[Sample] = field(default_factory=list)
    loan: Sample | None = None
    had: set[int] = field(default_factory=set)
    replaced: set[int] = field(default_factory=set)
    asked: dict[int, int] = field(default_factory=dict)

    @property
    def service(self) -> bool:
        """Whether it is a requester or replier."""
        return self.end.kind >= Kind.REQUESTER


class World:
    """The state of one middleware from its start on.

    Each method takes one event and returns the breach, or None.

    :param buffers: number of buffers in the pool, ``buffer_bytes`` each.
    :param loans: whether a sample is delivered at the address that was lent (``RIG_MW_CAP_LOAN``).
    :param link: whether there is a link.
    :param pooled: whether its memory is cut into the buffers that were asked for, as its count of free ones says; else
        it may take what is longer than one.
    :param knows: whether the middleware itself knows which entities there are (``RIG_MW_CAP_OFFLINE``).
    """

    def __init__(
        self,
        buffers: int,
        buffer_bytes: int,
        *,
        limits: Limits | None = None,
        loans: bool = True,
        link: bool = False,
        knows: bool = True,
        pooled: bool = True,
    ) -> None:
        self.pooled = pooled
        self.knows = knows
        self.unsure = ""  # what is not known, if what follows depends on it
        self.buffers = buffers
        self.buffer_bytes = buffer_bytes
        self.limits = limits or Limits()
        self.loans = loans
        self.link = link
        self.for_link = 0  # samples that only the link waits for
        self.sessions: list[bool] = []
        self.domains: list[int] = []  # of the sessions
        self.ends: dict[End, Endpoint] = {}
        self.groups: dict[
            tuple[int, int, int], int
        ] = {}  # session, kind, id of what holds endpoints: bytes of its names
        self.samples: dict[int, Sample] = {}
        self.held: dict[Sample, None] = {}
        self.open_loans = 0
        self.removals = 0
        self.elsewhere = False
        self.pending_elsewhere: list[Sample] = []
        self._gone: set[End] = set()  # deleted at some time; one may be there again
        self._heard: set[tuple[End, End]] = set()
        self._most_used = 0
        self._most_rows = 0
        self._passing: list[Sample] = []
        self._accepted = 0
        self._to_send = 0  # bytes that were accepted since the last spin, with what the wire adds
        self._delivered_in_spin = 0
        self._dry = False
        self._far: dict[Topic, Endpoint] = {}  # writers elsewhere that are or were there
        self._asked: set[End] = set()  # that asked the Agent at some time
        self._read_afar: set[Topic] = set()  # that a reader elsewhere is or was on
        self._unsteady = False  # the Agent was restarted, or others came: the link has more to do than what is sent

    # ---- sessions and entities

    def opened(self, status: int, domain: int = 0) -> Breach | None:
        """A session was opened; ``status`` is its index, ``domain`` its participant's."""
        if status < 0:
            if sum(self.sessions) >= self.limits.sessions or self.link:  # with one, an Agent has to answer
                return None
            return self._not_created("a session", status)
        while len(self.sessions) <= status:
            self.sessions.append(False)
            self.domains.append(0)
        self.sessions[status], self.domains[status] = True, domain
        return None

    def closed(self, session: int, status: int) -> Breach | None:
        """A session was closed with all its entities."""
        if not self._is_open(session):
            return self._must_know(status, f"session {session} is not open")
        if status < 0:
            return Breach(
                Promise.DELETED, Family.REFUSED, "the session is closed", f"the call returned {status_word(status)}"
            )
        self.sessions[session] = False
        for end in [end for end in self.ends if end.session == session]:
            self._remove(end)
        self.groups = {key: text for key, text in self.groups.items() if key[0] != session}
        self.removals += 1
        return None

    @property
    def rows(self) -> int:
        """Number of entities of every kind now."""
        return len(self.groups) + len(self.ends)

    @property
    def pairs(self) -> int:
        """Number of matching pairs now; a requester and a replier count twice, once for each direction."""
        return sum(len(end.readers) for end in self.ends.values())

    def group_created(self, session: int, kind: int, id: int, status: int, *, text: int = 0) -> Breach | None:
        """A participant, topic, publisher or subscriber was created; it may be refused where its participant does not
        exist. ``text``: bytes of its names.
        """
        if not self._is_open(session):
            return self._must_know(status, f"session {session} is not open")
        if (session, kind, id) in self.groups:  # its deletion had to wait
            return self._must_know(status, f"entity {id:#x} of kind {kind} in session {session} exists already")
        if status < 0:
            held = kind == PARTICIPANT or (session, PARTICIPANT, participant_of(kind, id)) in self.groups
            what = f"entity {id:#x} of kind {kind} in session {session}"
            return self._not_created(what, status, text=text) if held else None
        self.groups[session, kind, id] = text
        self._most_rows = max(self._most_rows, self.rows)
        return None

    def created(
        self, create: Create, topic: Topic, status: int, *, held: bool = True, young: bool = False, text: int = 0
    ) -> Breach | None:
        """An endpoint was created. ``held``: the entities it needs exist; if not, it may be refused. ``young``: inside
        a callback. ``text``: bytes of its names.
        """
        end = create.end
        if not self._is_open(end.session):
            return self._must_know(status, f"session {end.session} is not open")
        if end in self.ends:
            if not self.replaces(create, topic):
                return self._there_already(create, topic, status)
            self._remove(end)
            self.removals += 1
            if status < 0:
                self.unsure = f"whether {end} is still there, as what was to replace it was refused"
        made = Endpoint(end, topic, create.qos, create, self.domains[end.session], text)
        partners = list(self._partners(made))
        if status < 0:
            if not held:
                return None
            leaving = sum(len(writer.readers) for writer in self._leaving())
            if status == TABLE_FULL and self.pairs + leaving + len(partners) > self.limits.pairs:
                return None
            return self._not_created(str(end), status, again=end in self._gone, text=text, form=create.form)
        self.ends[end] = made
        self._most_rows = max(self._most_rows, self.rows)
        for writer, reader in partners:
            writer.readers.append(reader)
            if reader is made and writer.history and reader.qos.transient_local:
                self._hand_history(writer, reader, young=young)
        return None

    def replaces(self, create: Create, topic: Topic) -> bool:
        """Whether a creation replaces an existing endpoint."""
        old = self.ends.get(create.end)
        return (
            old is not None
            and Mode.REPLACE in create.mode
            and not (Mode.REUSE in create.mode and (_otherwise_made(old, create) or _same(old, create, topic)))
        )

    def _there_already(self, create: Create, topic: Topic, status: int) -> Breach | None:
        """An endpoint was to be made where one is, and not in its place. It goes on as it was."""
        old = self.ends[create.end]
        if Mode.REUSE not in create.mode:
            return self._must_know(status, f"{create.end} exists already")
        if _otherwise_made(old, create):
            self.unsure = f"whether {create.end} is the same, as it is in another form or participant"
            return None
        if not _same(old, create, topic):
            return self._must_know(status, f"{create.end} exists already and does something else")
        if status >= 0:
            return None
        seen = f"the call returned {status_word(status)}"
        return Breach(Promise.CREATED_AGAIN, Family.REFUSED, f"{create.end}, which is the same, is reused", seen)

    def deleted(self, end: End, status: int) -> Breach | None:
        """An endpoint was deleted."""
        if end not in self.ends:
            return self._must_know(status, f"{end} does not exist")
        if self._waits_for_link(status):
            return None
        if status < 0:
            return Breach(
                Promise.DELETED, Family.REFUSED, f"{end} is deleted", f"the call returned {status_word(status)}"
            )
        self._remove(end)
        self.removals += 1
        return None

    def dropped(self, drop: Drop, status: int) -> Breach | None:
        """A participant, publisher or subscriber was deleted with its endpoints."""
        key = drop.session, drop.group, drop.participant
        if key not in self.groups:
            return self._must_know(
                status, f"session {drop.session} has no {drop.group.name.lower()} {drop.participant}"
            )
        if self._waits_for_link(status):
            return None
        if status < 0:
            expected = f"it works to {drop}"
            return Breach(Promise.DELETED, Family.REFUSED, expected, f"the call returned {status_word(status)}")
        self._empty(drop)
        del self.groups[key]
        return None

    def renewed(self, renew: Renew, status: int) -> Breach | None:
        """A participant, publisher or subscriber was created once more, equal to the one that is there."""
        key, mode = (renew.session, renew.group, renew.participant), renew.mode
        if not self._is_open(renew.session):
            return self._must_know(status, f"session {renew.session} is not open")
        what = f"the {renew.group.name.lower()} {renew.participant} of session {renew.session}"
        if key not in self.groups:
            if status >= 0:
                self.groups[key] = 0
            return None
        if not mode:
            return self._must_know(status, f"{what} exists already")
        if self._waits_for_link(status):
            self.unsure = f"whether the endpoints of {what} are still there, as what was to replace it was refused"
            return None
        if status < 0:
            seen = f"the call returned {status_word(status)}"
            return Breach(Promise.CREATED_AGAIN, Family.REFUSED, f"{what} is created once more ({mode})", seen)
        if Mode.REUSE not in mode:
            self._empty(renew)
            if not self.knows:
                self.unsure = f"whether the endpoints of {what} went with it, of which only the Agent knows"
        return None

    def _empty(self, holder: Drop | Renew) -> None:
        """What was in a participant, publisher or subscriber is gone."""
        kinds = {
            Group.PUBLISHER: {Kind.WRITER},
            Group.SUBSCRIBER: {Kind.READER},
            Group.PARTICIPANT: set(Kind),
        }[holder.group]
        within = (holder.session, holder.participant)
        for end, there in list(self.ends.items()):
            if (end.session, there.made.participant) == within and end.kind in kinds:
                self._remove(end)
        if holder.group is Group.PARTICIPANT:
            self.groups = {
                (session, kind, id): text
                for (session, kind, id), text in self.groups.items()
                if (session, participant_of(kind, id)) != within or kind == holder.group
            }
        self.removals += 1

    # ---- elsewhere

    def restarted(self) -> None:
        """The Agent was restarted."""
        self._unsteady = True

    def elsewhere_came(self, kind: Kind, topic: Topic, *, there: bool) -> None:
        """A reliable writer or reader elsewhere was created or deleted; the Client may learn of it later."""
        self._unsteady = True
        if there and kind is Kind.READER:
            self._read_afar.add(topic)
        elif there and topic not in self._far:
            end = End(-1, Kind.WRITER, len(self._far) + 1)
            self._far[topic] = Endpoint(end=end, topic=topic, qos=Qos(), made=Create(end))

    def sent_from_afar(self, topic: Topic, number: int, length: int) -> None:
        """The writer elsewhere published a sample, if the writer exists."""
        if topic in self._far:
            self.samples[number] = Sample(number, self._far[topic], length)

    def asked(self, end: End) -> None:
        """A reader sent READ_DATA to the Agent; an endpoint created in its place may also get the samples."""
        self._asked.add(end)

    def _came_by_link(self, reader: Endpoint, number: int, length: int, *, whole: bool) -> Breach | None:
        """The Agent brought a reader that asked it a sample of its own choice."""
        sample = self.samples.get(number)
        if sample is None:
            seen = f"sample {number} came to {reader.end} over the link, and never was"
            return Breach(Promise.WHOLE, Family.DAMAGED, "a sample that was published", seen)
        if not whole or length != sample.length:
            return self._damaged(reader, sample, length, whole=whole)
        if sample.writer.end.session < 0 and number in reader.had:
            expected = f"{reader.end} has had sample {number} of the writer elsewhere"
            return Breach(Promise.ONCE, Family.EXTRA, expected, f"sample {number} came to {reader.end} again")
        if sample.writer.end.session < 0:
            reader.had.add(number)
        return None

    # ---- publishing

    def loaned(self, end: End, number: int, length: int, place: int | None, status: int) -> Breach | None:
        """A loan was made, or refused."""
        writer = self.ends.get(end)
        if writer is None:
            if status >= 0 and not self.knows:
                self.unsure = f"what becomes of a loan to {end}, which does not exist"
            return self._must_know(status, f"{end} does not exist")
        if writer.loan is not None:
            return self._must_refuse(status, f"{end} has a loan already")
        if status >= 0:
            if length > self.buffer_bytes and self.pooled:
                return self._must_refuse(status, f"{length} B do not fit into {self.buffer_bytes}")
            self._take_buffer()
            writer.loan = Sample(number, writer, length, place)
            self.open_loans += 1
            self._most_used = max(self._most_used, len(self.held) + self.open_loans)
            return None
        return self._refused(writer, length, status)

    def cancelled(self, end: End, status: int) -> Breach | None:
        """A loan was given back."""
        writer = self.ends.get(end)
        if writer is None or writer.loan is None:
            return self._must_refuse(status, f"{end} has no loan")
        if status < 0:
            return Breach(
                Promise.RETURNED,
                Family.REFUSED,
                f"{end} gives its loan back",
                f"the call returned {status_word(status)}",
            )
        writer.loan = None
        self.open_loans -= 1
        return None

    def sent(self, end: End, status: int, *, young: bool = False, concurrent: bool = False) -> Breach | None:
        """A loan was published, or sent as a request; for a request ``status`` is its id.

        :param young: inside a callback; the running spin need not deliver it.
        :param concurrent: another context did it, at an unknown time.
        """
        writer = self.ends.get(end)
        if writer is None or writer.loan is None:
            return self._must_refuse(status, f"{end} has no loan")
        sample = writer.loan
        if status < 0:
            if writer.service and not writer.readers:
                return None  # nobody here answers, and there is no link
            promise = Promise.ANSWERED if writer.service else Promise.ACCEPTED_ARRIVES
            return Breach(
                promise, Family.REFUSED, f"{end} publishes what was lent", f"the call returned {status_word(status)}"
            )
        writer.loan = None
        self.open_loans -= 1
        sample.concurrent = concurrent
        if writer.end.kind is Kind.REQUESTER and (wrong := self._wrong_id(writer, status)):
            return wrong
        if writer.end.kind is Kind.REQUESTER:
            sample.request = status
            writer.asked[status] = sample.number
        self._accept(sample, young=young)
        return None

    def _wrong_id(self, requester: Endpoint, status: int) -> Breach | None:
        """The id of a request is above zero, and none that still waits for its reply."""
        earlier = requester.asked.get(status)
        waits = any(sample.number == earlier and sample.writer is requester for sample in self.held)
        if status > 0 and not waits:
            return None
        expected = f"an id above zero for a request of {requester.end}"
        expected += f", and none of a request that still waits, as sample {earlier} does" if waits else ""
        return Breach(Promise.ANSWERED, Family.EXTRA, expected, f"the call returned {status}")

    def published(
        self,
        end: End,
        number: int,
        length: int,
        place: int | None,
        status: int,
        *,
        young: bool = False,
        concurrent: bool = False,
    ) -> Breach | None:
        """Loan and publish in one. If it failed, the loan was given back."""
        breach = self.loaned(end, number, length, place, OK if status >= 0 else status)
        if breach is not None or status < 0:
            writer = self.ends.get(end)
            if breach is not None and writer is not None and writer.service and not writer.readers:
                return None
            if concurrent and status == NO_BUFFER:
                return None  # who published when is not known: it may have been full
            return breach
        return self.sent(end, status, young=young, concurrent=concurrent)

    def replied(
        self, end: End, number: int, length: int, status: int, *, asker: Endpoint | None, request: int, young: bool
    ) -> Breach | None:
        """A replier answered request ``number`` of ``asker``; None: the requester no longer exists."""
        replier = self.ends.get(end)
        if asker is None or asker.end not in self.ends:
            return None  # what becomes of an answer to nobody is the middleware's to choose
        if replier is None:  # and so is an answer of one that was deleted
            if status >= 0:
                sample = Sample(number, asker, length, request=request, asker=asker)
                self.samples[number] = sample
                self._queue(asker, Entry(sample, required=False, young=young))
            return None
        if status < 0:
            if status in (NO_BUFFER, TOO_LARGE):
                return self._refused(replier, length + REPLY_HEAD, status)
            return Breach(
                Promise.ANSWERED,
                Family.REFUSED,
                f"{end} answers request {request}",
                f"it returned {status_word(status)}",
            )
        self._take_buffer()
        self._accept(Sample(number, replier, length, None, request=request, asker=asker), young=young)
        return None

    # ---- delivery

    def delivered(  # noqa: PLR0911 - one case a way of being wrong
        self,
        reader_end: End,
        number: int,
        length: int,
        *,
        whole: bool,
        address: int | None,
        request: int = 0,
        local: bool = True,
    ) -> Breach | None:
        """A callback ran. ``number``: the sample's number in its payload; ``address``: of the payload; ``local``: the
        callback says that it came by shared memory.
        """
        self._delivered_in_spin += 1
        reader = self.ends.get(reader_end)
        if reader is None:
            promise = Promise.GONE if reader_end in self._gone else Promise.ONLY_MATCHING
            promise = Promise.ANSWERED if reader_end.kind >= Kind.REQUESTER else promise
            seen = f"sample {number} came to {reader_end}, which does not exist"
            return Breach(promise, Family.EXTRA, "no callback for what is not there", seen)
        if not local and reader_end in self._asked:
            return self._came_by_link(reader, number, length, whole=whole)
        key = -number if reader.end.kind is Kind.REQUESTER else number  # a reply carries its request's payload
        for position, entry in enumerate(reader.queue):  # noqa: B007 - where it stops is what is looked for
            sample = entry.sample
            if sample.number == number:
                break
        else:
            return self._unexpected(reader, number, key)
        if not whole or length != sample.length:
            return self._damaged(reader, sample, length, whole=whole)
        if entry.overtaken_by:
            promise = Promise.CONCURRENT if sample.concurrent else Promise.IN_ORDER
            promise = Promise.ANSWERED if reader.service else promise
            seen = f"sample {number} came to {reader_end} after sample {entry.overtaken_by}"
            return Breach(promise, Family.DISORDER, f"sample {number} before sample {entry.overtaken_by}", seen)
        for earlier in reader.queue[:position]:
            if earlier.required and earlier.sample.writer is sample.writer:
                earlier.overtaken_by = number
        if reader.end.kind is Kind.REQUESTER and request != sample.request:
            seen = f"the reply to request {sample.request} came to {reader_end} as that of request {request}"
            return Breach(Promise.ANSWERED, Family.EXTRA, "the reply carries its request's id", seen)
        del reader.queue[position]
        reader.excused -= position < reader.excused
        self._pass_on(sample, history=entry.history)
        self._settle(sample, required=entry.required)
        reader.had.add(key)
        self._heard.add((sample.writer.end, reader.end))
        return self._placed(reader, sample, address)

    def spun(
        self, timeout_ms: int, elapsed_ms: int, status: int, *, woken_after_ms: int | None = None
    ) -> Breach | None:
        """A spin returned. Samples accepted before it began must have been delivered by now.

        :param woken_after_ms: milliseconds from the spin's begin until another context published; None: none did.
        """
        if status < 0:
            return Breach(Promise.ALIVE, Family.REFUSED, "a spin spins", f"the call returned {status_word(status)}")
        breach = self._overdue()
        if breach is None and self._delivered_in_spin and timeout_ms >= _LONG_TIMEOUT_MS and not self._unsteady:
            work = self._delivered_in_spin * _CALLBACK_MS + (self._to_send * _LINK_MS_PER_BYTE if self.link else 0)
            soon = (woken_after_ms or 0) + _SOON_MS + work
            if elapsed_ms > soon:
                what = "published into its sleep" if woken_after_ms is not None else "waiting before it began"
                breach = Breach(
                    Promise.PROMPT,
                    Family.LATE,
                    f"a spin with a time-out of {timeout_ms} ms returns soon after it delivered what was {what}",
                    f"it returned after {elapsed_ms} ms",
                )
        self._delivered_in_spin = 0
        self._to_send = 0
        self._pass_on(None)
        for reader in self.ends.values():
            if not reader.queue:
                continue
            reader.queue = [e for e in reader.queue if e.required or e.young or e.sample.pending]
            reader.excused = 0
            for entry in reader.queue:
                entry.young = False
        open_to = Counter(q.sample for e in self.ends.values() for q in e.queue if not q.required)
        for sample in list(self.held):
            if not sample.young:  # the spin has passed over it: who may have it still?
                sample.maybe = open_to[sample] if sample.maybe else 0
            sample.young = False
            self._release(sample)
        return breach

    def counted(self, free: int, entities: int = 0) -> Breach | None:
        """The middleware reported how many buffers are free, and how many entities it has; 0: it does not say."""
        if self.link:
            return None  # what waits for it may have any
        if entities > self.rows + len(self._leaving()):
            expected = f"no more than the {self.rows} entities that were made and not deleted"
            return Breach(Promise.CREATED_AGAIN, Family.LEAK, expected, f"it has {entities}")
        least = self.buffers - len(self.held) - self.open_loans
        if free < least:
            return Breach(
                Promise.RETURNED,
                Family.LEAK,
                f"at least {least} of {self.buffers} buffers are free",
                f"{free} are",
            )
        return None

    def joined(self) -> None:
        """The other context has finished: from now on its samples wait like all others."""
        for sample in self.pending_elsewhere:
            sample.pending = False
            for reader in sample.writer.readers:
                for entry in reader.queue:
                    if entry.sample is sample and not entry.required and not entry.excused:
                        entry.required = True
                        sample.maybe -= 1
                        sample.waiting += 1
        self.pending_elsewhere.clear()

    def certainly_free(self) -> int:
        """Number of buffers that must be free now, whatever the middleware chose."""
        return self.buffers - len(self.held) - self.open_loans - self.for_link

    def has_room(self) -> bool:
        """Whether a buffer must be had: what is only kept for readers that may come makes room, unless somebody waits
        for another one that is kept: then the one that would go first may have to stay. So may those that wait for a
        link.
        """
        if self.certainly_free() > 0 or self.link:
            return self.certainly_free() > 0
        needed = [each for each in self.held if each.waiting > 0 or each.maybe > 0 or each in self._passing]
        return not any(sample.kept for sample in needed) and len(needed) + self.open_loans < self.buffers

    # ---- inside

    def _waits_for_link(self, status: int) -> bool:
        """Whether a call was refused since the link's stream is full: to be made again after a spin. Of calls that are
        told to the Agent.
        """
        return self.link and status == NO_BUFFER

    def _is_open(self, session: int) -> bool:
        return session < len(self.sessions) and self.sessions[session]

    def _partners(self, made: Endpoint) -> Iterator[tuple[Endpoint, Endpoint]]:
        """Who speaks to whom once ``made`` exists: (writer, reader)."""
        hears, speaks = _HEARD_BY.get(made.end.kind), _SPOKEN_BY.get(made.end.kind)
        for other in self.ends.values():
            if other.end.kind is hears and _meet(made, other):
                yield made, other
            if other.end.kind is speaks and _meet(other, made):
                yield other, made

    def _hand_history(self, writer: Endpoint, reader: Endpoint, *, young: bool) -> None:
        depth = reader.qos.depth if not reader.qos.keep_all and reader.qos.depth else len(writer.history)
        newest = writer.history[-depth:]
        sure = writer.qos.reliable and not self._dry
        ordered = (
            1 if not reader.qos.keep_all and not reader.qos.depth else len(newest)
        )  # DDS: KEEP_LAST is 1 by default
        for place, sample in enumerate(newest):
            required = sure and place >= len(newest) - ordered and reader.qos.reliable
            self._queue(reader, Entry(sample, required, history=True, young=young))

    def _accept(self, sample: Sample, *, young: bool) -> None:
        writer = sample.writer
        self._accepted += 1
        self._to_send += sample.length + _WIRE_OVERHEAD
        sample.young = young
        sample.order = self._accepted
        self.samples[sample.number] = sample
        if sample.concurrent:
            sample.pending = True
            self.pending_elsewhere.append(sample)
        readers = [sample.asker] if sample.asker is not None else list(writer.readers)
        required = not sample.concurrent
        if required:
            sample.waiting += len(readers)
        else:
            sample.maybe += len(readers)
        for reader in readers:
            reader.queue.append(Entry(sample, required, young=young))
            if not writer.service:
                self._replace(reader, writer)
        if writer.qos.transient_local and not writer.service:
            self._keep(writer, sample)
        if sample.waiting or sample.maybe or sample.kept:
            self.held[sample] = None
        self.for_link += self.link and (not readers or writer.topic in self._read_afar)
        self._most_used = max(self._most_used, len(self.held) + self.open_loans)

    def _keep(self, writer: Endpoint, sample: Sample) -> None:
        sample.kept = True
        writer.history.append(sample)
        depth = len(writer.history) if writer.qos.keep_all else writer.qos.depth or 1
        while len(writer.history) > depth:
            oldest = writer.history.pop(0)
            oldest.kept = False
            self._release(oldest)

    def _queue(self, reader: Endpoint, entry: Entry) -> None:
        reader.queue.append(entry)
        if entry.required:
            entry.sample.waiting += 1
        else:
            entry.sample.maybe += 1

    def _replace(self, reader: Endpoint, writer: Endpoint) -> None:
        """HISTORY KEEP_LAST: the reader's depth replaces, the writer's may."""
        queue, depth, offered = reader.queue, 0 if reader.qos.keep_all else reader.qos.depth, _offered_depth(writer)
        if not depth and not offered:
            return
        # Left open: how history and depth meet, and which samples are the last while another context publishes.
        any_may_be_last = bool(self.pending_elsewhere)
        seen = 0 if any_may_be_last else reader.excused
        if depth and len(queue) > depth:
            goes = not (reader.qos.transient_local or any_may_be_last)
            for entry in list(queue) if any_may_be_last else queue[0 if goes else seen : -depth]:
                if goes:
                    reader.replaced.add(entry.sample.number)
                    queue.remove(entry)
                    reader.excused = seen = 0
                self._excuse(entry)  # its buffer may be held until the spin that passes over it
        if offered and len(queue) > offered:
            own = [e for e in queue[seen:] if e.sample.writer is writer and (e.required or e.sample.pending)]
            for entry in own if any_may_be_last and len(own) > offered else own[:-offered]:
                self._excuse(entry)
        while reader.excused < len(queue) and queue[reader.excused].excused:
            reader.excused += 1

    def _excuse(self, entry: Entry) -> None:
        """The sample may still come, and need not."""
        entry.excused = True
        if entry.required:
            entry.required = False
            entry.sample.waiting -= 1
            entry.sample.maybe += 1

    def _pass_on(self, sample: Sample | None, *, history: bool = False) -> None:
        """The callbacks of ``sample`` run now. Those of the one before may not be over: a middleware may hand a late
        reader its ``history`` in between, all of it.
        """
        if sample in self._passing:
            return
        if sample is not None and history:
            self._passing.append(sample)
            return
        over = self._passing[:-1] if sample is not None else self._passing
        self._passing = [*self._passing[-1:], sample] if sample is not None else []
        for each in over:
            self._release(each)

    def _settle(self, sample: Sample, *, required: bool) -> None:
        if required:
            sample.waiting -= 1
        else:
            sample.maybe -= 1
        self._release(sample)

    def _release(self, sample: Sample) -> None:
        """Forget a sample that nobody gets or keeps any more; one whose callback may still run is held."""
        if sample.waiting <= 0 and sample.maybe <= 0 and not sample.kept and sample not in self._passing:
            self.held.pop(sample, None)

    def _remove(self, end: End) -> None:
        gone = self.ends.pop(end)
        self._gone.add(end)
        if gone.loan is not None:
            gone.loan = None
            self.open_loans -= 1
        for entry in gone.queue:  # their buffers may be held until a spin passes over them
            if entry.required:
                entry.sample.waiting -= 1
                entry.sample.maybe += 1
        self._open_history(gone)  # it keeps nothing any more
        for sample in gone.history:
            sample.kept = False
            self._release(sample)
        for other in self.ends.values():
            if gone in other.readers:
                other.readers.remove(gone)

    def _leaving(self) -> set[Endpoint]:
        """Writers that were deleted and have samples under way: they may keep rows and pairs until these are out."""
        writers = {sample.writer for sample in self.held}
        return {writer for writer in writers if self.ends.get(writer.end) is not writer}

    def _names(self, text: int, form: Form) -> tuple[int, int]:
        """Texts that may be kept with one more, and their bytes, if no two are the same. Of XML the names in it too."""
        ends = [(end.text, end.made.form) for end in (*self.ends.values(), *self._leaving())]
        kept = [*((each, Form.BIN) for each in self.groups.values()), *ends, (text, form)]
        times = [(each, 2 if of is Form.XML else 1) for each, of in kept if each]
        return sum(many for _, many in times), sum(each * many for each, many in times)

    def _not_created(
        self, what: str, status: int, *, again: bool = False, text: int = 0, form: Form = Form.BIN
    ) -> Breach | None:
        seen = f"the call returned {status_word(status)}"
        if self._waits_for_link(status):
            return None
        if status != TABLE_FULL and again:
            return Breach(Promise.CREATED_AGAIN, Family.REFUSED, f"{what} is created anew", seen)
        if status != TABLE_FULL:
            return Breach(Promise.PAIR_MEETS, Family.REFUSED, f"{what} is created", seen)
        limits = self.limits
        names, name_bytes = self._names(text, form)
        if (
            self.rows + len(self._leaving()) + 1 > limits.entities
            or names > limits.names
            or name_bytes > limits.name_bytes
            or len(self.ends) + len(self._leaving()) + 1 > limits.endpoints
        ):
            return None
        if self.link and self.removals:
            return None  # what is gone keeps its rows and names until its samples and its DELETE are on the link
        promise = Promise.CREATED_AGAIN if self.removals or self.rows < self._most_rows else Promise.CREATED
        return Breach(promise, Family.REFUSED, f"{what} is created", seen)

    def _must_know(self, status: int, why: str) -> Breach | None:
        """The same of what only its tables tell; who has none asks the Agent, whose answer nobody waits for."""
        if self.knows:
            return self._must_refuse(status, why)
        if status >= 0 and "exists already" in why:
            self.unsure = f"whether the Agent takes a creation where {why}"
        return None

    def _must_refuse(self, status: int, why: str) -> Breach | None:
        if status < 0:
            return None
        return Breach(
            Promise.REFUSED, Family.ACCEPTED, f"an error, because {why}", f"the call returned {status_word(status)}"
        )

    def _refused(self, writer: Endpoint, length: int, status: int) -> Breach | None:
        """A loan or publish call failed: rightly, if there was no buffer or it is too small."""
        if status == TOO_LARGE and length > self.buffer_bytes - (REPLY_HEAD if writer.service else 0):
            return None
        if status == NO_BUFFER and not self.has_room():
            self._run_dry()
            return None
        used = len(self.held) + self.open_loans
        expected = f"{length} B are lent to {writer.end}: {used} of {self.buffers} buffers are in use"
        promise = Promise.RETURNED if status == NO_BUFFER and used < self._most_used else Promise.ROOM
        if status not in (NO_BUFFER, TOO_LARGE):  # no matter of memory
            promise = Promise.UNAFFECTED if self.removals else Promise.PAIR_MEETS
        if writer.service and status != NO_BUFFER:
            promise = Promise.ANSWERED
        return Breach(promise, Family.REFUSED, expected, f"the call returned {status_word(status)}")

    def _take_buffer(self) -> None:
        """A place was lent; in a full pool, something made room that was only kept, or lost to its reader."""
        if self.certainly_free() <= 0:
            self._run_dry()

    def _run_dry(self) -> None:
        """A full pool may take what is only kept for late readers, also from those that came already."""
        self._dry = True
        self._open_history(None)

    def _open_history(self, writer: Endpoint | None) -> None:
        """What late readers still wait for of a writer's history, or of all, may come or not."""
        for reader in self.ends.values():
            for entry in reader.queue:
                if entry.history and entry.required and writer in (None, entry.sample.writer):
                    entry.required = False
                    entry.sample.waiting -= 1
                    entry.sample.maybe += 1

    def _unexpected(self, reader: Endpoint, number: int, key: int) -> Breach:
        sample = self.samples.get(number)
        seen = f"sample {number} came to {reader.end}"
        lent = next((e for e in self.ends.values() if e.loan is not None and e.loan.number == number), None)
        if sample is None and lent is not None and reader not in lent.readers:
            expected = f"nothing from {lent.end}: {_why_apart(lent, reader)}"
            return Breach(Promise.ONLY_MATCHING, Family.EXTRA, expected, f"{seen}, which is only lent")
        if sample is None and lent is not None:
            expected = f"sample {number} is lent and not published"
            return Breach(Promise.NOT_BEFORE, Family.EXTRA, expected, seen)
        if sample is None:
            promise = Promise.ANSWERED if reader.service else Promise.WHOLE
            return Breach(promise, Family.DAMAGED, "a sample that was accepted", f"{seen}, and never was")
        if key in reader.had:
            promise = Promise.ANSWERED if reader.service else Promise.ONCE
            promise = Promise.CONCURRENT if sample.concurrent else promise
            return Breach(promise, Family.EXTRA, f"{reader.end} has had sample {number}", f"{seen} again")
        if reader.service:
            return Breach(Promise.ANSWERED, Family.EXTRA, f"{seen.replace('came to', 'is not for')}", f"{seen}")
        return self._older_or_apart(reader, sample, seen)

    def _older_or_apart(self, reader: Endpoint, sample: Sample, seen: str) -> Breach:
        """Why a sample that was accepted is none of this reader's."""
        if sample.writer.end.session < 0:
            expected = f"nothing of a writer elsewhere: {reader.end} has not asked the Agent"
            return Breach(Promise.ONLY_MATCHING, Family.EXTRA, expected, seen)
        if sample.number in reader.replaced:
            promise, expected = Promise.DEPTH, f"only the last {reader.qos.depth} samples that wait"
        elif reader in sample.writer.readers and reader.end in self._gone:
            promise = Promise.GONE
            expected = f"{reader.end}, made anew, gets nothing of what waited for the one that was deleted"
        elif reader in sample.writer.readers:
            promise, expected = Promise.HISTORY, f"nothing older than {reader.end}"
        elif _meet(sample.writer, reader):
            promise, expected = Promise.HISTORY, f"nothing of a {sample.writer.end} that had gone before it came"
        else:
            promise = Promise.ONLY_MATCHING
            expected = f"nothing from {sample.writer.end}: {_why_apart(sample.writer, reader)}"
        return Breach(promise, Family.EXTRA, expected, seen)

    def _damaged(self, reader: Endpoint, sample: Sample, length: int, *, whole: bool) -> Breach:
        what = f"in {length} B" if length != sample.length else "with other bytes"
        promise = Promise.CONCURRENT if self.elsewhere else Promise.ANSWERED if reader.service else Promise.WHOLE
        return Breach(
            promise,
            Family.DAMAGED,
            f"sample {sample.number} of {sample.length} B comes whole to {reader.end}",
            f"it came {what}" + ("" if whole or length == sample.length else ", not all of them its own"),
        )

    def _placed(self, reader: Endpoint, sample: Sample, address: int | None) -> Breach | None:
        if address is None or reader.end.kind is Kind.REQUESTER:
            return None
        if self.loans and sample.place is not None and address != sample.place:
            expected = f"sample {sample.number} at {sample.place:#x}, where it was written"
            return Breach(Promise.IN_PLACE, Family.COPIED, expected, f"{reader.end} got it at {address:#x}")
        if sample.first_address is None:
            sample.first_address = address
        elif address != sample.first_address:
            expected = f"sample {sample.number} at {sample.first_address:#x}, as the reader before"
            return Breach(Promise.ONE_BUFFER, Family.COPIED, expected, f"{reader.end} got it at {address:#x}")
        return None

    def _overdue(self) -> Breach | None:
        for reader in self.ends.values():
            for entry in reader.queue:
                if entry.required and not entry.young:
                    return self._lost(reader, entry)
        return None

    def _lost(self, reader: Endpoint, entry: Entry) -> Breach:
        sample, writer = entry.sample, entry.sample.writer
        if sample.concurrent:
            promise = Promise.CONCURRENT
        elif reader.service:
            promise = Promise.ANSWERED
        elif entry.history:
            promise = Promise.HISTORY
        elif self.removals:
            promise = Promise.UNAFFECTED
        elif (writer.end, reader.end) not in self._heard:
            promise = Promise.PAIR_MEETS
        else:
            promise = Promise.ACCEPTED_ARRIVES
        what = f"the reply to request {sample.request}" if sample.asker else f"sample {sample.number} of {writer.end}"
        return Breach(
            promise, Family.LOST, f"{what} reaches {reader.end}", "the spin that follows returned, and it had not come"
        )


_HEARD_BY = {Kind.WRITER: Kind.READER, Kind.REQUESTER: Kind.REPLIER, Kind.REPLIER: Kind.REQUESTER}
"""The kind that hears what a kind says."""
_SPOKEN_BY = {hears: says for says, hears in _HEARD_BY.items()}


def _meet(writer: Endpoint, reader: Endpoint) -> bool:
    """Whether two of kinds that speak to each other match."""
    if writer.topic != reader.topic or writer.domain != reader.domain:
        return False
    return writer.service or may_meet(writer.qos, reader.qos)


def _offered_depth(writer: Endpoint) -> int:
    """How many samples of its own a writer answers for; 0: all."""
    return 0 if writer.qos.keep_all else writer.qos.depth or (1 if writer.qos.transient_local else 0)


def _same(old: Endpoint, create: Create, topic: Topic) -> bool:
    """Whether what is asked for is what is there already."""
    return old.topic == topic and replace(old.made, mode=create.mode, topic=create.topic, apart=create.apart) == create


def _otherwise_made(old: Endpoint, create: Create) -> bool:
    """Whether it is described in another form, or in another participant."""
    return (old.made.form, old.made.participant) != (create.form, create.participant)


def _why_apart(writer: Endpoint, reader: Endpoint) -> str:
    if writer.topic != reader.topic:
        return f"it is on {writer.topic}, the reader on {reader.topic}"
    if writer.domain != reader.domain:
        return f"it is in domain {writer.domain}, the reader in domain {reader.domain}"
    return f"it offers {writer.qos}, the reader asks for {reader.qos}"

"""Draws sequences of calls, with a seeded generator that knows the state before each call.

Each sequence first draws a *shape*: how much memory, how many sessions and topics, which kinds of calls it has at all
("swarm testing": what is left out lets the rest go further). Then it draws calls from those that make sense in the
state of the ideal middleware, and now and then one that does not.

Knows the model. Must not know a middleware, nor what is checked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from random import Random

from rig.bench import Capability
from rig.model import (
    Ask,
    Cancel,
    Close,
    Create,
    Delete,
    Drop,
    Elsewhere,
    End,
    Endpoint,
    Form,
    Group,
    Ideal,
    InCallback,
    Join,
    Keep,
    Kind,
    Limits,
    Link,
    LinkState,
    Loan,
    Mode,
    Open,
    Operation,
    Publish,
    Qos,
    Remote,
    Renew,
    Repeat,
    Reply,
    Restart,
    Send,
    Sent,
    Sequence,
    Spin,
    holders,
    may_meet,
    missing_holders,
    names_of,
    topic_id,
    topic_of,
)
from rig.search._names import draw_services, draw_topics, many_topics

_BUFFERS = (1, 2, 2, 3, 3, 4, 4, 4, 5, 6, 7, 8, 8, 9, 12, 16, 17, 20, 33, 40, 40, 70, 130, 260)
_BUFFER_BYTES = (16, 40, 64, 64, 64, 128, 256, 256, 512, 1024, 4096, 65544, 65544)
_LENGTHS: tuple[int, ...] = (
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    12,
    13,
    15,
    16,
    17,
    24,
    31,
    32,
    33,
    61,
    63,
    64,
    65,
    100,
    127,
    128,
    200,
    255,
)
_LENGTHS += (256, 257, 496, 500, 512, 513, 1000, 1024, 4096)
_QOS = (
    Qos(),
    Qos(),
    Qos(reliable=False),
    Qos(keep_all=True),
    Qos(transient_local=True),
    Qos(transient_local=True, keep_all=True),
    Qos(transient_local=True, depth=3),
    Qos(depth=1),
    Qos(depth=2),
    Qos(depth=5),
    Qos(depth=17),
    Qos(depth=257),
)
_DURABLE = (
    Qos(transient_local=True),
    Qos(transient_local=True, keep_all=True),
    Qos(transient_local=True, depth=1),
    Qos(transient_local=True, depth=2),
    Qos(transient_local=True, depth=3),
    Qos(transient_local=True, depth=17),
)
_IDS = (1, 2, 0, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 100, 0x0FF, 0x100, 0x101, 0x7FF, 0x800, 0xABC, 0xFFE, 0xFFF)
_LAST_ID = 0xFFF
_SIXTEEN_BITS = 0xFFFF
_NEXT_IS_SAME_BYTE = 255  # of what is made so often, the next one has the number of the first, if a byte holds it
_SPARE_NAME_BYTES = 64
_XML_BYTES = 300  # beside the names in it
_TOPIC = 2  # the DDS-XRCE kind
_SPARE_ROWS = 4  # of the tables: what the ends of a sequence need at most, all kinds together
_OTHERS_MOST = 10  # samples of the other context: its records wait for it to end
_OTHERS_SMALL = 4
_WAKE_MS = 300
_KINDS_OF_CALLS = (
    "many_readers",
    "bursts",
    "loans",
    "deletions",
    "drops",
    "sessions",
    "callbacks",
    "elsewhere",
    "sleeps",
    "services",
    "later",
    "repeat",
    "forms",
    "domains",
    "participants",
    "modes",
    "many_topics",
    "nonsense",
)
_ALL_DURABLE = 0.2  # in how many all that is made is for late readers
_LINKED = 0.25  # how many of the sequences have a link
_COMPANY = 0.12  # of these, in how many something happens at the Agent
_LINKED_BYTES = 4096  # a longer sample takes the link for long
_DOMAINS = (0, 1, 42, 100)  # and those that differ from one of them in a single bit
_LAST_DOMAIN = 232  # that DDS has ports for
_PARTICIPANTS = (1, 0, 2)  # ids; each has a publisher and a subscriber of its own
_SELDOM = {
    "participants": 0.3,
    "domains": 0.15,
    "repeat": 0.2,
    "many_topics": 0.12,
    "modes": 0.25,
}  # how often a sequence has them; the others: 0.45


@dataclass(frozen=True, slots=True)
class Ground:
    """What the sequences of a board may use. ``memory_bytes``: message memory; ``words``: length of a program;
    ``link``: there is an Agent; ``company``: the Agent can be restarted; ``others``: there can be readers and writers
    elsewhere.
    """

    capabilities: Capability
    memory_bytes: int
    words: int
    limits: Limits
    rounds: int = 300
    longest: int = 40
    link: bool = False
    company: bool = False
    others: bool = False

    @property
    def small(self) -> bool:
        """Whether it is that of a small MCU."""
        return self.memory_bytes < 64 * 1024


def generate(random: Random, ground: Ground) -> Sequence:
    """Draw one sequence."""
    return _Drawing(random, ground).draw()


class _Drawing:
    def __init__(self, random: Random, ground: Ground) -> None:
        self.random = random
        self.ground = ground
        self.kinds = {kind for kind in _KINDS_OF_CALLS if random.random() < _SELDOM.get(kind, 0.45)}
        has = ground.capabilities
        if Capability.SERVICES not in has:
            self.kinds -= {"services", "later"}
        if Capability.DELETE not in has:
            self.kinds -= {"deletions", "drops"}
        if Capability.THREADS not in has:
            self.kinds -= {"elsewhere"}
        if ground.small and random.random() < 0.7:
            self.kinds -= {"participants"}  # each takes three calls more, of a short program
        self.link = ground.link and random.random() < _LINKED
        if self.link:
            self.kinds |= {"sessions"} if random.random() < 0.5 else set()  # what becomes of it when one ends
            self.kinds -= {"repeat"}  # a deletion may have to wait for the link, and a round is then not as the others
        self._draw_company()
        self.link_state = LinkState.WHOLE
        self.forms = [Form.BIN]
        if "forms" in self.kinds:
            self.forms += [Form.XML] if Capability.XML in has else []
            self.forms += [Form.REF] if Capability.REF in has else []
        buffers, buffer_bytes = self._memory()
        several = "modes" in self.kinds and random.random() < 0.5
        count = random.choice((3, 5) if several else (1, 1, 1, 2, 2, 2, 3, 5, 12))
        self.topics = draw_topics(random, count if not ground.small else min(count, 2))
        self.first_topic, self.some_topics = 0, len(self.topics)  # those that are drawn from now
        if "modes" in self.kinds and Capability.DELETE in has and random.random() < 0.5:
            self.kinds |= {"deletions"}
        if "many_topics" in self.kinds and not ground.small:
            self.topics = many_topics(random, random.choice((10, 18, 36, 36)))
            self.some_topics = random.choice((9, 12, 15, 17))
            self.kinds |= {"modes"} if random.random() < 0.5 else set()
        self.services = draw_services(random, random.choice((1, 2))) if "services" in self.kinds else []
        some: tuple[Qos, ...] = _DURABLE if random.random() < _ALL_DURABLE else _QOS
        if self.asks:  # what the Agent brings beside is then no matter of history
            some = tuple(qos for qos in _QOS if not _keeps(qos))
        self.qos = random.sample(some, random.choice((1, 2, 3)))
        self.several = ground.limits.sessions > 1 and random.random() < (0.7 if self.link else 0.5)
        self.domains = self._draw_domains()
        self.lengths = self._draw_lengths(buffer_bytes)
        names = (*self.topics, *self.services)
        self.sequence = Sequence(buffers, buffer_bytes, names, link=self.link, tells=self.tells)
        self.ideal = Ideal(self.sequence, ground.limits)
        self.operations: list[Operation] = []
        self.asks_later = False

    def _draw_lengths(self, buffer_bytes: int) -> list[int]:
        lengths = [each for each in _LENGTHS if each <= buffer_bytes]
        lengths += [buffer_bytes, buffer_bytes - 1, buffer_bytes // 2 or 1]
        if buffer_bytes > _SIXTEEN_BITS:
            lengths += [_SIXTEEN_BITS, _SIXTEEN_BITS + 1, _SIXTEEN_BITS + 2] * 4
        if self.asks:  # a sample from elsewhere shows by itself which it is
            lengths = [each for each in lengths if each >= 4]
        if self.random.random() < 0.5:  # the same few again and again
            lengths = self.random.sample(lengths, min(len(lengths), self.random.choice((1, 1, 2, 3))))
        return lengths

    def _draw_domains(self) -> list[int]:
        """The domain of each session; one that is opened again has the same."""
        sessions = max(2, self.ground.limits.sessions)
        if "domains" not in self.kinds or self.company:  # whom the Agent knows elsewhere are in domain 0
            return [0] * sessions
        first = self.random.choice(_DOMAINS)
        others = [each for each in (first ^ 1 << bit for bit in range(8)) if each <= _LAST_DOMAIN]
        return [first, *(self.random.choice((first, *others)) for _ in range(sessions - 1))]

    def _draw_company(self) -> None:
        """Whether something happens at the Agent, and what it is like."""
        self.company = self.link and self.ground.company and self.random.random() < _COMPANY
        self.tells = self.company and self.random.random() < 0.7
        self.asks = self.company and self.random.random() < 0.5
        self.there: set[tuple[Kind, int]] = set()  # elsewhere, by topic
        if self.company:
            self.kinds -= {"elsewhere", "many_topics"}

    def draw(self) -> Sequence:
        """All of it."""
        for session in range(2 if self.several else 1):
            self._open(session)
        self._new_end(Kind.WRITER)
        self._new_end(Kind.READER)
        wanted = self.random.randint(6, self.ground.longest if not self.ground.small else 13)
        moves = self._moves()
        weights = [weight for weight, _ in moves]
        while len(self.operations) < wanted:
            move = self.random.choices(moves, weights)[0][1]
            move()
        self._add(Spin())
        return replace(self.sequence, operations=tuple(self.operations))

    def _moves(self) -> list[tuple[int, Callable[[], None]]]:
        kinds = self.kinds
        moves: list[tuple[int, Callable[[], None]]] = [
            (14, self._publish),
            (8, self._spin),
            (3, lambda: self._new_end(Kind.WRITER)),
            (9 if "many_readers" in kinds else 4, lambda: self._new_end(Kind.READER)),
        ]
        optional = {
            "loans": (4, self._loan),
            "deletions": (4, self._delete),
            "drops": (1, self._drop),
            "sessions": (3 if self.link else 1, self._session),
            "callbacks": (5, self._in_callback),
            "elsewhere": (3, self._elsewhere),
            "sleeps": (1, self._sleep),
            "repeat": (3, self._repeat),
            "nonsense": (1, self._nonsense),
            "modes": (5, self._again),
            "many_topics": (8, self._many_topics),
        }
        moves += [move for kind, move in optional.items() if kind in kinds]
        if "deletions" in kinds:
            moves.append((2, self._forsaken))
        if "modes" in kinds and len(self.topics) > 2:
            moves.append((4, self._refused_again))
        if "modes" in kinds:
            moves.append((2, self._renew))
        if any(qos.transient_local for qos in self.qos):
            moves.append((3, self._late))
        if self.link:
            moves.append((3, self._change_link))
        if self.company:
            moves.append((1, self._restart))
            moves += [(3, self._come_or_go), (4, self._send_from_afar)] if self.ground.others else []
            moves += [(3, self._ask)] if self.asks else []
        if self.services:
            moves += [(4, self._new_service_end), (6, self._request), (2, self._service_loan)]
            moves += [(2, self._renewed_replier)] if "deletions" in kinds else []
            if "later" in kinds:
                moves.append((2, self._answer_later))
                moves += [(3, self._gone_before_the_answer)] if Capability.DELETE in self.ground.capabilities else []
        return moves

    # ---- what there is

    def _memory(self) -> tuple[int, int]:
        random, ground = self.random, self.ground
        while True:
            buffers, size = random.choice(_BUFFERS), random.choice(_BUFFER_BYTES)
            if self.link and size > _LINKED_BYTES:
                continue
            if buffers * size <= min(ground.memory_bytes, 4 * 65544 if size > 4096 else ground.memory_bytes // 2):
                return buffers, size

    def _add(self, operation: Operation) -> None:
        self.operations.append(operation)
        self.ideal.apply(operation)

    def _open(self, session: int) -> None:
        self._add(Open(session, self.domains[session]))

    def _ends(self, *kinds: Kind, loaned: bool | None = None) -> list[Endpoint]:
        return [
            end
            for end in self.ideal.world.ends.values()
            if end.end.kind in kinds and (loaned is None or (end.loan is not None) is loaned)
        ]

    def _session_index(self) -> int:
        open_ = [index for index, is_open in enumerate(self.ideal.world.sessions) if is_open]
        return self.random.choice(open_) if open_ else -1

    def _has_room(self, many: Create) -> bool:
        world, limits = self.ideal.world, self.ground.limits
        each = many.each()
        holding = {(create.end.session, *holder) for create in each for holder in holders(create)}
        rows = world.rows + len(holding - world.groups.keys()) + len(each)
        on = Counter(end.topic for end in world.ends.values())
        pairs = sum(on[self.sequence.topics[create.topic]] * _ways(create) for create in each)
        names, name_bytes = self._names([*self._living(), *each])
        return (
            rows + _SPARE_ROWS <= limits.entities
            and world.pairs + pairs <= limits.pairs
            and names + 2 < limits.names
            and name_bytes + _SPARE_NAME_BYTES < limits.name_bytes
        )

    def _living(self) -> list[Create]:
        return [end.made for end in self.ideal.world.ends.values()]

    def _names(self, creations: Iterable[Create]) -> tuple[int, int]:
        """Texts that a middleware has to keep for these endpoints, and their bytes, at the most."""
        topics = {key[:1] + key[2:] for key in self.ideal.world.groups if key[1] == _TOPIC}
        topics |= {
            (c.end.session, topic_id(c.topic, c.form, c.participant)) for c in creations if c.end.kind < Kind.REQUESTER
        }
        texts = [self.sequence.topics[topic_of(id)] for _, id in topics]
        sizes = [len(str(topic)) for topic in texts]
        for create in creations:
            topic = self.sequence.topics[create.topic]
            service = create.end.kind >= Kind.REQUESTER
            if create.form is Form.XML:
                sizes += [_XML_BYTES + len(str(topic)), len(str(topic))]
            elif create.form is Form.REF or service:
                sizes.append(len(str(topic)) + 8)
        return len(sizes), sum(sizes)

    def _length(self) -> int:
        return self.random.choice(self.lengths)

    def _burst(self) -> int:
        if "bursts" not in self.kinds or self.random.random() < 0.5:
            return self.random.choice((1, 1, 1, 2, 3))
        buffers = self.sequence.buffers
        most = self.random.choice((2, 3, 5, buffers - 1, buffers, buffers + 1, buffers + 2))
        return max(1, min(most, 300))

    def _sample(self, end: End) -> Publish:
        """Some samples at once; more than a byte can tell apart have more than a byte."""
        return self._samples(end, self._burst())

    def _samples(self, end: End, count: int) -> Publish:
        length = self._length()
        return Publish(end, max(2, length) if count > 100 and self.sequence.buffer_bytes > 1 else length, count)

    # ---- moves

    def _draw_end(self, kind: Kind) -> Create | None:
        session = self._session_index()
        if session < 0:
            return None
        used = {end.id for end in self.ideal.world.ends if end.session == session and end.kind is kind}
        vacant = [id for id in _IDS if id not in used]
        if not vacant:
            return None
        topic = self._topic()
        if kind >= Kind.REQUESTER:
            topic = len(self.topics) + self.random.randrange(len(self.services))
        form = self.random.choice(self.forms)
        qos = self.random.choice(self.qos)
        if form is not Form.BIN:
            qos = qos if form is Form.XML else replace(qos, depth=0, keep_all=False)
            form = Form.BIN if form is Form.REF and kind >= Kind.REQUESTER else form
        if kind >= Kind.REQUESTER:
            qos = Qos()
        reliable_stream = self.random.random() < 0.8
        chosen = self.random.choice(vacant[:4]) if self.random.random() < 0.7 else self.random.choice(vacant)
        twins = [each.id for each in self.ideal.world.ends if each.kind is kind and each.id not in used]
        if twins and self.random.random() < 0.4:
            chosen = self.random.choice(twins)  # the same number in another session
        create = Create(End(session, kind, chosen), topic, qos, form, reliable_stream, participant=self._participant())
        return create if self._has_room(create) else None

    def _participant(self) -> int:
        return self.random.choice(_PARTICIPANTS) if "participants" in self.kinds else _PARTICIPANTS[0]

    def _topic(self) -> int:
        """One of those whose turn it is; often one on which there is something already."""
        some = range(self.first_topic, min(self.first_topic + self.some_topics, len(self.topics)))
        used = sorted({c.topic for c in self._living() if c.topic in some})
        return self.random.choice(used if used and self.random.random() < 0.4 else list(some))

    def _new_end(self, kind: Kind) -> None:
        create = self._draw_end(kind)
        if create is None:
            return
        if kind is Kind.READER and "many_readers" in self.kinds:
            several = replace(create, count=self.random.choice((1, 1, 3, 9, 9, 17, 33, 40)))
            free = not any(each.end in self.ideal.world.ends for each in several.each())
            if free and create.end.id + several.count <= _LAST_ID and self._has_room(several):
                create = several
        self._add(create)

    def _new_service_end(self) -> None:
        kind = self.random.choice((Kind.REQUESTER, Kind.REQUESTER, Kind.REPLIER))
        create = self._draw_end(kind)
        if create is None:
            return
        topic = self.sequence.topics[create.topic]
        if kind is Kind.REPLIER and any(end.topic == topic for end in self._ends(Kind.REPLIER)):
            return  # which of two repliers answers is nobody's promise
        self._add(create)

    def _late(self) -> None:
        """A writer that keeps samples publishes some, and then a reader comes that asks for them."""
        keepers = [end for end in self._ends(Kind.WRITER, loaned=False) if end.qos.transient_local]
        if not keepers:
            return
        writer = self.random.choice(keepers)
        create = self._draw_end(Kind.READER)
        if create is None or create.form is not Form.BIN:
            return
        late = [qos for qos in _DURABLE if writer.qos.reliable] or [replace(writer.qos, depth=3)]
        create = replace(create, topic=writer.made.topic, qos=self.random.choice(late))
        if writer.made.form is Form.REF or not self._has_room(create):
            return
        if self.random.random() < 0.8:
            self._add(Publish(writer.end, self._length(), self.random.choice((1, 2, 3, 4, 5))))
        if self.random.random() < 0.5:
            self._add(Spin())
        self._add(create)
        if Capability.DELETE in self.ground.capabilities and not self.ideal.hooks and self.random.random() < 0.2:
            self._add(InCallback(self.random.choice((1, 1, 2)), (Delete(create.end),)))  # amid what was kept for it
        self._add(Spin())

    def _publish(self) -> None:
        writers = self._ends(Kind.WRITER, loaned=False)
        if writers:
            self._add(self._sample(self.random.choice(writers).end))

    def _spin(self) -> None:
        waiting = any(end.queue for end in self.ideal.world.ends.values())
        timeout = self.random.choice((0, 0, 0, 1, _WAKE_MS)) if waiting and self._sure_delivery() else 0
        self._add(Spin(timeout, self.random.choice((1, 1, 1, 2)) if timeout < _WAKE_MS else 1))

    def _sure_delivery(self) -> bool:
        return any(entry.required for end in self.ideal.world.ends.values() for entry in end.queue)

    def _at_rest(self) -> bool:
        """Whether nothing waits, neither a sample nor an action in a callback."""
        return not self.ideal.hooks and not any(end.queue for end in self.ideal.world.ends.values())

    def _service_loan(self) -> None:
        """A request in two steps, or given back, or left to go with its requester; also of one whom nobody answers."""
        requesters = self._ends(Kind.REQUESTER, loaned=False)
        if not requesters or self._ends(*Kind, loaned=True) or self.ideal.world.certainly_free() < 1:
            return
        requester = self.random.choice(requesters)
        self._add(Loan(requester.end, self._service_length()))
        how = self.random.choice((Send, Send, Send, Cancel, Delete))
        if how is Delete and Capability.DELETE not in self.ground.capabilities:
            how = Cancel
        self._add(how(requester.end))
        if how is Send and not requester.readers:  # which is refused
            self._add(Cancel(requester.end))
        elif how is Delete:
            made = _anew(requester)
            if self.random.random() < 0.5 and self._has_room(made):
                self._add(made)

    def _renewed_replier(self) -> None:
        """A replier goes while requests wait for it, and another one has its number."""
        pairs = [(end, asker) for asker in self._ends(Kind.REQUESTER, loaned=False) for end in asker.readers]
        if not pairs or self.ideal.world.certainly_free() < 1:
            return
        replier, asker = self.random.choice(pairs)
        self._add(Publish(asker.end, self._service_length(), self.random.choice((1, 1, 2))))
        self._add(Delete(replier.end))
        again = _anew(replier)
        if self._has_room(again):
            self._add(again)
        self._add(Spin())

    def _loan(self) -> None:
        open_ = self._ends(Kind.WRITER, loaned=True)
        if open_ and self.random.random() < 0.6:
            end = self.random.choice(open_).end
            self._add(Send(end) if self.random.random() < 0.7 else Cancel(end))
            return
        writers = self._ends(Kind.WRITER, loaned=False)
        if len(writers) > 1 and not open_ and self.random.random() < 0.5:
            length = self._length()  # of both: what is taken for the other is not told by it
            pair = [writer.end for writer in self.random.sample(writers, 2)]
            for end in pair:
                self._add(Loan(end, length))
            for end in self.random.sample(pair, 2):
                self._add(Send(end))
        elif writers and len(open_) < 4:
            self._add(Loan(self.random.choice(writers).end, self._length()))

    def _delete(self) -> None:
        ends = self._ends(*Kind)
        if len(ends) > 1:
            owed = [end for end in ends if end.queue]
            end = self.random.choice(owed if owed and self.random.random() < 0.4 else ends)
            waiting = bool(end.queue)
            self._add(Delete(end.end))
            writers = [each for each in self._ends(Kind.WRITER, loaned=False) if each.readers]
            if waiting and writers and self.random.random() < 0.4:  # what it left behind may have to make room
                self._add(Publish(self.random.choice(writers).end, self._length(), min(self.sequence.buffers + 1, 40)))
            made = _anew(end)
            if self.random.random() < 0.4 and self._has_room(made):
                self._add(made)

    def _forsaken(self) -> None:
        """Every buffer waits for readers that go; then samples need the room, and another reader comes."""
        writers = [
            end for end in self._ends(Kind.WRITER, loaned=False) if end.readers and end.made.form is not Form.REF
        ]
        if not writers:
            return
        writer = self.random.choice(writers)
        free = self.ideal.world.certainly_free()
        if free > 0:
            self._add(self._samples(writer.end, min(free, 300)))
        for reader in list(writer.readers)[: self.random.choice((1, 2, 4))]:
            self._add(Delete(reader.end))
        self._add(Publish(writer.end, self._length(), self.random.choice((1, 1, 2))))
        create = self._draw_end(Kind.READER)
        if create is not None and create.form is Form.BIN:
            create = replace(create, topic=writer.made.topic)
            if self._has_room(create):
                self._add(create)
        self._add(Publish(writer.end, self._length(), self.random.choice((1, 1, 2))))
        self._add(Spin())

    def _drop(self) -> None:
        groups = self._groups()
        if groups:
            session, kind, participant = self.random.choice(groups)
            self._add(Drop(session, Group(kind), participant))

    def _groups(self) -> list[tuple[int, int, int]]:
        return sorted(key for key in self.ideal.world.groups if key[1] != _TOPIC)

    def _renew(self) -> None:
        """What holds endpoints is made again: they stay, or go with the old one; then somebody comes who may meet those
        that are left.
        """
        groups = self._groups()
        if not groups:
            return
        session, kind, participant = self.random.choice(groups)
        gone = [end for end in self._ends(*Kind) if end.end.session == session and not end.loan]
        mode = self.random.choice((Mode.REPLACE, Mode.REPLACE, Mode.REUSE, Mode.REUSE | Mode.REPLACE, Mode.NEW))
        self._add(Renew(session, Group(kind), mode, participant))
        again = [end for end in gone if end.end not in self.ideal.world.ends and not end.made.mode]
        if again and self.random.random() < 0.6 and self._has_room(made := _anew(self.random.choice(again))):
            self._add(made)

    def _session(self) -> None:
        sessions = self.ideal.world.sessions
        closed = [index for index, is_open in enumerate(sessions) if not is_open]
        heard = not self.link or self.link_state is LinkState.WHOLE
        if closed and heard:
            self._open(closed[0])
        elif heard and sum(sessions) < self.ground.limits.sessions and self.random.random() < 0.5:
            self._open(len(sessions))
        elif sum(sessions) > 1:
            self._add(Close(self._session_index()))

    def _in_callback(self) -> None:
        if self.ideal.hooks >= 2:
            return
        if "deletions" in self.kinds and self.random.random() < 0.3:
            self._goes_in_callback()
            return
        actions = [self._action() for _ in range(self.random.choice((1, 1, 2)))]
        chosen = tuple(action for action in actions if action is not None)
        if chosen:
            self._add(InCallback(self.random.choice((1, 1, 1, 2, 3)), chosen))

    def _goes_in_callback(self) -> None:
        """In a callback of a writer's sample, maybe its own: a reader is renewed, or it goes with the one behind it."""
        writers = [end for end in self._ends(Kind.WRITER, loaned=False) if end.readers]
        if not writers or self.ideal.hooks:
            return
        writer = self.random.choice(writers)
        readers = list(writer.readers)
        at = 0 if self.random.random() < 0.6 else self.random.randrange(len(readers))
        reader, behind = readers[at], readers[at + 1 : at + 2]
        if behind and self.random.random() < 0.5:
            actions: tuple[Operation, ...] = (Delete(reader.end), Delete(behind[0].end))
        elif not reader.made.mode:
            actions = (Delete(reader.end), reader.made)
        else:
            return
        if self._sure_delivery():
            self._add(Spin())
        self._add(InCallback(self.random.choice((1, 1, at + 1)), actions))
        self._add(Publish(writer.end, self._length(), self.random.choice((1, 1, 2))))
        self._add(Spin())

    def _action(self) -> Operation | None:
        """A call that may be made inside a callback; what it needs is there already, or it is refused."""
        writers, ends = self._ends(Kind.WRITER, loaned=False), self._ends(*Kind)
        kinds = ["publish", "publish", "delete", "create"] + (["request"] * 4 if self.services else [])
        kind = self.random.choice(kinds)
        if kind == "publish" and writers:
            return Publish(self.random.choice(writers).end, self._length(), self.random.choice((1, 1, 2, 3)))
        if kind == "delete" and "deletions" in self.kinds and len(ends) > 1:
            return Delete(self.random.choice(ends).end)
        if kind == "create":
            create = self._draw_end(self.random.choice((Kind.READER, Kind.READER, Kind.WRITER)))
            if create is not None and not missing_holders(self.ideal.world, create):
                return create
        requesters = [end for end in self._ends(Kind.REQUESTER, loaned=False) if end.readers]
        if kind == "request" and requesters:
            return Publish(self.random.choice(requesters).end, self._service_length())
        return None

    def _plain(self, writer: Endpoint) -> bool:
        """Whether what it publishes is owed whenever it is published: no history takes part."""
        qos = [writer.qos, *(reader.qos for reader in writer.readers)]
        return bool(writer.readers) and not any(map(_keeps, qos))

    def _elsewhere(self) -> None:
        writers = [end for end in self._ends(Kind.WRITER, loaned=False) if self._plain(end)]
        requesters = [end for end in self._ends(Kind.REQUESTER, loaned=False) if end.readers]
        if not (writers or requesters) or self.ideal.hooks or self._ends(*Kind, loaned=True):
            return
        other = self.random.choice(writers + requesters)
        length = self._length() if other.end.kind is Kind.WRITER else self._service_length()
        if self.random.random() < 0.35 and self.ideal.world.certainly_free() > 1:
            self._add(Spin())
            self._add(Elsewhere((Publish(other.end, length),), delay_ms=self.random.choice((1, 3))))
            self._add(Spin(_WAKE_MS))
        else:
            self._add(
                Elsewhere(
                    (
                        Publish(
                            other.end,
                            length,
                            self.random.randint(1, _OTHERS_SMALL if self.ground.small else _OTHERS_MOST),
                        ),
                    )
                )
            )
            for _ in range(self.random.randint(1, 4)):
                mine = [end for end in writers if end is not other]
                if mine and self.random.random() < 0.6:
                    self._add(Publish(self.random.choice(mine).end, self._length(), self.random.randint(1, 6)))
                else:
                    self._add(Spin(0, self.random.choice((1, 3, 8))))
        self._add(Join())
        self._add(Spin())

    def _change_link(self) -> None:
        others = [state for state in LinkState if state is not self.link_state]
        self.link_state = self.random.choice(others)
        self._add(Link(self.link_state))
        if self.random.random() < 0.3:
            self._add(Spin(self.random.choice((1, 20))))

    def _restart(self) -> None:
        self.there.clear()
        self._add(Restart())

    def _come_or_go(self) -> None:
        kind = self.random.choice((Kind.READER, Kind.READER, Kind.WRITER))
        topic = self._topic()
        self.there ^= {(kind, topic)}
        self._add(Remote(kind, topic, (kind, topic) in self.there))

    def _send_from_afar(self) -> None:
        topics = sorted(topic for kind, topic in self.there if kind is Kind.WRITER)
        if topics:
            self._add(Sent(self.random.choice(topics), self.random.choice((4, 8, 33, 100)), self.random.choice((1, 2))))

    def _ask(self) -> None:
        readers = self._ends(Kind.READER)
        if readers:
            self._add(Ask(self.random.choice(readers).end))

    def _sleep(self) -> None:
        self._add(Spin(1))

    def _repeat(self) -> None:
        self._add(Spin())
        if not self._at_rest():
            return
        writers = [end for end in self._ends(Kind.WRITER, loaned=False) if self._plain(end)]
        requesters = [end for end in self._ends(Kind.REQUESTER, loaned=False) if end.readers]
        body: tuple[Operation, ...] = ()
        coming = self._coming_and_going() if self.random.random() < 0.6 else ()
        if coming:
            body = coming
        elif (
            requesters and not self.asks_later and self.ideal.world.certainly_free() > 2 and self.random.random() < 0.5
        ):
            body = (
                Publish(self.random.choice(requesters).end, max(4, min(16, self._service_length()))),
                Spin(),
                Spin(),
            )
        elif writers:
            writer = self.random.choice(writers)
            count = max(1, min(self.random.choice((1, 1, 2)), self.ideal.world.certainly_free()))
            body = (Publish(writer.end, max(4, min(64, self._length())), count), Spin())
        if body and self.ideal.world.certainly_free() > 0:
            self._add(Repeat(self.ground.rounds, body))

    def _coming_and_going(self) -> tuple[Operation, ...]:
        """An endpoint or a session that comes, is used and goes, again and again; or that is made again as it is."""
        if Capability.DELETE not in self.ground.capabilities:
            return ()
        if self.random.random() < 0.25 and (session := self._session_of_a_round()):
            return session
        again = "modes" in self.kinds and self.random.random() < 0.5
        create = self._there_again() if again else self._draw_end(self.random.choice((Kind.WRITER, Kind.READER)))
        if create is None or _keeps(create.qos) or missing_holders(self.ideal.world, create):
            return ()
        used = self._use(create)
        if self.ideal.world.certainly_free() <= sum(getattr(each, "count", 1) for each in used):
            return ()
        if create.mode:
            return (create, *used, Spin())
        if create.end.kind is Kind.WRITER and self.random.random() < 0.2:
            used.append(Loan(create.end, max(4, min(64, self._length()))))  # and it goes with a loan that is open
        return (create, *used, *self.random.choice(((Delete(create.end), Spin()), (Spin(), Delete(create.end)))))

    def _use(self, create: Create) -> list[Operation]:
        """Samples that an endpoint which is to be made publishes or gets, if there is another end for them."""
        length = max(4, min(64, self._length()))
        count = self.random.choice((1, 2, 2, 3))
        if create.end.kind is Kind.WRITER:
            readers = self._heard_by(create)
            kept = any(_keeps(each.qos) for each in readers)
            return [Publish(create.end, length, count)] if readers and not kept else []
        topic, domain = self.sequence.topics[create.topic], self.domains[create.end.session]
        writers = [w for w in self._ends(Kind.WRITER, loaned=False) if w.topic == topic and w.domain == domain]
        writers = [w for w in writers if not any(_keeps(each.qos) for each in (w, *w.readers))]
        return [Publish(self.random.choice(writers).end, length, count)] if writers else []

    def _heard_by(self, writer: Create) -> list[Endpoint]:
        topic, domain = names_of(writer, self.sequence.topics), self.domains[writer.end.session]
        readers = [end for end in self._ends(Kind.READER) if end.topic == topic and end.domain == domain]
        return [end for end in readers if may_meet(writer.qos, end.qos)]

    def _there_again(self) -> Create | None:
        """Something that is there, as it is, by a call that reuses or replaces it."""
        there = [end.made for end in self._ends(Kind.WRITER, Kind.READER, loaned=False) if not end.queue]
        if not there:
            return None
        return replace(self.random.choice(there), mode=self.random.choice((Mode.REUSE, Mode.REPLACE)))

    def _session_of_a_round(self) -> tuple[Operation, ...]:
        """A whole session with a pair of its own, if there is room for another."""
        sessions = self.ideal.world.sessions
        vacant = next((i for i, is_open in enumerate(sessions) if not is_open), len(sessions))
        if vacant >= self.ground.limits.sessions or self.ideal.world.certainly_free() < 2:
            return ()
        ends = End(vacant, Kind.WRITER, 1), End(vacant, Kind.READER, 1)
        goes: tuple[Operation, ...] = (Spin(), Close(vacant))
        if self.random.random() < 0.4:  # with a writer that went before it, and has samples under way
            goes = (Delete(ends[0]), Close(vacant), Spin())
        creations = [Create(end, self._topic()) for end in ends[:1]]
        creations.append(replace(creations[0], end=ends[1]))
        heard = self._heard_by(creations[0])
        if not all(map(self._has_room, creations)) or any(_keeps(reader.qos) for reader in heard):
            return ()
        return (
            Open(vacant, self.domains[vacant]),
            *creations,
            Publish(ends[0], max(4, min(64, self._length()))),
            *goes,
        )

    def _service_length(self) -> int:
        most = max(1, self.sequence.buffer_bytes - 24)
        fitting = [length for length in self.lengths if length <= most]
        return self.random.choice(fitting or [1])

    def _request(self) -> None:
        requesters = [end for end in self._ends(Kind.REQUESTER, loaned=False) if end.readers]
        if requesters:
            count = self.random.choice((1, 1, 1, 2, 4))
            self._add(Publish(self.random.choice(requesters).end, self._service_length(), count))
            if self.random.random() < 0.5:
                self._add(Spin(0, self.random.choice((1, 2))))

    def _gone_before_the_answer(self) -> None:
        """A requester goes with its requests open, and another one has its number; then they are answered."""
        requesters = [end for end in self._ends(Kind.REQUESTER, loaned=False) if end.readers]
        if not requesters or self.ideal.world.certainly_free() < 2:
            return
        asker = self.random.choice(requesters)
        if not self.asks_later:
            self.asks_later = True
            self._add(Keep(True))
        self._add(Publish(asker.end, self._service_length(), self.random.choice((1, 1, 2))))
        self._add(Spin())
        session, sessions = asker.end.session, self.ideal.world.sessions
        apart = any(replier.end.session != session for replier in asker.readers)
        if apart and all(sessions) and not self.link and self.random.random() < 0.4:
            self._add(Close(session))  # and so does all of its session, which is opened again
            self._open(session)
        else:
            self._add(Delete(asker.end))
        again = _anew(asker)
        if not self._has_room(again):
            return
        rounds = "repeat" in self.kinds and self._at_rest() and not missing_holders(self.ideal.world, again)
        if rounds and self.random.random() < 0.4:
            self._add(Repeat(_NEXT_IS_SAME_BYTE, (again, Delete(again.end))))
        self._add(again)
        if self.random.random() < 0.5:
            self._add(Publish(asker.end, self._service_length()))
            self._add(Spin())
        self._add(Reply(max(1, len(self.ideal.kept))))
        self._add(Spin())

    def _answer_later(self) -> None:
        if self.asks_later and self.random.random() < 0.7:
            self._add(Reply(self.random.choice((1, 1, 2, 4))))
        elif len(self.ideal.kept) < 4:
            self.asks_later = not self.asks_later
            self._add(Keep(self.asks_later))

    def _again(self) -> None:
        """Something that is there is made again: as it is, on another topic, or with other quality of service."""
        there = [end.made for end in self._ends(Kind.WRITER, Kind.READER)]
        if not there:
            return
        modes = (Mode.REUSE, Mode.REPLACE, Mode.REUSE | Mode.REPLACE)
        mode = self.random.choice(modes) if self.random.random() < 0.9 else Mode.NEW
        create = replace(self.random.choice(there), mode=mode)
        other = self.random.random()
        if other < 0.2:
            create = replace(create, topic=self._topic())
        elif other < 0.3 and create.form is not Form.REF:
            create = replace(create, qos=replace(create.qos, reliable=not create.qos.reliable))
        if self._has_room(create):
            for _ in range(self.random.choice((1, 1, 3))):  # a refused one leaves everything as it was, each time
                self._add(create)

    def _refused_again(self) -> None:
        """A reuse that is refused some times, as the topic is another; then somebody on a topic that is new."""
        living = [made for made in self._living() if made.end.kind < Kind.REQUESTER and made.form is not Form.REF]
        used = sorted({made.topic for made in living})
        fresh = [topic for topic in range(len(self.topics)) if topic not in used]
        if len(used) < 2 or not fresh:
            return
        old = self.random.choice(living)
        other = self.random.choice([topic for topic in used if topic != old.topic])
        for _ in range(self.random.choice((1, 2, 3, 4, 5))):
            self._add(replace(old, topic=other, mode=Mode.REUSE))
        create = self._draw_end(Kind.WRITER)
        if create is None or not self._has_room(replace(create, topic=fresh[0])):
            return
        self._add(replace(create, topic=fresh[0]))
        self._add(Publish(create.end, self._length()))

    def _many_topics(self) -> None:
        """The same endpoint on each of many topics; or what there was goes, and other topics have their turn."""
        session = self._session_index()
        if session < 0:
            return
        if self.random.random() < 0.2 and Capability.DELETE in self.ground.capabilities:
            if (session, Group.PARTICIPANT, _PARTICIPANTS[0]) in self.ideal.world.groups:
                self._add(Drop(session, Group.PARTICIPANT))
                self.first_topic = (self.first_topic + self.some_topics) % len(self.topics)
            return
        kind = self.random.choice((Kind.WRITER, Kind.READER))
        some = min(self.some_topics, len(self.topics) - self.first_topic)
        count = self.random.randint(2, some) if some > 2 and self.random.random() < 0.5 else some
        used = {end.id for end in self.ideal.world.ends if end.session == session and end.kind is kind}
        first = next((id for id in (*_IDS, 0x200, 0x300) if not used & set(range(id, id + count))), None)
        if first is None or first + count > _LAST_ID:
            return
        create = Create(
            End(session, kind, first), self.first_topic, self.random.choice(self.qos), count=count, apart=True
        )
        if self._has_room(create):
            self._add(create)
            if "modes" in self.kinds and self.random.random() < 0.5:
                self._add(replace(create, mode=self.random.choice((Mode.REUSE, Mode.REUSE | Mode.REPLACE))))

    def _nonsense(self) -> None:
        """A call that must be refused: of what is not there, or twice."""
        session = max(0, self._session_index())
        nobody = End(session, self.random.choice((Kind.WRITER, Kind.READER)), 0x555)
        ends = self._ends(Kind.WRITER, Kind.READER)
        choice = self.random.choice(("delete", "publish", "large", "cancel"))
        choice = "publish" if Capability.DELETE not in self.ground.capabilities and choice == "delete" else choice
        if choice == "delete":
            self._add(Delete(nobody))
        elif choice == "publish":
            self._add(Publish(End(session, Kind.WRITER, 0x555), 8))
        elif choice == "large" and self._ends(Kind.WRITER, loaned=False):
            end = self.random.choice(self._ends(Kind.WRITER, loaned=False)).end
            self._add(Publish(end, self.sequence.buffer_bytes + self.random.choice((1, 8, 100))))
        elif ends:
            writers = self._ends(Kind.WRITER, loaned=False)
            if writers:
                self._add(Cancel(self.random.choice(writers).end))


def _anew(end: Endpoint) -> Create:
    """The call that makes it once more, after its deletion."""
    return replace(end.made, mode=Mode.NEW)


def _ways(create: Create) -> int:
    """Pairs that it is half of with each partner: what is asked is answered."""
    return 2 if create.end.kind >= Kind.REQUESTER else 1


def _keeps(qos: Qos) -> bool:
    """Whether what was published before or after has a say in what arrives."""
    return qos.transient_local or bool(qos.depth)

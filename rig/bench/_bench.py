"""The bench firmware as an object: start the middleware, make entities, exchange samples, look at RAM."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from rig.bench import _layout as layout
from rig.bench._clock import Clock, clock_for
from rig.bench._layout import Capability, Command, Counter, EntryKind, ExchangeArgument, ExchangeFlag, Status
from rig.bench._mailbox import Entry, Hello, Mailbox, Memory, Reply, Stuck
from rig.bench._program import Called, Heard, read_entries
from rig.errors import FirmwareFault
from rig.model import Qos

_CLOCK_REPEATS = 16
_PATIENCE = 6.0  # seconds; a busy host has every thread and emulator run many times in it

_CONFIRMED_SECONDS = 1.5
"""What a publish waits at most for an Agent's confirmation, with some to spare (RMW_UXRCE_PUBLISH_RELIABLE_TIMEOUT)."""


class Refused(FirmwareFault):
    """The middleware answered a command with an error. ``status`` says which; an experiment may expect it."""

    def __init__(self, command: Command, status: Status, detail: str = "") -> None:
        super().__init__(
            f"the middleware refused {command.name.lower()}{' ' + detail if detail else ''}: {status.name}",
            hint="the firmware's log is in console.log",
        )
        self.status = status


class Unsupported(Refused):
    """The middleware behind this firmware has no such feature. This is no fault; the report says so."""

    def __init__(self, command: Command, status: Status, detail: str = "") -> None:
        super().__init__(command, status, detail)
        self.message = f"the middleware does not support {command.name.lower()} {detail}".rstrip()


_CONTEXTS = ("the main context", "the first other context", "the second other context")


def standing(stuck: Stuck) -> list[str]:
    """The contexts that stand in a call of the middleware, each with that call and its number."""
    return [
        f"{_CONTEXTS[context]} in {layout.Doing(word & 0xFF).name.lower()}, its call {word >> 8:,}"
        for context, word in enumerate(stuck.doing)
        if word & 0xFF
    ]


def _refusal(command: Command, status: Status, detail: str = "") -> Refused:
    kind = Unsupported if status is Status.UNSUPPORTED else Refused
    return kind(command, status, detail)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pool:
    """Message memory as the middleware got it. ``address`` is its first byte; sizes in bytes."""

    buffer_bytes: int
    address: int
    bytes: int


def qos_bits(qos: Qos) -> int:
    """Reliability, durability and history of an endpoint, as the mailbox has them; the depth stands apart."""
    return qos.reliable | qos.transient_local << 1 | qos.keep_all << 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Entity:
    """What CREATE needs; object kinds and forms are those of DDS-XRCE (form 3 is BIN)."""

    kind: int
    id: int
    parent: int = 0
    topic: int = 0
    name: str = ""
    type: str = ""
    reply_type: str = ""
    qos: Qos = field(default_factory=Qos)
    reliable_stream: bool = True
    form: int = 3
    mode: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """What one EXCHANGE command saw. ``counters`` hold what the middleware asked for during it; ``own`` the least and
    the greatest time, in units of the clock, that the bench itself spent between publishing and spinning (0: unknown);
    ``returned`` those from a publish call to the return of the first spin after it.

    ``readers``: deliveries expected of each sample. ``surplus``: intact deliveries that brought a reader a sample that
    it had already, or went to a reader too many; they do not make up for those that are missing.
    """

    readers: int
    surplus: int
    accepted: int
    refused: int
    delivered: int
    damaged: int
    local: int
    status: Status
    counters: dict[Counter, int]
    entries: tuple[Entry, ...]
    own: tuple[int, int] = (0, 0)
    returned: tuple[int, int] = (0, 0)

    @property
    def deliveries(self) -> list[Entry]:
        """Entries of callbacks, oldest first."""
        return [r for r in self.entries if r.kind is EntryKind.DELIVERED]

    @property
    def once(self) -> int:
        """Deliveries that count: intact, and the first of a sample to a reader."""
        return self.delivered - self.damaged - self.surplus

    @property
    def lost(self) -> int:
        """Deliveries that accepted samples still owe their readers."""
        return max(0, self.accepted * self.readers - self.once)

    @property
    def complete(self) -> bool:
        """Whether nothing was refused and each reader had each sample intact, were it more than once."""
        return self.lost == self.refused == self.damaged == 0

    @property
    def whole(self) -> bool:
        """Whether nothing was refused and each reader had each sample intact exactly once."""
        return self.complete and self.surplus == 0

    @property
    def shortfall(self) -> str:
        """What keeps it from being whole, in words; empty if it is."""
        if self.refused:
            return f"a publish was refused with {self.status.name}"
        parts = (
            (self.lost, f"{self.lost} of {self.accepted * self.readers} deliveries are missing"),
            (self.damaged, f"{self.damaged} deliveries were damaged"),
            (self.surplus, f"{self.surplus} deliveries too many"),
        )
        return ", ".join(words for count, words in parts if count)

    @property
    def refusals(self) -> list[Entry]:
        """Entries of loan and publish calls that failed."""
        return [r for r in self.entries if r.kind is EntryKind.REFUSED]


def _surplus(entries: Sequence[Entry], readers: int) -> int:
    """Intact deliveries that are not the first of a sample to one of the first ``readers`` readers that were heard."""
    delivered = [r for r in entries if r.kind is EntryKind.DELIVERED and r.intact]
    heard = [((r.session, r.reader), r.sequence) for r in delivered]
    expected = list(dict.fromkeys(reader for reader, _ in heard))[:readers]
    return len(heard) - len({(reader, sequence) for reader, sequence in heard if reader in expected})


@dataclass(frozen=True, kw_only=True, slots=True)
class Served:
    """What one SERVICE command saw. ``local``: good replies that came by shared memory; ``wrong``: replies with an
    unknown request id, a second time, or with other bytes than were asked.
    """

    asked: int
    refused: int
    heard: int
    answered: int
    replied: int
    wrong: int
    local: int
    status: Status


@dataclass(frozen=True, kw_only=True, slots=True)
class Preempted:
    """What one PREEMPT command saw. ``full``: calls that found no buffer, their sample was tried again;
    ``misplaced``: deliveries that were not the successor of the one before, of the same writer at the same reader;
    ``inside``: samples published while another context was in a call of the middleware; ``depth``: how often a
    callback's context held the lock, at most; ``held_off``: the longest that a context waited for the lock, in units of
    the clock.
    """

    accepted: int
    full: int
    delivered: int
    damaged: int
    misplaced: int
    status: Status
    inside: int
    depth: int
    held_off: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Woken:
    """What one WAKE command saw. ``tried``: spins; ``delivered``: samples, whole and in order; ``missed``: spins that
    had lasted for half their time-out or more; ``inside``: samples published while the spin was under way; ``longest``:
    from the publisher's loan to the callback, of those in time, in units of the clock; ``longest_ms``: of all spins;
    ``late``: of those in time, how many took longer than was asked about.
    """

    tried: int
    accepted: int
    delivered: int
    missed: int
    inside: int
    longest: int
    longest_ms: int
    status: Status
    late: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Statistics:
    """``rig_mw_statistics_t``: the middleware's own count. ``withheld``: samples that went to their local readers
    only, because they are too long for an Agent that does not tell who else reads. ``copied``: payload bytes that the
    bench's backend copied, and not the middleware behind it.
    """

    delivered_local: int
    delivered_link: int
    refused_buffer: int
    refused_table: int
    lost: int
    buffers_free: int
    entities: int
    withheld: int
    copied: int


class Bench:
    """One running bench firmware.

    :param memory: the target's memory, usable while it runs.
    :param address: of the mailbox.
    :param icount_shift: the emulator's, None on real hardware and natively.
    :param healthy: why the board is dead, or None.
    """

    def __init__(
        self,
        memory: Memory,
        address: int,
        *,
        icount_shift: int | None = None,
        healthy: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._mailbox = Mailbox(memory, address, healthy=healthy)
        self.hello: Hello = self._mailbox.attach()
        self.clock: Clock = clock_for(self.hello.clock, self.hello.clock_hz, icount_shift=icount_shift)
        reading, _, recording, *_ = self.command(Command.CLOCK, (_CLOCK_REPEATS,)).results
        self.clock = replace(self.clock, cost=self.clock.convert(reading))
        self.clock = replace(self.clock, recording=self.clock.interval(0, recording))

    def command(
        self, command: Command, arguments: Sequence[int] = (), text: Sequence[str] = (), *, timeout: float = 5.0
    ) -> Reply:
        """Run one command; :raises Refused: if the middleware answers with an error."""
        reply = self._mailbox.command(command, arguments, text, timeout=timeout)
        if reply.status is not Status.OK:
            raise _refusal(command, reply.status, " ".join(text).strip())
        return reply

    @property
    def rests(self) -> frozenset[int]:
        """Addresses of the words that the firmware writes when it holds in a callback, and when it finishes."""
        return self._mailbox.rests

    def has(self, capability: Capability) -> bool:
        """Whether the middleware behind this firmware can do it."""
        return capability in self.hello.capabilities

    def start(
        self,
        *,
        buffers: int,
        buffer_bytes: int = 0,
        mtu: int = 512,
        history: int = 4,
        link: bool = True,
        contexts: bool = False,
    ) -> Pool:
        """Start the middleware anew.

        :param buffer_bytes: of the whole pool; 0 takes all the board has.
        :param contexts: for ``preempt`` and ``wake``, and for nothing else.
        """
        listener = layout.StartFor.PREEMPT if contexts else layout.StartFor.EXCHANGE
        results = self.command(Command.START, (buffers, buffer_bytes, mtu, history, link, listener)).results
        return Pool(buffer_bytes=results[0], address=results[1], bytes=results[2])

    def stop(self) -> None:
        """Stop the middleware; the Agent may be told, but is not waited for."""
        self.command(Command.STOP)

    def open_session(self, key: int, *, timeout: float = 2.0) -> int:
        """Open a session; ``timeout`` 0 starts it with no Agent. Returns its index."""
        ms = int(timeout * 1000)
        return self.command(Command.SESSION_OPEN, (key, ms), timeout=timeout + 5).results[0]

    def close_session(self, session: int, *, timeout: float = 2.0) -> None:
        """Close a session."""
        self.command(Command.SESSION_CLOSE, (session, int(timeout * 1000)), timeout=timeout + 5)

    def create(self, session: int, entity: Entity, *, timeout: float = 2.0) -> None:
        """Create an entity; ``timeout`` 0 does not wait for the Agent."""
        arguments = (
            session,
            entity.kind,
            entity.form,
            entity.mode,
            entity.id,
            entity.parent,
            entity.topic,
            qos_bits(entity.qos),
            entity.qos.depth,
            entity.reliable_stream,
            int(timeout * 1000),
        )
        self.command(Command.CREATE, arguments, (entity.name, entity.type, entity.reply_type), timeout=timeout + 5)

    def delete(self, session: int, kind: int, id: int, *, timeout: float = 2.0) -> tuple[Entry, ...]:
        """Delete an entity; returns what was delivered while the middleware waited for the Agent's answer."""
        reply = self.command(Command.DELETE, (session, kind, id, int(timeout * 1000)), timeout=timeout + 5)
        return tuple(entry for entry in reply.entries if entry.kind is EntryKind.DELIVERED)

    def read(
        self,
        session: int,
        reader: int,
        max_samples: int = 0xFFFF,
        *,
        seconds: int = 0,
        bytes_per_second: int = 0,
        pace_ms: int = 0,
    ) -> None:
        """Ask the Agent for a reader's samples (READ_DATA); ``max_samples`` 0xFFFF is without limit, 0 cancels.

        :param seconds: for how long; this and the next two: 0 is without limit.
        :param bytes_per_second: no faster than that.
        :param pace_ms: milliseconds between two samples.
        """
        self.command(Command.READ, (session, reader, max_samples, seconds, bytes_per_second, pace_ms))

    def spin(self, *, timeout: float, messages: int = 0) -> int:
        """Spin up to ``timeout`` seconds or until ``messages`` were delivered. Returns the count."""
        reply = self.command(Command.SPIN, (int(timeout * 1000), messages), timeout=timeout + 5)
        return reply.results[0]

    def publish(self, *, session: int, writer: int, length: int, sequence: int) -> None:
        """Publish one sample and leave it waiting: no spin follows. See ``deliver``."""
        self.command(Command.PUBLISH, (session, writer, length, sequence))

    def deliver(self, *, timeout: float) -> list[Entry]:
        """Spin up to ``timeout`` seconds for what ``publish`` left waiting; returns the deliveries, oldest first."""
        reply = self.command(Command.SPIN, (int(timeout * 1000), 0), timeout=timeout + 5)
        return [entry for entry in reply.entries if entry.kind is EntryKind.DELIVERED]

    def exchange(
        self,
        *,
        session: int,
        writer: int,
        count: int,
        length: int,
        readers: int,
        burst: int = 1,
        first: int = 1,
        spin_ms: int = 10,
        deadline: float = 1.0,
        record: bool = True,
        quiet: bool = False,
        on_hold: Callable[[], None] | None = None,
        within: Callable[[Callable[[], None]], None] | None = None,
        timeout: float = 30.0,
    ) -> Exchange:
        """Publish ``count`` samples of ``length`` bytes, ``burst`` between two spins, and gather their deliveries.

        :param readers: deliveries expected per sample.
        :param spin_ms: time-out handed to each spin, milliseconds.
        :param deadline: how long a burst may take until its deliveries are given up, seconds.
        :param quiet: hold the link's interrupt back while a burst is published and first spun for, so that nothing
            but the measured code runs; of use only where the link has no part in the delivery.
        :param on_hold: called while the firmware holds in the last expected callback.
        :param within: called with a function that starts the command; returns when the firmware holds or finishes.
        :param timeout: for the whole command, seconds; longer where a spin sleeps to its time-out although a sample is
            there, or publish waits for an Agent's confirmation.
        """
        timeout += 2 * spin_ms / 1000 * count / burst
        if self.has(Capability.CONFIRMED):
            timeout += _CONFIRMED_SECONDS * count
        flags = ExchangeFlag(0) if record else ExchangeFlag.NO_RECORD
        if quiet:
            flags |= ExchangeFlag.QUIET
        if on_hold is not None:
            flags |= ExchangeFlag.HOLD
        slots = {
            ExchangeArgument.SESSION: session,
            ExchangeArgument.WRITER: writer,
            ExchangeArgument.COUNT: count,
            ExchangeArgument.LENGTH: length,
            ExchangeArgument.BURST: burst,
            ExchangeArgument.EXPECTED: readers,
            ExchangeArgument.SPIN_MS: spin_ms,
            ExchangeArgument.DEADLINE_MS: int(deadline * 1000),
            ExchangeArgument.FIRST: first,
            ExchangeArgument.FLAGS: flags,
        }
        self._begin_within(within, layout.arguments(slots))
        reply = self._mailbox.finish(timeout=timeout, on_hold=on_hold)
        if reply.status is not Status.OK:
            raise _refusal(Command.EXCHANGE, reply.status)
        slot, results = layout.Exchanged, reply.results
        counted = results[slot.COUNTERS : slot.COUNTERS + len(Counter)]
        return Exchange(
            readers=readers,
            surplus=_surplus(reply.entries, readers) if record else results[slot.SURPLUS],
            accepted=results[slot.ACCEPTED],
            refused=results[slot.REFUSED],
            delivered=results[slot.DELIVERED],
            damaged=results[slot.DAMAGED],
            local=results[slot.LOCAL],
            status=Status(layout.signed(results[slot.STATUS])),
            counters=dict(zip(Counter, counted, strict=True)),
            entries=reply.entries,
            own=self._range(results[slot.OWN : slot.OWN + 2]),
            returned=self._range(results[slot.RETURNED : slot.RETURNED + 2]),
        )

    def _range(self, ticks: Sequence[int]) -> tuple[int, int]:
        """Least and greatest interval, with one reading's cost taken off each; zeros from a firmware that says none."""
        return (self.clock.interval(0, ticks[0]), self.clock.interval(0, ticks[1]))

    def _begin_within(self, within: Callable[[Callable[[], None]], None] | None, arguments: Sequence[int]) -> None:
        begun = False

        def begin() -> None:
            nonlocal begun
            begun = True
            self._mailbox.begin(Command.EXCHANGE, arguments)

        if within is not None:
            within(begin)
        if not begun:
            begin()

    def serve(
        self,
        *,
        session: int,
        requester: int,
        count: int,
        length: int,
        outstanding: int,
        first: int = 1,
        spin_ms: int = 10,
        deadline: float = 1.0,
        timeout: float = 60.0,
    ) -> Served:
        """Send ``count`` requests of ``length`` bytes, ``outstanding`` between two spins; repliers of the bench answer.

        :param deadline: how long the replies to a round may take, seconds; the first round that lacks one is the last.
        """
        slots = {
            layout.ServiceArgument.SESSION: session,
            layout.ServiceArgument.REQUESTER: requester,
            layout.ServiceArgument.COUNT: count,
            layout.ServiceArgument.LENGTH: length,
            layout.ServiceArgument.OUTSTANDING: outstanding,
            layout.ServiceArgument.SPIN_MS: spin_ms,
            layout.ServiceArgument.DEADLINE_MS: int(deadline * 1000),
            layout.ServiceArgument.FIRST: first,
        }
        results = self.command(Command.SERVICE, layout.arguments(slots), timeout=timeout).results
        slot = layout.Served
        return Served(
            asked=results[slot.ASKED],
            refused=results[slot.REFUSED],
            heard=results[slot.HEARD],
            answered=results[slot.ANSWERED],
            replied=results[slot.REPLIED],
            wrong=results[slot.WRONG],
            local=results[slot.LOCAL],
            status=Status(layout.signed(results[slot.STATUS])),
        )

    def preempt(
        self,
        *,
        session: int,
        writer: int,
        count: int,
        length: int,
        deadline: float,
        readers: int = 1,
        contexts: int = 2,
        turns: bool = False,
        first: int = 1,
        timeout: float = 60.0,
    ) -> Preempted:
        """Let other contexts (threads, interrupts) publish while this one publishes and spins.

        :param writer: of the main context; the others have the ids that follow.
        :param count: samples of each context.
        :param deadline: for all of it, seconds of the board's time.
        :param readers: of each sample, with ids from 1 on.
        :param contexts: that publish, the main one among them: at most ``CONTEXTS``.
        :param turns: all in the main context, one after the other: nothing can meet.
        :param timeout: seconds to wait beyond the deadline.
        :raises Stuck: contexts stand in calls of the middleware that do not come back.
        """
        argument = layout.PreemptArgument
        slots = {
            argument.SESSION: session,
            argument.WRITER: writer,
            argument.COUNT: count,
            argument.LENGTH: length,
            argument.DEADLINE_MS: int(deadline * 1000),
            argument.FIRST: first,
            argument.READERS: readers,
            argument.CONTEXTS: contexts,
            argument.TURNS: turns,
        }
        results = self._watched(Command.PREEMPT, layout.arguments(slots), timeout=deadline + timeout)
        slot = layout.Preempted
        return Preempted(
            accepted=results[slot.ACCEPTED],
            full=results[slot.FULL],
            delivered=results[slot.DELIVERED],
            damaged=results[slot.DAMAGED],
            misplaced=results[slot.MISPLACED],
            status=Status(layout.signed(results[slot.STATUS])),
            inside=results[slot.INSIDE],
            depth=results[slot.DEPTH],
            held_off=self.clock.convert(results[slot.HELD_OFF]),
        )

    def wake(
        self,
        *,
        session: int,
        writer: int,
        context: int,
        length: int,
        tries: int,
        timeout: float,
        late: float,
        first: int = 1,
    ) -> Woken:
        """Spin again and again, with a time-out of ``timeout`` seconds, until another context has published a sample.

        :param context: 1 or 2; the sample is that of the writer ``writer + context``, for one reader.
        :param tries: spins; the samples come at moments that are spread over the spin's way into its sleep. Natively
            each point of that way has a spin of its own as well, beyond these.
        :param late: seconds from publishing to the callback that count as late.
        :raises Stuck: as ``preempt``.
        """
        argument = layout.WakeArgument
        slots = {
            argument.SESSION: session,
            argument.WRITER: writer,
            argument.CONTEXT: context,
            argument.LENGTH: length,
            argument.TRIES: tries,
            argument.TIMEOUT_MS: int(timeout * 1000),
            argument.FIRST: first,
            argument.LATE: int(late * self.clock.hz),
        }
        results = self._watched(Command.WAKE, layout.arguments(slots), timeout=60 + 2 * timeout)
        slot = layout.Woken
        return Woken(
            tried=results[slot.TRIED],
            accepted=results[slot.ACCEPTED],
            delivered=results[slot.DELIVERED],
            missed=results[slot.MISSED],
            inside=results[slot.INSIDE],
            longest=self.clock.interval(0, results[slot.LONGEST]),
            longest_ms=results[slot.LONGEST_MS],
            status=Status(layout.signed(results[slot.STATUS])),
            late=results[slot.LATE],
        )

    def _watched(self, command: Command, arguments: Sequence[int], *, timeout: float) -> tuple[int, ...]:
        """Run a command whose contexts must not stay in a call of the middleware; returns its results."""
        self._mailbox.begin(command, arguments)
        reply = self._mailbox.finish(timeout=timeout, patience=_PATIENCE)
        if reply.status is not Status.OK:
            raise _refusal(command, reply.status)
        return reply.results

    def run_program(
        self, words: Sequence[int], *, timeout: float, on_hold: Callable[[int], None] | None = None
    ) -> list[Called | Heard]:
        """Run a program (see ``ProgramBuilder``); returns what it left, oldest first.

        :param timeout: seconds for the whole program, and from each sign of life on.
        :param on_hold: called at each step HOST with its number, while the firmware waits.
        :raises FirmwareFault: it did not finish; ``program_so_far`` has its entries until then.
        """
        raw, status = self._mailbox.run_program(words, timeout=timeout, on_hold=on_hold)
        if status is not Status.OK:
            raise _refusal(Command.PROGRAM, status)
        return list(read_entries(raw))

    def program_so_far(self) -> list[Called | Heard]:
        """Entries of the last program, also of one that did not finish."""
        return list(read_entries(bytes(self._mailbox.entries_so_far)))

    @property
    def ring_entries(self) -> int:
        """Records that the firmware keeps until they are read: no burst may leave more."""
        return self._mailbox.ring_entries

    @property
    def program_words(self) -> int:
        """Words that a program may have."""
        return self._mailbox.program_words

    def statistics(self) -> Statistics:
        """The middleware's own count."""
        results = self.command(Command.STATISTICS).results
        return Statistics(**{word.name.lower(): results[word] for word in layout.StatisticsWord})

    def configuration(self) -> dict[str, int | str]:
        """Tables and limits that the middleware was built with, by name; empty if it reports none.

        :raises FirmwareFault: the report is not a list of ``name=value``.
        """
        try:
            self.command(Command.CONFIGURATION)
        except Unsupported:
            return {}
        told: dict[str, int | str] = {}
        for word in self._mailbox.text().split():
            name, equals, value = word.partition("=")
            if not (name and equals and value):
                raise FirmwareFault(f"the middleware's configuration has a word without name or value: {word!r}")
            told[name] = int(value) if value.isdecimal() else value
        return told

    def ram_formula(self) -> int:
        """Static RAM by the middleware's documented formula, bytes; 0 if it has none or reports none."""
        try:
            return self.command(Command.CONFIGURATION).results[0]
        except Unsupported:
            return 0

    def stack(self, *, forget: bool = False) -> tuple[int, int]:
        """Main stack: bytes reserved, and bytes ever used (0: not known on this port).

        :param forget: afterwards, so that the next answer has only what is used from now on.
        """
        results = self.command(Command.STACK, (int(forget),)).results
        return results[0], results[1]

    def heap(self) -> int:
        """The most bytes of heap that were taken at once since the board's start; the bench itself takes none."""
        return self.command(Command.STACK).results[2]

    def latencies(self, seen: Exchange) -> list[int]:
        """Message latency of each delivery: publish call to callback entry, in units of the clock.

        The payload write and the callbacks that ran before are not part of it, nor is what the instrument adds: the
        readings of the clock, the bench's own work between publishing and spinning (its least of this exchange), the
        recording of the deliveries before. Each piece is converted by itself, so that rounding cannot add up. Of a
        burst the times are those of its last sample: the deliveries before it are what it waited for.
        """
        clock = self.clock
        # Two more readings stand between publish call and callback than the one that an interval takes off.
        own = seen.own[0] + 2 * clock.cost if seen.own[1] else 0
        values: list[int] = []
        last: Entry | None = None
        spent = 0
        for record in seen.deliveries:
            if last is None or record.publish != last.publish:
                spent = clock.interval(record.loan_begin, record.loan_end)
                spent += max(0, clock.interval(record.publish, record.enter) - own)
            else:
                spent += max(0, clock.interval(last.leave, record.enter) - clock.recording)
            values.append(spent)
            last = record
        return values

    def serialisations(self, deliveries: Sequence[Entry]) -> list[int]:
        """Time the application took to write each delivered payload in place, in units of the clock."""
        return [self.clock.interval(record.loan_end, record.publish) for record in deliveries]

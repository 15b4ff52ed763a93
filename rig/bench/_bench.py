"""The bench firmware as an object: starts the middleware, creates entities, exchanges samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from rig.bench import _layout as layout
from rig.bench._clock import Clock, clock_for
from rig.bench._layout import Capability, Command, Counter, EntryKind, ExchangeArgument, ExchangeFlag, Status, Step
from rig.bench._mailbox import Entry, Hello, Mailbox, Memory, Reply, Stuck
from rig.bench._program import ALL_SAMPLES, Called, Heard, ProgramBuilder, read_entries
from rig.errors import FirmwareFault
from rig.model import Kind, Qos

_CLOCK_REPEATS = 16
_PATIENCE = 6.0  # seconds; a busy host has every thread and emulator run many times in it

_CONFIRMED_SECONDS = 1.5
"""What a publish waits at most for an Agent's confirmation, with some to spare (RMW_UXRCE_PUBLISH_RELIABLE_TIMEOUT)."""


class Refused(FirmwareFault):
    """The middleware answered a command with the error ``status``; an experiment may expect it."""

    def __init__(self, command: Command, status: Status, detail: str = "") -> None:
        super().__init__(
            f"the middleware refused {command.name.lower()}{' ' + detail if detail else ''}: {status.name}",
            hint="the firmware's log is in console.log",
        )
        self.status = status


class Unsupported(Refused):
    """The middleware behind this firmware lacks a feature. This is no fault; the report says so."""

    def __init__(self, command: Command, status: Status, detail: str = "") -> None:
        super().__init__(command, status, detail)
        self.message = f"the middleware does not support {command.name.lower()} {detail}".rstrip()


_CONTEXTS = ("the main context", "the first other context", "the second other context")


def standing(stuck: Stuck) -> list[str]:
    """The contexts that are inside a call of the middleware, each with that call and its number, in words."""
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
    """The message memory that the middleware got. ``address``: of its first byte; sizes in bytes."""

    buffer_bytes: int
    address: int
    bytes: int


def qos_bits(qos: Qos) -> int:
    """Reliability, durability and history of an endpoint as the mailbox encodes them; the depth is a field of
    its own.
    """
    return qos.reliable | qos.transient_local << 1 | qos.keep_all << 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Entity:
    """The arguments of CREATE; object kinds and representation formats are those of DDS-XRCE (3: BIN).

    ``topic``: of a writer or reader, its topic's id; of a participant, its DDS domain.
    """

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


def _arguments(session: int, entity: Entity, timeout: float) -> tuple[tuple[int, ...], tuple[str, str, str]]:
    """Arguments and text of CREATE."""
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
    return arguments, (entity.name, entity.type, entity.reply_type)


class _Call(NamedTuple):
    """What a command does, and a step of a program does as well."""

    command: Command
    step: Step
    arguments: tuple[int, ...]
    text: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """The results of one EXCHANGE command. ``counters``: the middleware's calls and copies during it. ``own``: least
    and greatest time, in units of the clock, that the bench itself spent between publish and spin (0: unknown).
    ``returned``: least and greatest time from a publish call to the return of the next spin.

    ``readers``: deliveries expected of each sample. ``surplus``: intact deliveries of a sample that the reader had
    already, or to a reader that should get none; they do not offset missing ones.
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
        """Entries of the callbacks, oldest first."""
        return [r for r in self.entries if r.kind is EntryKind.DELIVERED]

    @property
    def once(self) -> int:
        """The deliveries that count: intact, and the first of a sample to a reader."""
        return self.delivered - self.damaged - self.surplus

    @property
    def lost(self) -> int:
        """Number of missing deliveries: samples accepted, times readers, minus deliveries that count."""
        return max(0, self.accepted * self.readers - self.once)

    @property
    def complete(self) -> bool:
        """Whether nothing was refused and each reader got each sample intact at least once."""
        return self.lost == self.refused == self.damaged == 0

    @property
    def whole(self) -> bool:
        """Whether nothing was refused and each reader got each sample intact exactly once."""
        return self.complete and self.surplus == 0

    @property
    def shortfall(self) -> str:
        """Why it is not whole, in words; empty if it is."""
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
    """The results of one SERVICE command. ``local``: correct replies that came by shared memory. ``wrong``: replies
    with an unknown request id, repeated, or with wrong bytes.
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
    """The results of one PREEMPT command. ``full``: calls that found no buffer; their samples were tried again.
    ``misplaced``: deliveries out of sequence, for one writer at one reader. ``inside``: samples published while another
    context was in a call of the middleware. ``depth``: how many times a callback's context held the lock, at most.
    ``held_off``: the longest wait of a context for the lock, in units of the clock.
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
    """The results of one WAKE command. ``tried``: spins. ``delivered``: samples, whole and in order. ``missed``: spins
    that lasted for half their time-out or longer. ``inside``: samples published during the spin. ``longest``: from the
    publisher's loan to the callback, without missed ones, in units of the clock. ``longest_ms``: of all spins,
    milliseconds. ``late``: samples that took longer than the limit asked for, without missed ones.
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
    """``rig_mw_statistics_t``: the middleware's own counters. ``withheld``: samples that went to local readers only,
    because they are too long for an Agent that does not tell who reads. ``copied``: payload bytes copied by the bench's
    backend, not by the middleware behind it.
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
    :param address: address of the mailbox.
    :param icount_shift: an emulated instruction takes 2**icount_shift ns; None on real and native boards.
    :param healthy: returns why the board is dead, or None.
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
        """Addresses of the words that the firmware writes when it holds in a callback and when it finishes."""
        return self._mailbox.rests

    def has(self, capability: Capability) -> bool:
        """Whether the middleware behind this firmware has this capability."""
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

        :param buffer_bytes: of the whole pool; 0: all the board has.
        :param contexts: start for ``preempt`` and ``wake``, and for nothing else.
        """
        listener = layout.StartFor.PREEMPT if contexts else layout.StartFor.EXCHANGE
        results = self.command(Command.START, (buffers, buffer_bytes, mtu, history, link, listener)).results
        return Pool(buffer_bytes=results[0], address=results[1], bytes=results[2])

    def stop(self) -> None:
        """Stop the middleware; it may inform the Agent, but does not wait for it."""
        self.command(Command.STOP)

    def open_session(self, key: int, *, timeout: float = 2.0) -> int:
        """Open a session and return its index; ``timeout`` 0 (seconds) opens it without an Agent."""
        ms = int(timeout * 1000)
        return self.command(Command.SESSION_OPEN, (key, ms), timeout=timeout + 5).results[0]

    def close_session(self, session: int, *, timeout: float = 2.0) -> None:
        """Close a session."""
        self.command(Command.SESSION_CLOSE, (session, int(timeout * 1000)), timeout=timeout + 5)

    def create(self, session: int, entity: Entity, *, timeout: float = 2.0) -> None:
        """Create an entity; ``timeout`` 0 (seconds) does not wait for the Agent."""
        arguments, text = _arguments(session, entity, timeout)
        self.command(Command.CREATE, arguments, text, timeout=timeout + 5)

    def create_all(self, session: int, entities: Sequence[Entity], *, timeout: float = 2.0, ask: bool = False) -> None:
        """Create entities one after the other, by programs: many of them in one way to the board and back.

        :param timeout: seconds to wait for the Agent at each; 0 does not wait.
        :param ask: after each reader, ask the Agent for its samples. That the middleware does not know a reader which
            it said was made is no fault of the asking: the samples that do not come to it are the evidence.
        :raises Refused: the first that cannot be made; none of those after it was tried.
        """
        calls: list[_Call] = []
        for entity in entities:
            calls.append(_Call(Command.CREATE, Step.CREATE, *_arguments(session, entity, timeout)))
            if ask and entity.kind == Kind.READER:
                calls.append(_Call(Command.READ, Step.READ, (session, entity.id, ALL_SAMPLES)))
        self._call_all(calls, timeout=timeout + 5)

    def _call_all(self, calls: Sequence[_Call], *, timeout: float) -> None:
        """Make calls by one program, or by some where the board has no room for so long a one."""
        program = ProgramBuilder()
        meant = {program.step(call.step, *call.arguments, text=call.text): call for call in calls}
        if len(program.words) > self.program_words:
            if len(calls) == 1:
                self.command(calls[0].command, calls[0].arguments, calls[0].text, timeout=timeout)
                return
            half = len(calls) // 2
            self._call_all(calls[:half], timeout=timeout)
            self._call_all(calls[half:], timeout=timeout)
            return
        raw, status = self._mailbox.run_program(program.words, timeout=timeout, strict=True)
        if status is not Status.OK:
            raise _refusal(Command.PROGRAM, status)
        for entry in read_entries(raw):
            if isinstance(entry, Called) and entry.status < 0:
                call, answer = meant[entry.number], Status(entry.status)
                if call.command is Command.CREATE or answer is not Status.UNKNOWN:
                    raise _refusal(call.command, answer, " ".join(call.text).strip())

    def delete(self, session: int, kind: int, id: int, *, timeout: float = 2.0) -> tuple[Entry, ...]:
        """Delete an entity; return the deliveries made while the middleware waited for the Agent's answer."""
        reply = self.command(Command.DELETE, (session, kind, id, int(timeout * 1000)), timeout=timeout + 5)
        return tuple(entry for entry in reply.entries if entry.kind is EntryKind.DELIVERED)

    def read(
        self,
        session: int,
        reader: int,
        max_samples: int = ALL_SAMPLES,
        *,
        seconds: int = 0,
        bytes_per_second: int = 0,
        pace_ms: int = 0,
    ) -> None:
        """Ask the Agent for a reader's samples (READ_DATA).

        :param max_samples: ``ALL_SAMPLES`` is without limit, 0 cancels.
        :param seconds: for how long; for this and the next two 0 means no limit.
        :param bytes_per_second: maximum rate.
        :param pace_ms: minimum time between two samples, milliseconds.
        """
        self.command(Command.READ, (session, reader, max_samples, seconds, bytes_per_second, pace_ms))

    def spin(self, *, timeout: float, messages: int = 0) -> int:
        """Spin up to ``timeout`` seconds or until ``messages`` were delivered. Returns the count."""
        reply = self.command(Command.SPIN, (int(timeout * 1000), messages), timeout=timeout + 5)
        return reply.results[0]

    def publish(self, *, session: int, writer: int, length: int, sequence: int) -> None:
        """Publish one sample without a spin after it, so that it waits. See ``deliver``."""
        self.command(Command.PUBLISH, (session, writer, length, sequence))

    def deliver(self, *, timeout: float) -> list[Entry]:
        """Spin up to ``timeout`` seconds for the samples that ``publish`` left waiting; return the deliveries, oldest
        first.
        """
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
        """Publish ``count`` samples of ``length`` bytes, ``burst`` between two spins, and return their deliveries.

        :param readers: deliveries expected per sample.
        :param spin_ms: time-out handed to each spin, milliseconds.
        :param deadline: seconds until the deliveries of a burst are given up.
        :param quiet: hold back the link's interrupt from publishing a burst to the end of the first spin, so that only
            the measured code runs; useful only if the link has no part in the delivery.
        :param on_hold: called while the firmware holds in the last expected callback.
        :param within: called with a function that starts the command; returns when the firmware holds or finishes.
        :param timeout: seconds for the whole command. Give more if a spin sleeps to its time-out although a sample
            waits, or if publish waits for the Agent's acknowledgement.
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

        :param deadline: seconds until a round must have all its replies; the first round that lacks one is the last.
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
        guest: int = 0,
        first: int = 1,
        timeout: float = 60.0,
    ) -> Preempted:
        """Let other contexts (threads, interrupts) publish while this one publishes and spins.

        :param writer: id of the main context's writer; the other contexts' writers have the next ids.
        :param count: samples that each context publishes.
        :param deadline: seconds of the board's time for all of it.
        :param readers: number of readers of each sample; their ids begin at 1.
        :param contexts: number of contexts that publish, the main one included: at most ``CONTEXTS``.
        :param turns: publish for all contexts from the main one, one after the other, so that none interrupts another.
        :param guest: id of one more reader, which the main context creates and deletes meanwhile, again and again; 0:
            none. Its subscriber and topic are 1.
        :param timeout: seconds to wait beyond the deadline.
        :raises Stuck: contexts are in calls of the middleware that do not return.
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
            argument.GUEST: guest,
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

        :param context: 1 or 2; the writer ``writer + context`` publishes, to one reader.
        :param tries: number of spins. Samples are published at moments spread over the spin's way into its sleep. On a
            native board each point of that way gets a further spin of its own.
        :param late: a delivery later than this many seconds after publishing counts as late.
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
        """Run a program (see ``ProgramBuilder``); return its entries, oldest first.

        :param timeout: seconds for the program; the time starts again at each entry that it leaves.
        :param on_hold: called at each HOST step with the step's number, while the firmware waits.
        :raises FirmwareFault: it did not finish; ``program_so_far`` has the entries until then.
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
        """Number of entries that the firmware's ring holds until the rig reads them; no burst may leave more."""
        return self._mailbox.ring_entries

    @property
    def program_words(self) -> int:
        """Most words that a program may have."""
        return self._mailbox.program_words

    def statistics(self) -> Statistics:
        """The middleware's own counters."""
        results = self.command(Command.STATISTICS).results
        return Statistics(**{word.name.lower(): results[word] for word in layout.StatisticsWord})

    def configuration(self) -> dict[str, int | str]:
        """Table sizes and limits that the middleware was built with, by name; empty if it reports none.

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
        """Static RAM in bytes by the middleware's documented formula; 0 if it has or reports none."""
        try:
            return self.command(Command.CONFIGURATION).results[0]
        except Unsupported:
            return 0

    def stack(self, *, forget: bool = False) -> tuple[int, int]:
        """Main stack: bytes reserved, and most bytes used so far (0: unknown on this port).

        :param forget: start counting again afterwards, so that the next answer covers only the time from now on.
        """
        results = self.command(Command.STACK, (int(forget),)).results
        return results[0], results[1]

    def heap(self) -> int:
        """Most bytes of heap in use at once since the board's start; the bench itself uses none."""
        return self.command(Command.STACK).results[2]

    def latencies(self, seen: Exchange) -> list[int]:
        """Message latency of each delivery: publish call to callback entry, in units of the clock.

        It excludes the payload write, the callbacks that ran before, and the instrument's own cost: the readings of the
        clock, the bench's own work between publish and spin (its least in this exchange), and the recording of earlier
        deliveries. Each interval is converted separately, so that rounding errors do not add up. For a burst, the times
        are those of the last sample, which waited for the deliveries before it.
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
        """Time that the application took to write each delivered payload, in units of the clock."""
        return [self.clock.interval(record.loan_end, record.publish) for record in deliveries]

"""One observation: a board is flashed and booted beside an Agent on a tapped link, and watched."""

from __future__ import annotations

import difflib
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from rig.agent import BuiltinAgent, SerialTransport
from rig.bench import BLOCK, PayloadWrites, Place, find_payload_writes, find_places
from rig.board import Board, BoardIdentity, open_board
from rig.errors import FirmwareFault, ProbeFault, UsageError
from rig.inventory import BoardSpec
from rig.link import LinkCounters, SerialTap
from rig.observe._clock import Clock, start_clock
from rig.observe._figures import Figures, figures
from rig.observe._modules import by_module
from rig.observe._profile import Profile
from rig.observe._stack import Painted, StackUse, depth, paint
from rig.observe._watch import Event, Kind, Watch
from rig.probe import FirmwareImage, Probe

_MOST_STEPS = 4000
_MOST_REMEMBERED = 64  # payloads of publishes, until a callback has them
_TRACE_SECONDS = 120.0
_TRACES = (1, 1, 2, 2, 3)  # callbacks of so many samples in the windows that are tried; twice, for a burst's other end
_GRACE = 8  # publishes after the last one that counts, in which its callbacks may still come
_HALTS = 3
_COUNTED = 10
_CUT_PUBLISHES = 8
_IN_FLIGHT = 2  # publishes after the cut during which samples of before may still come
_STARTUP_SECONDS = 3.0
_QUIET, _QUIET_LIMIT = 0.05, 1.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to do.

    :ivar publishes: how many to watch, until the firmware stops at nothing for ``idle`` seconds of the host.
    :ivar stepped: how many publishes, after those, to count instruction by instruction until the transport's callback.
    :ivar trace: whether to follow one sample through every write of the core, on an emulated board.
    :ivar cut: whether to cut the link then and go on watching.
    :ivar startup: whether to start once more with the link cut.
    """

    publishes: int = 200
    idle: float = 20.0
    stepped: int = 0
    trace: bool = True
    cut: bool = True
    startup: bool = True


@dataclass(frozen=True, kw_only=True)
class Traced:
    """Which functions wrote bytes of one sample from publish on. ``unknown``: why that is not known, or empty.

    :ivar serialised: the first write of the payload into the middleware's memory; None if it was there already.
    :ivar copies: every later write of these bytes.
    :ivar doubtful: bytes written that other samples have as well, at that place of theirs: of which one is not known.
    """

    serialised: PayloadWrites | None = None
    copies: tuple[PayloadWrites, ...] = ()
    writes: int = 0
    doubtful: int = 0
    unknown: str = ""


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What was seen.

    :ivar clock: the clock of every duration, which is in its ticks; None: the board has none, and ``no_clock`` says
        why.
    :ivar steps: instructions from publish to the next callback (the transport's, if the profile names it), counted one
        by one.
    :ivar halt_cost: ticks that each of some halts added to board time.
    :ivar link: the traffic since the start.
    :ivar window: the traffic from the first watched publish to the one after the last.
    :ivar false_stops: halts that the rig did not ask for.
    :ivar unseen_returns: publishes whose result was not seen: the core had no breakpoint left.
    :ivar session_alive: whether the Agent had a session of the board at the end, before the link was cut.
    :ivar sessions: how many sessions were opened until then.
    :ivar places: where in RAM whole blocks of a sample are during the application's callback; None: not searched.
    :ivar own_place: address of the application's own payload, if known.
    :ivar loaned: whether the payload is in the middleware's memory when publish is called.
    :ivar withheld: topic -> samples that the Agent did not send, because the Client's shared memory delivers them.
    :ivar calls: function -> calls for each publish.
    :ivar modules: module -> (bytes of code and constants, bytes of RAM).
    :ivar severed: the figures with the link cut; None if not tried.
    :ivar startup: the figures of a start with the link cut; None if not tried.
    """

    board: BoardIdentity
    clock: Clock | None
    no_clock: str = ""
    figures: Figures
    steps: tuple[int, ...]
    halt_cost: tuple[float, ...] = ()
    events: tuple[Event, ...]
    link: LinkCounters
    window: LinkCounters
    false_stops: int
    unseen_returns: int = 0
    session_alive: bool
    sessions: int
    places: tuple[Place, ...] | None
    own_place: int | None = None
    loaned: bool = False
    traced: Traced
    withheld: Mapping[str, int]
    calls: Mapping[str, float] = field(default_factory=dict)
    stack: StackUse
    sections: Mapping[str, int]
    modules: Mapping[str, tuple[int, int]]
    severed: Figures | None = None
    startup: Figures | None = None

    def units(self, ticks: float) -> int:
        """Ticks in the clock's unit; 0 without a clock."""
        return self.clock.units(ticks) if self.clock is not None else 0


def check_firmware(spec: BoardSpec, image: FirmwareImage, profile: Profile) -> None:
    """Make sure that this firmware can be watched on this board, before anything is touched.

    :raises UsageError: it cannot; the message names a missing function and those with similar names.
    """
    if spec.kind == "native":
        raise UsageError(
            f"{spec.name} cannot be observed: it is a process of this host, and has no debug probe",
            hint="build for a board, or for the emulated mps2-an385",
        )
    if not any(symbol.kind == "function" for symbol in image.symbols.values()):
        raise UsageError(
            f"firmware {image.path.name} has no symbols: it was stripped",
            hint="pass the linker's output, before strip or objcopy; code and data may be without debug information",
        )
    points = [profile.publish, *([profile.transport] if profile.transport else []), *profile.callbacks]
    places: dict[int, str] = {}
    for point in points:
        address = _function(image, point.function) & ~1
        if address in places:
            also = "" if places[address] == point.function else f", as {places[address]}"
            raise UsageError(
                f"{point.function} is named twice in the profile{also}", hint="name a different function for each"
            )
        places[address] = point.function
    for name in profile.calls:
        _function(image, name)


def _function(image: FirmwareImage, name: str) -> int:
    symbol = image.symbols.get(name)
    if symbol is None:
        functions = [each.name for each in image.symbols.values() if each.kind == "function"]
        near = difflib.get_close_matches(name, functions, n=3)
        raise UsageError(
            f"firmware {image.path.name} has no symbol {name!r}",
            hint=f"did you mean {' or '.join(near)}?"
            if near
            else "was it inlined or left out by the linker? __attribute__((noinline, used)) keeps a function; "
            "the profile's own names may be changed: --publish, --transport, --callback",
        )
    if symbol.kind == "object":
        raise UsageError(f"{name} of {image.path.name} is a variable, not a function", hint="name a function")
    return symbol.address


class Observer:
    """Watches one firmware at a time. Use as a context manager, which holds the board.

    :param directory: for the link's capture and the Agent's log; ``prefix`` begins their names.
    """

    def __init__(self, spec: BoardSpec, directory: Path) -> None:
        self.spec, self._directory = spec, directory
        self._stack = ExitStack()
        self._board: Board | None = None

    def __enter__(self) -> Observer:
        """:raises LeaseFault: somebody else uses the board."""
        self._board = self._stack.enter_context(open_board(self.spec))
        self.spec = self._board.spec  # a place says only now where probe and line are
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        self._board = None

    @property
    def board(self) -> Board | None:
        """The board; None outside of the context."""
        return self._board

    def observe(
        self,
        image: FirmwareImage,
        profile: Profile,
        plan: Plan,
        *,
        prefix: str = "",
        seen: Callable[[Event], None] = lambda _: None,
        step: Callable[[str], None] = lambda _: None,
    ) -> Observation:
        """Flash it, boot it beside a fresh Agent on a tapped line, and watch.

        :param seen: called with each event as it happens.
        :param step: called with what begins now, in words.
        :raises FirmwareFault: it crashed, or it never came to publish.
        """
        board = self._board
        if board is None or board.probe is None:
            raise RuntimeError("the observer is not open")
        check_firmware(self.spec, image, profile)
        with ExitStack() as stack:
            step("flash")
            board.flash(image)
            real = self.spec.kind == "probe"
            tap = stack.enter_context(
                SerialTap(
                    board.link.device or "",
                    line_rate=self.spec.link.baud if real else None,
                    capture=self._directory / f"{prefix}link.pcapng",
                )
            )
            log = stack.enter_context((self._directory / f"{prefix}agent.log").open("w", encoding="utf-8"))
            agent = BuiltinAgent([SerialTransport(tap.agent_device, self.spec.link.baud)], log=log).start()
            stack.callback(agent.stop)
            return _Watching(self.spec, board, image, profile, plan, tap, agent, seen, step).run()


class _Watching:
    def __init__(
        self,
        spec: BoardSpec,
        board: Board,
        image: FirmwareImage,
        profile: Profile,
        plan: Plan,
        tap: SerialTap,
        agent: BuiltinAgent,
        seen: Callable[[Event], None],
        step: Callable[[str], None],
    ) -> None:
        assert board.probe is not None
        self.spec, self.board, self.image, self.profile, self.plan = spec, board, image, profile, plan
        self.probe: Probe = board.probe
        self.tap, self.agent = tap, agent
        self.seen, self.step = seen, step
        self.events: list[Event] = []
        self.payloads: dict[int | None, tuple[int | None, bytes]] = {}
        self.others: deque[bytes] = deque(maxlen=_MOST_REMEMBERED)  # payloads of late, of whatever sample
        self.places: tuple[Place, ...] | None = None
        self.own_place: int | None = None
        self.window = LinkCounters()
        self.payload_bytes: set[int] = set()
        self.last = Kind.CALLBACK if profile.callbacks else Kind.TRANSPORT
        self.clock: Clock | None = None
        self.no_clock = ""
        self.top = next((int.from_bytes(data[:4], "little") for _, data in image.segments[:1]), 0)

    def run(self) -> Observation:
        painted = self._boot()
        watch = self._watch()
        plan = self.plan
        with watch:
            self.step(f"watch {plan.publishes} publishes")
            at_publish = self._collect(watch)
            if not any(event.kind is Kind.PUBLISH for event in self.events):
                raise self._never()
            crossed, statistics = self.tap.counters(), self.agent.statistics
            alive, sessions, withheld = statistics.clients > 0, statistics.sessions_opened, self.agent.withheld()
            stack = depth(self.probe, painted)
            steps: tuple[int, ...] = ()
            cost: tuple[float, ...] = ()
            calls: dict[str, float] = {}
            traced = Traced(unknown="the firmware published too seldom for it" if plan.trace else "not asked for")
            if at_publish:
                steps = self._steps(watch)
                at_publish = self._next_publish(watch)
            if at_publish and self.profile.calls:
                self.step("count calls of functions")
                functions = {name: _function(self.image, name) for name in self.profile.calls}
                calls = watch.count_calls(functions, publishes=_COUNTED, timeout=plan.idle)
                at_publish = self._next_publish(watch)
            if at_publish:
                self.step("measure what a halt costs")
                cost = tuple(watch.halt_cost(times=_HALTS, timeout=plan.idle))
                at_publish = self._next_publish(watch)
            if at_publish and plan.trace:
                self.step("follow one sample through every write")
                traced = self._trace(watch)
                at_publish = self._next_publish(watch)
            severed = self._severed(watch) if plan.cut and at_publish else None
            false_stops, unseen = watch.false_stops, watch.unseen_returns
        startup = self._startup() if plan.startup else None
        of = figures(self.events)
        return Observation(
            board=self.board.identity,
            clock=self.clock,
            no_clock=self.no_clock,
            figures=replace(of, payload_bytes=max(self.payload_bytes) if len(self.payload_bytes) == 1 else None),
            steps=steps,
            halt_cost=cost,
            events=tuple(self.events),
            link=crossed,
            window=self.window,
            false_stops=false_stops,
            unseen_returns=unseen,
            session_alive=alive,
            sessions=sessions,
            withheld=withheld,
            places=self.places,
            own_place=self.own_place,
            loaned=self.profile.publish.loaned,
            traced=traced,
            calls=calls,
            stack=stack,
            sections=dict(self.image.sections),
            modules=by_module(self.image, self.profile.modules),
            severed=severed,
            startup=startup,
        )

    @property
    def _told_at_publish(self) -> bool:
        return self.profile.publish.payload is not None

    # ---- parts of it

    def _boot(self) -> Painted:
        """Reset the board and start its clock; what is left to do is to let it run."""
        self.probe.reset(halt=True)
        self.probe.catch_faults()
        self.clock, self.no_clock = start_clock(self.probe, self.spec.machine)
        objects = [(s.address, s.size) for s in self.image.symbols.values() if s.kind == "object"]
        return paint(self.probe, self.top, objects, self.probe.ram_regions())

    def _watch(self) -> Watch:
        return Watch(
            self.probe,
            self.profile,
            address_of=lambda name: _function(self.image, name),
            clock=self.clock,
            name_of=self.image.symbol_at,
        )

    def _collect(self, watch: Watch) -> bool:
        """Up to a publish after the last one that counts: what that one causes belongs to it, as far as it is told by a
        number, until all have come or some more were published. True if there was one, and the core is halted there.

        RAM is searched once, at a callback of the application, for the sample that it has.
        """
        published, more = 0, False
        before: LinkCounters | None = None
        sent: set[int] = set()
        owed: set[int | None] = set()  # numbers that did not come yet
        for event in watch.events(timeout=self.plan.idle):
            if event.kind is Kind.PUBLISH:
                published += 1
                before = before or self._settle()
                if published == self.plan.publishes + 1:
                    more, self.window = True, self._settle() - before
                if more and (not owed or published > self.plan.publishes + _GRACE):
                    break
                if more:
                    continue
                if event.counter is not None:
                    sent.add(event.counter)
                    owed.add(event.counter)
            elif not published or (more and not (event.kind is self.last and event.counter in sent)):
                continue  # of samples that were not watched, or do not count
            if event.kind is self.last:
                owed.discard(event.counter)
            self._keep(event, searched=published > 1)
        if before is not None and not more:
            self.window = self._settle() - before
        return more

    def _keep(self, event: Event, *, searched: bool) -> None:
        """Take note of an event that counts, and of its bytes for as long as they may be needed."""
        publish = event.kind is Kind.PUBLISH
        if publish:
            self.payloads[event.counter] = event.place, event.payload
            if len(self.payloads) > _MOST_REMEMBERED:
                self.payloads.pop(next(iter(self.payloads)))
        if event.payload and publish is self._told_at_publish:
            self.others.append(event.payload)
            self.payload_bytes.add(len(event.payload))
        self.seen(event)
        self.events.append(replace(event, payload=b""))
        if searched and event.kind is self.last and self.places is None:
            self._scan(event)

    def _settle(self) -> LinkCounters:
        """What has crossed, once nothing crosses any more: the core is halted."""
        end = time.monotonic() + _QUIET_LIMIT
        last = self.tap.counters()
        while time.monotonic() < end:
            time.sleep(_QUIET)
            now = self.tap.counters()
            if now == last:
                break
            last = now
        return last

    def _never(self) -> FirmwareFault:
        opened = self.agent.statistics.sessions_opened
        words = "its session with the Agent came about" if opened else "it opened no session with the Agent either"
        crossed = self.tap.counters().to_agent.bytes
        return FirmwareFault(
            f"{self.image.path.name} never came to {self.profile.publish.function} in {self.plan.idle:g} s; {words}",
            hint="see agent.log and link.pcapng; a longer --idle waits longer"
            if crossed
            else "it sent nothing at all: is its way to the Agent the board's UART, framed?",
        )

    def _scan(self, event: Event) -> None:
        """With the bytes that publish was handed; where the profile does not tell those, with the callback's own."""
        place, wanted = self.payloads.get(event.counter, (None, b""))
        place, wanted = (place, wanted) if wanted else (None, event.payload)
        own = _own_bytes(wanted, self.others)
        if not _tells(wanted) or not own:
            return
        self.own_place = place
        self.places = tuple(
            found
            for start, length in self.probe.ram_regions()
            for found in find_places(self.probe.read(start, length), start, wanted, symbol_at=self.image.symbol_at)
            if any(found.offset <= at < found.offset + found.length for at in own)
        )

    def _steps(self, watch: Watch) -> tuple[int, ...]:
        """The core is halted at a publish."""
        kinds = [Kind.TRANSPORT] if self.profile.transport is not None else [Kind.CALLBACK]
        counts: list[int] = []
        for number in range(self.plan.stepped):
            if number == 0:
                self.step("count instructions one by one")
            elif not self._next_publish(watch):
                break
            count = watch.steps_to(kinds, most=_MOST_STEPS)
            if count is not None:
                counts.append(count)
        return tuple(counts)

    def _next_publish(self, watch: Watch) -> bool:
        stops = watch.events(timeout=self.plan.idle)
        return next((event for event in stops if event.kind is Kind.PUBLISH), None) is not None

    def _trace(self, watch: Watch) -> Traced:
        """The core is halted at a publish, and at a callback afterwards.

        The callback that ends it may be that of an earlier sample: where samples are published in bursts, or where a
        sample's bytes are known at its callback only. Then another sample is taken, with more callbacks in its window.
        """
        if not self.probe.traces_writes:
            return Traced(unknown="a debug probe of real hardware cannot stop at every write")
        if not watch.addresses(self.last):
            return Traced(unknown="the profile names no callback, so that nothing ends it")
        readers = max(1, figures(self.events).readers)
        for number, samples in enumerate(_TRACES):
            if number and not self._next_publish(watch):
                break
            traced = self._trace_once(watch, samples * readers)
            if traced is not None:
                return traced
        return Traced(unknown="the callback of the sample that was followed did not come before those of others")

    def _trace_once(self, watch: Watch, callbacks: int) -> Traced | None:  # noqa: PLR0911 - one for each reason
        """None: what ended it was the callback of an earlier sample."""
        here = watch.here()
        wanted = here.payload if here is not None else b""
        watch.disarm()
        try:
            writes = self.probe.trace_writes(
                begin=None, ends=watch.addresses(self.last), times=callbacks, timeout=_TRACE_SECONDS
            )
        except ProbeFault as fault:
            self.probe.halt()
            watch.arm()
            return Traced(unknown=fault.message)
        watch.arm()
        at_end = watch.here()
        if not self._told_at_publish:
            wanted = at_end.payload if at_end is not None else b""
            if not wanted:
                return Traced(unknown=watch.no_payload or "the profile says no place of a payload")
        elif _others(here, at_end):
            return None
        own = _own_bytes(wanted, self.others)
        if not _tells(wanted) or not own:
            return Traced(unknown="the payload cannot be told by its value: it needs other bytes in each block of 16")
        found = find_payload_writes(writes, wanted, symbol_at=self.image.symbol_at)
        rows = [row for row in found if any(row.offset <= at < row.offset + row.bytes for at in own)]
        doubtful = sum(row.bytes for row in found) - sum(row.bytes for row in rows)
        if not self._told_at_publish and (not rows or rows[0].bytes < len(wanted)):
            return None
        if self.profile.publish.loaned or not rows:
            return Traced(copies=tuple(rows), writes=len(writes), doubtful=doubtful)
        return Traced(serialised=rows[0], copies=tuple(rows[1:]), writes=len(writes), doubtful=doubtful)

    def _severed(self, watch: Watch) -> Figures:
        self.step("watch on with the link cut")
        self._settle()
        self.tap.cut()
        # By their numbers samples of before the cut are told anyway.
        return self._count(watch, self.plan.idle, skipped=0 if self.profile.publish.counter else _IN_FLIGHT)

    def _startup(self) -> Figures:
        """Once more from a reset, with the link cut."""
        self.step("start once more with the link cut")
        self.tap.cut()
        self._boot()
        with self._watch() as watch:
            return self._count(watch, min(self.plan.idle, _STARTUP_SECONDS))

    def _count(self, watch: Watch, idle: float, *, skipped: int = 0) -> Figures:
        """What is seen of so many publishes; the first ones only clear the way of what was sent before the cut.

        What they cause may come behind later publishes: with numbers it is waited for, without them the count begins
        and ends between two bursts. Where nothing is delivered there are no bursts, and it ends all the same.
        """
        events: list[Event] = []
        sent: set[int] = set()
        owed: set[int | None] = set()
        published, counted = -skipped, 0
        between, heard, counts = True, False, False
        for event in watch.events(timeout=idle):
            last = event.kind is self.last
            if event.kind is Kind.PUBLISH:
                published += 1
                enough = counted >= _CUT_PUBLISHES and (not heard or (between and not owed))
                if enough or published > _CUT_PUBLISHES + _GRACE:
                    break
                begun = counted > 0 or between or published > _GRACE // 2
                counts = published > 0 and begun and (counted < _CUT_PUBLISHES or not sent)
                between = False
                counted += counts
                if counts and event.counter is not None:
                    sent.add(event.counter)
                    owed.add(event.counter)
            elif last:
                between = True
            told = last and event.counter is not None and bool(sent)
            if event.counter in sent if told else counts:
                heard = heard or last
                owed.discard(event.counter if last else None)
                events.append(replace(event, payload=b""))
        return figures(events)


def _others(begin: Event | None, end: Event | None) -> bool:
    """Whether a callback has surely another sample than a publish had."""
    if begin is None or end is None or begin.counter is None or end.counter is None:
        return False
    return begin.counter != end.counter


def _own_bytes(payload: bytes, others: Sequence[bytes]) -> list[int]:
    """Offsets at which a payload differs from all other ones of late: what holds one of these is surely its own.

    :param others: with the payload itself, perhaps; none are its own if it was there more often.
    """
    if others.count(payload) > 1:
        return []
    rivals = [other for other in others if other != payload]
    return [
        at for at, byte in enumerate(payload) if all(at >= len(other) or other[at] != byte for other in rivals[-8:])
    ]


def _tells(payload: bytes) -> bool:
    """Whether a payload can be found by its value: its blocks differ, and none is of a few values."""
    blocks = [payload[at : at + BLOCK] for at in range(0, len(payload) - BLOCK + 1, BLOCK)]
    return bool(blocks) and len(set(blocks)) == len(blocks) and min(len(set(block)) for block in blocks) > BLOCK // 4

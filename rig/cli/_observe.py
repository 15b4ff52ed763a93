"""``rig observe``: firmware that is not the bench, watched from outside."""

from __future__ import annotations

import math
import shlex
import sys
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import click
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from rig.cli._common import OnceCommand, boards_option, json_option, terminal
from rig.cli._run import discard, end_run, point_latest_at
from rig.errors import UsageError
from rig.inventory import Inventory
from rig.observe import (
    NO_COUNTER,
    Event,
    Expression,
    Figures,
    Kind,
    Observation,
    Plan,
    Point,
    Profile,
    read_profile,
    shipped_profile,
    shipped_profiles,
)
from rig.places import find_boards_file
from rig.probe import FirmwareImage
from rig.records import Event as JournalEvent
from rig.records import printable
from rig.run import (
    ObserveOptions,
    check_directory,
    check_observe,
    execute_observe,
    new_run_id,
    runs_directory,
)

_LARGEST_PROFILE = 1 << 20
_SHOWN = 12


@click.command("observe", cls=OnceCommand)
@click.argument("firmware", type=click.Path(path_type=Path))
@boards_option
@click.option("--board", metavar="NAME", help="Board to run it on; default: the one of boards.yaml.")
@click.option(
    "--beside",
    type=click.Path(path_type=Path),
    metavar="FILE.elf",
    help="The same firmware without shared memory, as the control: then claims are decided.",
)
@click.option(
    "--profile", default="micro-ros", show_default=True, help=f"{', '.join(shipped_profiles())}, or a YAML file."
)
@click.option("--publish", "publish_", metavar="FUNCTION", help="Publish, if it has another name.")
@click.option("--transport", "transport", metavar="FUNCTION", help="The transport's callback, if it has another name.")
@click.option("--callback", "callbacks", multiple=True, metavar="FUNCTION", help="The application's; may be several.")
@click.option(
    "--counter",
    metavar="PLACE",
    help="Where the callback (else the transport's) has the application's number: '[r0]'.",
)
@click.option("--published", metavar="PLACE", help="Where publish has that number: '[r1]'.")
@click.option("--payload", metavar="PLACE", help="Where the bytes of a sample begin at publish: '[r1 + 16]'.")
@click.option("--length", metavar="PLACE", help="How many they are: '[r1 + 20]'.")
@click.option("--handed", metavar="PLACE", help="Where the callback has the bytes of its sample: '[r0]'.")
@click.option("--calls", metavar="NAME,...", default="", help="Functions whose calls for each publish are counted.")
@click.option("--publishes", type=click.IntRange(1, 100_000), default=200, show_default=True, help="How many to watch.")
@click.option(
    "--step",
    type=click.IntRange(0, 100),
    default=0,
    show_default=True,
    help="Publishes after those whose instructions are counted one by one, as a check of the clock; seconds each.",
)
@click.option(
    "--idle", type=click.FloatRange(0.1, 600), default=20.0, show_default=True, help="Seconds without a stop."
)
@click.option("--trace/--no-trace", default=True, help="Follow one sample through every write (emulated boards).")
@click.option(
    "--cut/--no-cut", default=True, help="At the end cut the link, watch on, and start once more with it cut."
)
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Where the results go; must be empty.")
@click.option("--live/--no-live", default=True, help="Show what happens while it happens.")
@json_option
def observe_command(
    firmware: Path,
    boards_file: Path | None,
    board: str | None,
    beside: Path | None,
    profile: str,
    publish_: str | None,
    transport: str | None,
    callbacks: tuple[str, ...],
    counter: str | None,
    published: str | None,
    payload: str | None,
    length: str | None,
    handed: str | None,
    calls: str,
    publishes: int,
    step: int,
    idle: float,
    trace: bool,
    cut: bool,
    out: Path | None,
    live: bool,
    as_json: bool,
) -> int:
    """Measure FIRMWARE.elf from outside: deliveries by their way, order, time, copies, memory, and the link.

    It is flashed, booted beside the built-in Agent, and stopped at a few functions by hardware breakpoints. With
    --beside the claims are decided that can be decided so. docs/observe.md says what it needs and what figures mean.
    """
    if math.isnan(idle):
        raise UsageError("--idle is no number of seconds", hint="such as --idle 20")
    wanted = _named(_profile(profile), publish_, transport, callbacks, counter, published)
    wanted = _placed(wanted, payload, length, handed)
    names = tuple(name.strip() for name in calls.split(",") if name.strip())
    wanted = replace(wanted, calls=tuple(dict.fromkeys((*wanted.calls, *names))))
    (spec,) = Inventory.load(find_boards_file(boards_file)).select([board] if board else [])
    image = FirmwareImage.load(firmware)
    images = {_variant(image, wanted, alone=beside is None): image}
    if beside is not None:
        images["network"] = FirmwareImage.load(beside)
    run_id = new_run_id()
    directory = out if out is not None else runs_directory() / run_id
    options = ObserveOptions(
        spec=spec,
        firmware=images,
        profile=wanted,
        plan=Plan(publishes=publishes, idle=idle, stepped=step, trace=trace, cut=cut, startup=cut),
        directory=directory,
        command="rig " + shlex.join(sys.argv[1:]),
    )
    check_observe(options)
    check_directory(directory)
    console = terminal(error=as_json)
    try:
        with _LiveView(console, shown=live and not as_json) as view:
            done = execute_observe(options, run_id=run_id, listeners=(view.on_journal,), seen=view.on_event)
    except UsageError:
        discard(directory)
        raise
    if out is None:
        point_latest_at(directory)
    if not as_json:
        for variant, seen in done.seen.items():
            _show(console, variant, seen)
    return end_run(console, done.record, directory, verbose=False, as_json=as_json)


def _variant(image: FirmwareImage, profile: Profile, *, alone: bool) -> str:
    """One firmware alone is what its symbols say; beside another it is the one with shared memory."""
    without = profile.shared_memory and profile.shared_memory not in image.symbols
    return "network" if alone and without else "shm"


def _profile(name: str) -> Profile:
    if name in shipped_profiles():
        return shipped_profile(name)
    path = Path(name)
    known = ", ".join(shipped_profiles())
    try:
        if path.is_file() and path.stat().st_size > _LARGEST_PROFILE:
            raise UsageError(f"profile {name} is larger than {_LARGEST_PROFILE >> 20} MiB", hint="is it a profile?")
        if path.exists() and not path.is_file():
            raise UsageError(f"profile {name} is no file", hint=f"a file, or one of {known}")
        return read_profile(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        words = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UsageError(f"profile {name} cannot be read: {words}", hint=f"a file, or one of {known}") from None


def _named(
    profile: Profile,
    publish_: str | None,
    transport: str | None,
    callbacks: tuple[str, ...],
    counter: str | None,
    published: str | None,
) -> Profile:
    """The profile with what the application names itself."""
    if publish_ is not None:
        profile = replace(profile, publish=replace(profile.publish, function=publish_))
    if transport is not None:
        base = profile.transport or Point(function=transport)
        profile = replace(profile, transport=replace(base, function=transport))
    if callbacks:
        base = profile.callbacks[0] if profile.callbacks else Point(function=callbacks[0])
        profile = replace(profile, callbacks=tuple(replace(base, function=name) for name in callbacks))
    if counter is not None:
        place = Expression(counter)
        if not profile.callbacks and profile.transport is None:
            raise UsageError("--counter: the profile has no callback", hint="name it with --callback FUNCTION")
        if profile.callbacks:
            profile = replace(profile, callbacks=tuple(replace(each, counter=place) for each in profile.callbacks))
        elif profile.transport is not None:
            profile = replace(profile, transport=replace(profile.transport, counter=place))
    if published is not None:
        profile = replace(profile, publish=replace(profile.publish, counter=Expression(published)))
    return profile


def _placed(profile: Profile, payload: str | None, length: str | None, handed: str | None) -> Profile:
    """The profile with where payloads are."""
    if (payload is None) != (length is None):
        raise UsageError("--payload and --length are given together")
    if payload is not None and length is not None:
        point = replace(profile.publish, payload=Expression(payload), length=Expression(length))
        profile = replace(profile, publish=point)
    if handed is not None:
        if not profile.callbacks:
            raise UsageError("--handed: the profile has no callback", hint="name it with --callback FUNCTION")
        place = Expression(handed)
        profile = replace(profile, callbacks=tuple(replace(each, payload=place) for each in profile.callbacks))
    return profile


class _LiveView:
    """What was published, who got it and how, while it happens: a few lines on a terminal, a line each in a log."""

    def __init__(self, console: Console, *, shown: bool) -> None:
        self._console, self._shown = console, shown
        self._drawn = shown and console.is_terminal
        self._step = "take the board"
        self._counts: Counter[str] = Counter()
        self._samples: deque[str] = deque(maxlen=_SHOWN)
        self._begin = time.monotonic()
        self._live = Live(get_renderable=self._draw, console=console, transient=True, refresh_per_second=5)

    def __enter__(self) -> Self:
        if self._drawn:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._drawn:
            self._live.stop()

    def on_journal(self, event: JournalEvent) -> None:
        """Take note of a step of the run."""
        if event.kind != "step":
            return
        self._step = str(event.data["step"])
        if self._step.endswith("flash"):
            self._counts.clear()
            self._samples.clear()
        if self._shown and not self._drawn:
            self._console.print(Text(f"-- {printable(self._step)}"), soft_wrap=True, highlight=False)

    def on_event(self, variant: str, event: Event) -> None:
        """Take note of a stop."""
        way = {True: "by shared memory", False: "over the link", None: ""}[event.local]
        key = f"{event.kind} {way or event.function}".strip() if event.kind is not Kind.RETURNED else ""
        if key:
            self._counts[key] += 1
        if event.kind is Kind.RETURNED and event.failed:
            self._counts["publish reported failure"] += 1
        line = _line(event)
        if event.kind is Kind.PUBLISH or not self._samples:
            self._samples.append(line)
        elif event.kind is not Kind.RETURNED or event.failed:
            self._samples[-1] += f"  > {_short(event)}"
        if self._shown and not self._drawn:
            self._console.print(Text(printable(f"{variant}  {line}")), soft_wrap=True, highlight=False)

    def _draw(self) -> Group:
        clock = int(time.monotonic() - self._begin)
        head = Text.assemble((f"{clock // 60:02d}:{clock % 60:02d}", "cyan"), f"  {printable(self._step)}")
        counts = Text("  ".join(f"{printable(key)}: {count}" for key, count in self._counts.items()), style="bold")
        return Group(
            head, counts, *(Text(printable(line), no_wrap=True, overflow="ellipsis") for line in self._samples)
        )


def _short(event: Event) -> str:
    way = {True: " by shared memory", False: " over the link", None: ""}[event.local]
    if event.kind is Kind.RETURNED:
        return "FAILED"
    return f"{event.function}{way}{'' if event.counter is None else f' {event.counter}'}"


def _line(event: Event) -> str:
    way = {True: " by shared memory", False: " over the link", None: ""}[event.local]
    number = "" if event.counter is None else f" {event.counter}"
    name = f" ({event.function})" if event.kind is not Kind.RETURNED else ""
    return f"{event.kind}{number}{way}{name}{' FAILED' if event.failed else ''}"


def _spread(seen: Observation, ticks: Sequence[float]) -> str:
    if seen.clock is None:
        return f"not measured: {seen.no_clock}"
    if not ticks:
        return "-"
    ordered = sorted(map(seen.units, ticks))
    unit = seen.clock.unit
    return f"{ordered[0]:,} / {ordered[len(ordered) // 2]:,} / {ordered[-1]:,} {unit} ({len(ordered)})"


def _places(seen: Observation) -> str:
    if seen.places is None:
        return "not searched: the profile has no place of its bytes that can be read, or they do not tell"
    names = ", ".join(f"{place.symbol or hex(place.address)} ({place.length} B)" for place in seen.places)
    return f"{len(seen.places)}: {names}" if names else "none"


def _written(seen: Observation) -> str:
    traced = seen.traced
    if traced.unknown:
        return f"not measured: {traced.unknown}"
    rows = ([traced.serialised] if traced.serialised is not None else []) + list(traced.copies)
    words = [
        f"{row.bytes} B by {row.function}{f' for {row.caller}' if row.caller else ''} to "
        f"{row.symbol or hex(row.address)}"
        for row in rows
    ]
    more = f"; {traced.doubtful} B that other samples have there too" if traced.doubtful else ""
    return f"{'; '.join(words) or 'none'}{more} (all {traced.writes:,} writes)"


def _of(of: Figures) -> str:
    heard = f"{of.transport_local} by shared memory, {of.transport_link} over the link, {of.callbacks} callbacks"
    return f"{of.published} published, {of.failed} reported as failed; {heard}"


def _rows(seen: Observation) -> list[tuple[str, str]]:
    of = seen.figures
    unknown = f"not known: {NO_COUNTER if of.no_counter else 'the profile says no place of a counter'}"
    told = of.returned or not seen.unseen_returns
    functions = ", ".join(f"{count} {name}" for name, count in of.by_function.items())
    stack = seen.stack
    cost = _spread(seen, seen.halt_cost) if seen.halt_cost or seen.clock is None else "not measured"
    rows = [
        ("publish was called", str(of.published)),
        (
            "publish reported failure",
            f"{of.failed}, of which {of.failed_delivered} were delivered by shared memory"
            if told
            else "not known: no breakpoint was left for its return",
        ),
        ("transport callbacks by shared memory", str(of.transport_local)),
        ("transport callbacks over the link", str(of.transport_link)),
        *([("transport callbacks, way not known", str(of.transport_unknown))] if of.transport_unknown else []),
        ("callbacks of the application", f"{of.callbacks}{f' ({functions})' if len(of.by_function) > 1 else ''}"),
        ("out of order", unknown if of.out_of_order is None else str(of.out_of_order)),
        ("came more often than the others", unknown if of.repeated is None else str(of.repeated)),
        ("published and never came", unknown if of.lost is None else str(of.lost)),
        ("instructions, counted one by one", ", ".join(f"{n:,}" for n in seen.steps) or "none counted"),
        ("board time to the transport's callback", _spread(seen, of.to_transport)),
        ("board time to the application's callback", _spread(seen, of.to_callback)),
        ("board time of publish", _spread(seen, of.returned)),
        ("a halt adds to board time", cost),
        ("a sample in RAM", _places(seen)),
        ("who writes its bytes, from publish on", _written(seen)),
        (
            "WRITE_DATA to the Agent, DATA from it",
            f"{seen.link.to_agent.data_messages}, {seen.link.to_board.data_messages}",
        ),
        (
            "messages on the link, to and from the Agent",
            f"{seen.link.to_agent.messages}, {seen.link.to_board.messages}",
        ),
        ("bytes on the link, to and from the Agent", f"{seen.link.to_agent.bytes:,}, {seen.link.to_board.bytes:,}"),
        ("bytes on the link for each publish", f"{seen.window.bytes / max(1, of.published):,.1f}"),
        ("sessions opened; alive at the end", f"{seen.sessions}; {'yes' if seen.session_alive else 'no'}"),
        ("withheld by the Agent", ", ".join(f"{n} on {topic}" for topic, n in seen.withheld.items()) or "none"),
        *((f"calls of {name} for each publish", f"{count:,.2f}") for name, count in seen.calls.items()),
        ("with the link cut", _of(seen.severed) if seen.severed is not None else "not tried"),
        ("from a start with the link cut", _of(seen.startup) if seen.startup is not None else "not tried"),
        ("stack", stack.unknown or f"{stack.peak:,} of {stack.reserved:,} bytes that were painted"),
        ("sections, bytes", ", ".join(f"{name} {size:,}" for name, size in seen.sections.items())),
        ("by module: ROM, RAM", "; ".join(f"{name} {rom:,}, {ram:,}" for name, (rom, ram) in seen.modules.items())),
        ("false stops", str(seen.false_stops)),
    ]
    return [(name, printable(value)) for name, value in rows]


def _show(console: Console, variant: str, seen: Observation) -> None:
    table = Table(
        title=f"{'with' if variant == 'shm' else 'without'} shared memory",
        title_justify="left",
        box=None,
        pad_edge=False,
        show_header=False,
    )
    table.add_column("")
    table.add_column("", overflow="fold")
    for name, value in _rows(seen):
        table.add_row(name, Text(value))
    console.print(table)
    click.echo("times: least / median / greatest (count)")

"""``rig observe``: firmware that is not the bench, watched from outside."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from rig.cli._common import OnceCommand, boards_option, terminal
from rig.errors import ExitCode, UsageError
from rig.inventory import Inventory
from rig.observe import (
    Event,
    Expression,
    Figures,
    Observation,
    Point,
    Profile,
    instructions,
    observe,
    read_profile,
    shipped_profile,
    shipped_profiles,
)
from rig.places import find_boards_file
from rig.probe import FirmwareImage


@click.command("observe", cls=OnceCommand)
@click.argument("firmware", type=click.Path(path_type=Path))
@boards_option
@click.option("--board", metavar="NAME", help="Board to run it on; default: the one of boards.yaml.")
@click.option(
    "--profile", default="micro-ros", show_default=True, help=f"{', '.join(shipped_profiles())}, or a YAML file."
)
@click.option("--transport", "transport", metavar="FUNCTION", help="The transport's callback, if it has another name.")
@click.option("--callback", metavar="FUNCTION", help="The application's callback.")
@click.option("--counter", metavar="PLACE", help="Where the callback has the application's number of a sample: '[r0]'.")
@click.option("--published", metavar="PLACE", help="Where publish has that number: '[r1]'.")
@click.option("--payload", metavar="PLACE", help="Where the bytes of a sample begin at publish: '[r1 + 16]'.")
@click.option("--length", metavar="PLACE", help="How many they are: '[r1 + 20]'.")
@click.option("--publishes", type=click.IntRange(1, 100_000), default=200, show_default=True, help="How many to watch.")
@click.option(
    "--step",
    type=click.IntRange(0, 100),
    default=2,
    show_default=True,
    help="Publishes after those whose instructions are counted one by one.",
)
@click.option(
    "--idle", type=click.FloatRange(0.1, 600), default=20.0, show_default=True, help="Seconds without a stop."
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder for link.pcapng and agent.log; default: a new one."
)
@click.option("--live/--no-live", default=True, help="Say every event as it happens.")
def observe_command(
    firmware: Path,
    boards_file: Path | None,
    board: str | None,
    profile: str,
    transport: str | None,
    callback: str | None,
    counter: str | None,
    published: str | None,
    payload: str | None,
    length: str | None,
    publishes: int,
    step: int,
    idle: float,
    out: Path | None,
    live: bool,
) -> int:
    """Measure FIRMWARE.elf from outside: deliveries by their way, order, time, what publish reports, and the link.

    It is flashed, booted beside the built-in Agent, and stopped at a few functions by hardware breakpoints.
    """
    wanted = _named(_profile(profile), transport, callback, counter, published)
    if (payload is None) != (length is None):
        raise UsageError("--payload and --length are given together")
    if payload is not None and length is not None:
        point = replace(wanted.publish, payload=Expression(payload), length=Expression(length))
        wanted = replace(wanted, publish=point)
    (spec,) = Inventory.load(find_boards_file(boards_file)).select([board] if board else [])
    directory = _folder(out)

    def say(event: Event) -> None:
        if live:
            click.echo(_line(event))

    seen = observe(
        spec,
        FirmwareImage.load(firmware),
        wanted,
        publishes=publishes,
        idle=idle,
        directory=directory,
        stepped=step,
        seen=say,
    )
    _show(seen)
    click.echo(f"link.pcapng and agent.log: {directory}")
    if not seen.figures.published:
        raise UsageError(
            f"{firmware.name} never came to {wanted.publish.function} in {idle:g} s",
            hint="does it find its Agent? See agent.log; a longer --idle waits longer",
        )
    return ExitCode.DONE


def _profile(name: str) -> Profile:
    if name in shipped_profiles():
        return shipped_profile(name)
    path = Path(name)
    try:
        return read_profile(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        words = error.strerror if isinstance(error, OSError) else "it is not text"
        known = ", ".join(shipped_profiles())
        raise UsageError(f"profile {name} cannot be read: {words}", hint=f"a file, or one of {known}") from None


def _named(
    profile: Profile, transport: str | None, callback: str | None, counter: str | None, published: str | None
) -> Profile:
    """The profile with what the application names itself."""
    if transport is not None:
        base = profile.transport or Point(function=transport)
        profile = replace(profile, transport=replace(base, function=transport))
    if callback is not None:
        base = profile.callback or Point(function=callback)
        profile = replace(profile, callback=replace(base, function=callback))
    if counter is not None:
        if profile.callback is None:
            raise UsageError("--counter: the profile has no callback", hint="name it with --callback FUNCTION")
        profile = replace(profile, callback=replace(profile.callback, counter=Expression(counter)))
    if published is not None:
        profile = replace(profile, publish=replace(profile.publish, counter=Expression(published)))
    return profile


def _folder(out: Path | None) -> Path:
    if out is None:
        return Path(tempfile.mkdtemp(prefix="rig-observe-"))
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{out}: cannot be made: {error.strerror}", hint="name another folder with --out") from None
    return out


def _line(event: Event) -> str:
    way = {True: " by shared memory", False: " over the link", None: ""}[event.local]
    number = "" if event.counter is None else f" {event.counter}"
    return f"{instructions(event.at):>12}  {event.kind}{number}{way}{' FAILED' if event.failed else ''}"


def _spread(ticks: Sequence[int]) -> str:
    if not ticks:
        return "-"
    ordered = sorted(instructions(each) for each in ticks)
    return f"{ordered[0]:,} / {ordered[len(ordered) // 2]:,} / {ordered[-1]:,}  ({len(ordered)})"


def _places(seen: Observation) -> str:
    if seen.places is None:
        return "not searched: needs --payload and --length, and bytes that tell"
    names = ", ".join(f"{place.symbol or hex(place.address)} ({place.length} B)" for place in seen.places)
    return f"{len(seen.places)}: {names}" if names else "none"


def _rows(seen: Observation) -> list[tuple[str, str]]:
    of: Figures = seen.figures
    unknown = "not known: the profile says no place of a counter"
    return [
        ("publish was called", str(of.published)),
        ("publish reported failure", f"{of.failed}, of which {of.failed_delivered} were delivered by shared memory"),
        ("transport callbacks by shared memory", str(of.transport_local)),
        ("transport callbacks over the link", str(of.transport_link)),
        *([("transport callbacks, way not known", str(of.transport_unknown))] if of.transport_unknown else []),
        ("callbacks of the application", str(of.callbacks)),
        ("out of order", unknown if of.out_of_order is None else str(of.out_of_order)),
        ("came more often than the others", unknown if of.repeated is None else str(of.repeated)),
        ("published and never came", unknown if of.lost is None else str(of.lost)),
        ("instructions to the transport's callback", ", ".join(f"{n:,}" for n in seen.steps) or "none counted"),
        ("board time to the transport's callback", _spread(of.to_transport)),
        ("board time to the application's callback", _spread(of.to_callback)),
        ("board time of publish", _spread(of.returned)),
        ("copies of a sample in RAM", _places(seen)),
        ("WRITE_DATA to the Agent, DATA from it", f"{seen.data_sent}, {seen.data_received}"),
        ("bytes on the link", str(seen.link_bytes)),
        ("sessions opened; alive at the end", f"{seen.sessions}; {'yes' if seen.session_alive else 'no'}"),
        ("withheld by the Agent", ", ".join(f"{n} on {topic}" for topic, n in seen.withheld.items()) or "none"),
        ("false stops", str(seen.false_stops)),
        ("sections, bytes", ", ".join(f"{name} {size}" for name, size in seen.sections.items())),
    ]


def _show(seen: Observation) -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column("")
    table.add_column("", overflow="fold")
    for name, value in _rows(seen):
        table.add_row(name, Text(value))
    terminal().print(table)
    click.echo("board time: in instructions, least / median / greatest (count); every halt adds some hundreds")

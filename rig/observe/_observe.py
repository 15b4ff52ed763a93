"""One observation: a board is flashed and booted beside an Agent on a tapped link, and watched."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rig.agent import BuiltinAgent, SerialTransport
from rig.bench import BLOCK, Place, find_places
from rig.errors import UsageError
from rig.inventory import BoardSpec
from rig.link import SerialTap
from rig.observe._figures import Figures, figures
from rig.observe._profile import Profile
from rig.observe._watch import Event, Kind, Watch
from rig.probe import FirmwareImage, Probe, open_probe
from rig.probe.qemu import launch

# The dual timer of the board's CMSDK: a clock of our own that the firmware hardly uses. It counts down at 25 MHz.
_TIMER = {"mps2-an385": 0x4000_2000}
_LOAD, _VALUE, _CONTROL = 0x00, 0x04, 0x08
_ENABLED_32_BIT = 0x82
_TICK_NS = 40
_MOST_STEPS = 4000
INSTRUCTION_NS = 128
"""An instruction of an emulated board takes exactly this long in its own time."""


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What was seen.

    :ivar steps: instructions from publish to the transport's callback by shared memory, counted one by one.
    :ivar data_sent: WRITE_DATA of the board to its Agent.
    :ivar data_received: DATA back to it.
    :ivar link_bytes: on the line, both ways.
    :ivar false_stops: halts where none was asked for.
    :ivar session_alive: the Agent had a session of the board at the end.
    :ivar sessions: how often one was opened.
    :ivar places: where in RAM whole blocks of a sample stand while the application's callback has it; None: not
        searched.
    :ivar withheld: topic -> samples that the Agent did not send, because the Client's shared memory delivers them.
    :ivar sections: sizes of the image's sections, bytes.
    """

    figures: Figures
    steps: tuple[int, ...]
    events: tuple[Event, ...]
    data_sent: int
    data_received: int
    link_bytes: int
    false_stops: int
    session_alive: bool
    sessions: int
    places: tuple[Place, ...] | None
    withheld: dict[str, int]
    sections: dict[str, int]


def instructions(ticks: int) -> int:
    """Ticks of the board's clock as instructions, exact."""
    return round(ticks * _TICK_NS / INSTRUCTION_NS)


def observe(
    spec: BoardSpec,
    image: FirmwareImage,
    profile: Profile,
    *,
    publishes: int,
    idle: float,
    directory: Path,
    stepped: int = 0,
    seen: Callable[[Event], None] = lambda _: None,
) -> Observation:
    """Watch a firmware until it has published so often, or stops at nothing for ``idle`` seconds of the host.

    :param stepped: publishes, after those, whose instructions are counted one by one, until the transport's callback.
    :param directory: for the link's capture and the Agent's log.
    :param seen: called with each event as it happens.
    :raises UsageError: the board is not one that can be watched so, or a function is not in the firmware.
    """
    if spec.kind != "emulated" or spec.machine not in _TIMER or spec.target is None:
        raise UsageError(
            f"{spec.name} cannot be observed: it has no clock that the rig can read while the core is halted",
            hint=f"use an emulated board with the machine {', '.join(sorted(_TIMER))}",
        )
    timer = _TIMER[spec.machine]
    with ExitStack() as stack:
        machine = stack.enter_context(launch(spec.machine, name=spec.name))
        tap = stack.enter_context(SerialTap(machine.uart or "", capture=directory / "link.pcapng"))
        log = stack.enter_context((directory / "agent.log").open("w", encoding="utf-8"))
        agent = BuiltinAgent([SerialTransport(tap.agent_device, spec.link.baud)], log=log).start()
        stack.callback(agent.stop)
        probe = stack.enter_context(open_probe(machine.uid, target=spec.target))
        probe.flash(image)
        probe.reset(halt=True)
        _start_clock(probe, timer)
        watch = Watch(
            probe,
            profile,
            address_of=lambda name: image.find(name).address,
            clock=lambda: ~probe.read_u32(timer + _VALUE) & 0xFFFF_FFFF,
        )
        events: list[Event] = []
        with watch:
            places = _collect(watch, events, publishes, idle, seen, lambda wanted: _scan(probe, image, wanted))
            steps = _step(watch, stepped, idle)
        crossed = tap.counters()
        statistics = agent.statistics
        return Observation(
            figures=figures(events),
            steps=steps,
            events=tuple(events),
            data_sent=crossed.to_agent.data_messages,
            data_received=crossed.to_board.data_messages,
            link_bytes=crossed.bytes,
            false_stops=watch.false_stops,
            session_alive=statistics.clients > 0,
            sessions=statistics.sessions_opened,
            withheld=agent.withheld(),
            places=places,
            sections=dict(image.sections),
        )


def _start_clock(probe: Probe, timer: int) -> None:
    probe.write_u32(timer + _LOAD, 0xFFFF_FFFF)
    probe.write_u32(timer + _CONTROL, _ENABLED_32_BIT)


def _step(watch: Watch, publishes: int, idle: float) -> tuple[int, ...]:
    """The core is halted at a publish, if one came."""
    counts: list[int] = []
    stops = watch.events(timeout=idle)
    for _ in range(publishes):
        count = watch.steps_to_transport(most=_MOST_STEPS)
        if count is not None:
            counts.append(count)
        if next((event for event in stops if event.kind is Kind.PUBLISH), None) is None:
            break
    return tuple(counts)


def _scan(probe: Probe, image: FirmwareImage, wanted: bytes) -> tuple[Place, ...]:
    return tuple(
        place
        for start, length in probe.ram_regions()
        for place in find_places(probe.read(start, length), start, wanted, symbol_at=image.symbol_at)
    )


def _collect(
    watch: Watch,
    events: list[Event],
    publishes: int,
    idle: float,
    seen: Callable[[Event], None],
    scan: Callable[[bytes], tuple[Place, ...]],
) -> tuple[Place, ...] | None:
    """Up to the publish after the last one that counts: what that one causes belongs to it.

    RAM is searched once, at a callback of the application, for the sample that it has.
    """
    published = 0
    places: tuple[Place, ...] | None = None
    payloads: dict[int | None, bytes] = {}
    for event in watch.events(timeout=idle):
        published += event.kind is Kind.PUBLISH
        if published > publishes:
            break
        events.append(event)
        seen(event)
        if event.kind is Kind.PUBLISH:
            payloads[event.counter] = event.payload
        elif event.kind is Kind.CALLBACK and places is None and published > 1:
            wanted = payloads.get(event.counter, b"")
            places = scan(wanted) if _tells(wanted) else None
    return places


def _tells(payload: bytes) -> bool:
    """Whether a payload can be found by its value: its blocks differ, and none is of a few values."""
    blocks = [payload[at : at + BLOCK] for at in range(0, len(payload) - BLOCK + 1, BLOCK)]
    return bool(blocks) and len(set(blocks)) == len(blocks) and min(len(set(block)) for block in blocks) > BLOCK // 4

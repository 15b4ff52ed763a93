"""What is seen from outside agrees with what is known from inside: the bench's own images, and an application of our
Client with the symbols of the profile bare-client.
"""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from threading import Thread

import pytest
from observed_app import build_client_application

from rig.bench import Bench, Exchange, find_places, one_writer, payload
from rig.claims import decide_observed
from rig.inventory import BoardSpec, Inventory
from rig.observe import (
    Clock,
    Event,
    Expression,
    Kind,
    Observer,
    Plan,
    Point,
    Profile,
    Watch,
    figures,
    measurements,
    shipped_profile,
    start_clock,
)
from rig.probe import FirmwareImage
from rig.records import Verdict
from rig.station import Station

ROOT = Path(__file__).resolve().parents[2]
BENCH = Profile(
    name="bench",
    publish=Point(function="rig_mw_publish"),
    callbacks=(Point(function="bench_on_message", payload=Expression("[r1]"), length=Expression("[r1 + 4]")),),
)
COUNT, BYTES = 6, 64
INSTRUMENT = (
    16  # instructions from the bench's reading to the call of publish, and from its callback's entry to the next
)


def board() -> BoardSpec:
    (spec,) = Inventory.load(ROOT / "boards.yaml").select(["mps2-an385"])
    return spec


class Inside:
    """The bench of a variant, asked for the same exchange unwatched and watched."""

    def __init__(self, station: Station, variant: str) -> None:
        self.setting = station.prepare(variant)
        assert station.board.probe is not None and self.setting.link is not None
        self.probe, self.image, self.link = station.board.probe, station.images[variant], self.setting.link
        # One that does not take a halted core for a fault.
        self.bench = Bench(station.board.memory, station.board.mailbox_address, icount_shift=7)
        self.bench.start(buffers=4)
        self.topology = one_writer(self.bench, readers=1, timeout=10)

    def exchange(self, first: int, *, count: int = COUNT, on_hold: Callable[[], None] | None = None) -> Exchange:
        return self.bench.exchange(
            session=self.topology.session,
            writer=self.topology.writer,
            readers=1,
            count=count,
            length=BYTES,
            first=first,
            quiet=self.setting.variant == "shm",
            on_hold=on_hold,
        )

    def watched(self, first: int) -> tuple[list[Event], list[int], Clock]:
        """What is seen of an exchange, and where the first sample stands in RAM while its callback has it."""
        seen: list[Event] = []
        places: list[int] = []
        self.probe.halt()
        clock, _ = start_clock(self.probe, "mps2-an385")
        assert clock is not None
        watch = Watch(self.probe, BENCH, address_of=lambda name: self.image.find(name).address, clock=clock)
        thread = Thread(target=self.exchange, args=(first,))
        with watch:
            thread.start()
            for event in watch.events(timeout=1.0):
                seen.append(event)
                if event.kind is Kind.CALLBACK and not places:
                    places = self.places(event.payload)
        thread.join(30)
        assert watch.false_stops == 0
        return seen, places, clock

    def places(self, wanted: bytes) -> list[int]:
        return [
            place.address
            for start, length in self.probe.ram_regions()
            for place in find_places(self.probe.read(start, length), start, wanted)
        ]

    def data(self) -> tuple[int, int, int]:
        """WRITE_DATA, DATA, and payload bytes of both on the link so far."""
        now = self.link.traffic()
        return now.data_sent, now.data_received, now.counters.data_bytes


def test_the_benchs_own_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))
    with Station(board(), agent="builtin", directory=tmp_path) as station:
        inside = Inside(station, "shm")
        alone = inside.exchange(1)
        held: list[int] = []
        inside.exchange(
            50, count=1, on_hold=lambda: held.extend(p.address for p in inside.setting.scan(payload(50, 64)))
        )
        seen, places, clock = inside.watched(200)
        assert inside.data() == (0, 0, 0)
        network = Inside(station, "network")
        at = [network.data()]
        for each in (lambda: network.exchange(1), lambda: network.watched(200)):
            each()
            at.append(network.data())
    known = {inside.bench.clock.interval(entry.publish, entry.enter) for entry in alone.deliveries}
    outside = {clock.units(ticks) for ticks in figures(seen).to_callback}
    assert len(alone.deliveries) == len([event for event in seen if event.kind is Kind.CALLBACK]) == COUNT
    assert len(known) == 1 and max(abs(one - other) for one in known for other in outside) <= INSTRUMENT
    assert len(places) == len(held) == 1
    crossed = [tuple(b - a for a, b in zip(before, after, strict=True)) for before, after in pairwise(at)]
    assert crossed[0] == crossed[1] and crossed[0][:2] == (COUNT, COUNT)


def test_an_application_of_our_client_by_the_profile_bare_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))
    mine = shipped_profile("bare-client")
    with Observer(board(), tmp_path) as observer:
        seen = {
            variant: observer.observe(
                FirmwareImage.load(build_client_application(tmp_path, variant)),
                mine,
                Plan(publishes=20, idle=5.0, trace=variant == "shm", startup=False),
                prefix=f"{variant}-",
            )
            for variant in ("shm", "network")
        }
    shm, network = seen["shm"], seen["network"]
    assert (shm.figures.published, shm.figures.transport_local, shm.figures.transport_link) == (20, 20, 0)
    assert (network.figures.transport_local, shm.false_stops, network.false_stops) == (0, 0, 0)
    assert network.figures.transport_link >= 16  # the last ones may be on their way
    assert shm.session_alive and network.session_alive and (shm.sessions, network.sessions) == (1, 1)
    assert shm.link.to_agent.data_messages == shm.link.to_board.data_messages == 0
    assert network.link.to_board.data_messages >= 16
    assert shm.traced.serialised is not None
    assert (shm.traced.serialised.caller, shm.traced.serialised.bytes, shm.traced.copies) == ("main", 96, ())
    assert shm.severed is not None and shm.severed.transport_local == shm.severed.published == 8
    assert network.severed is not None and network.severed.transport_link == 0
    records = [m for variant, each in seen.items() for m in measurements(each, variant)]
    found = {claim.id: claim.verdict for claim in decide_observed("mps2-an385", records)}
    for claim in ("agentless-operation", "copies", "os-overhead", "latency", "footprint"):
        assert found[claim] is Verdict.CONFIRMED, claim

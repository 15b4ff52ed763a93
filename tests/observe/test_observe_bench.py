"""What is seen from outside agrees with what is known from inside: the bench's own images, and an application of our
Client with the symbols of the profile bare-client.
"""

from pathlib import Path
from threading import Thread

import pytest
from observed_app import build_client_application

from rig.bench import Bench, Exchange, find_places, one_writer, payload
from rig.claims import decide_observed
from rig.inventory import BoardSpec, Inventory
from rig.observe import (
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


def test_the_benchs_own_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))
    with Station(board(), agent="builtin", directory=tmp_path) as station:
        setting = station.prepare("shm")
        probe, image = station.board.probe, station.images["shm"]
        # One that does not take a halted core for a fault.
        bench = Bench(station.board.memory, station.board.mailbox_address, icount_shift=7)
        assert probe is not None and setting.link is not None
        bench.start(buffers=4)
        topology = one_writer(bench, readers=1, timeout=10)
        held: list[int] = []

        def exchange(first: int) -> Exchange:
            return bench.exchange(
                session=topology.session,
                writer=topology.writer,
                readers=1,
                count=COUNT,
                length=BYTES,
                first=first,
                quiet=True,
            )

        alone = exchange(1)
        bench.exchange(
            session=topology.session,
            writer=topology.writer,
            readers=1,
            count=1,
            length=BYTES,
            first=50,
            on_hold=lambda: held.extend(place.address for place in setting.scan(payload(50, BYTES))),
        )
        before = setting.link.traffic()
        exchange(100)
        middle = setting.link.traffic()
        seen: list[Event] = []
        places: list[int] = []
        probe.halt()
        clock, _ = start_clock(probe, "mps2-an385")
        watch = Watch(probe, BENCH, address_of=lambda name: image.find(name).address, clock=clock)
        thread = Thread(target=exchange, args=(200,))
        with watch:
            thread.start()
            for event in watch.events(timeout=1.0):
                seen.append(event)
                if event.kind is Kind.CALLBACK and not places:
                    places = [
                        place.address
                        for start, length in probe.ram_regions()
                        for place in find_places(probe.read(start, length), start, event.payload)
                    ]
        thread.join(30)
        after = setting.link.traffic()
    assert clock is not None and watch.false_stops == 0
    inside = {bench.clock.interval(entry.publish, entry.enter) for entry in alone.deliveries}
    outside = {clock.units(ticks) for ticks in figures(seen).to_callback}
    assert len(alone.deliveries) == len([event for event in seen if event.kind is Kind.CALLBACK]) == COUNT
    assert len(inside) == 1 and max(abs(one - other) for one in inside for other in outside) <= INSTRUMENT
    assert len(places) == len(held) == 1
    assert after.total_bytes - middle.total_bytes == middle.total_bytes - before.total_bytes
    assert (after.data_sent, after.data_received) == (before.data_sent, before.data_received)


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
                Plan(publishes=20, idle=5.0),
                prefix=f"{variant}-",
            )
            for variant in ("shm", "network")
        }
    shm, network = seen["shm"], seen["network"]
    assert (shm.figures.published, shm.figures.transport_local, shm.figures.transport_link) == (20, 20, 0)
    assert (network.figures.transport_local, shm.false_stops, network.false_stops) == (0, 0, 0)
    assert network.figures.transport_link >= 19  # the last one may be on its way
    assert shm.session_alive and network.session_alive and (shm.sessions, network.sessions) == (1, 1)
    assert shm.window.bytes == 0 and network.window.to_board.data_messages >= 19
    assert shm.traced.serialised is not None
    assert (shm.traced.serialised.caller, shm.traced.serialised.bytes, shm.traced.copies) == ("main", 96, ())
    assert sum(row.bytes for row in network.traced.copies) >= 2 * 96
    assert shm.severed is not None and shm.severed.transport_local == shm.severed.published == 8
    assert network.severed is not None and network.severed.transport_link == 0
    records = [m for variant, each in seen.items() for m in measurements(each, variant)]
    found = {claim.id: claim.verdict for claim in decide_observed("mps2-an385", records)}
    for claim in ("agentless-operation", "copies", "os-overhead", "latency", "footprint"):
        assert found[claim] is Verdict.CONFIRMED, claim

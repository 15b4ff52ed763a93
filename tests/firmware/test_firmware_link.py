"""The client with our Agent: large samples, samples that stay local, a changing audience, Agents that come and go."""

import threading
import time
from collections.abc import Callable

import pytest
from firmware_native import DEADLINE, READER, WRITER, Native

from rig.agent import CED, BuiltinAgent
from rig.bench import Entry, EntryKind
from rig.bench._layout import Command

pytestmark = pytest.mark.firmware


class Listener(threading.Thread):
    """Spins a firmware and gathers what it is handed, until ``finish``."""

    def __init__(self, firmware: Native) -> None:
        super().__init__(name="listener")
        self.entries: list[Entry] = []
        self._bench = firmware.bench
        self._ended = False
        self.start()

    def run(self) -> None:
        while not self._ended:
            reply = self._bench.command(Command.SPIN, (50, 0), timeout=DEADLINE)
            self.entries += [record for record in reply.entries if record.kind is EntryKind.DELIVERED]

    def wait(self, enough: Callable[[list[Entry]], bool]) -> None:
        until = time.monotonic() + DEADLINE
        while not enough(self.entries):
            assert time.monotonic() < until and self.is_alive()
            time.sleep(0.01)

    def finish(self) -> list[Entry]:
        self._ended = True
        self.join(DEADLINE)
        assert not self.is_alive()
        return self.entries


def publish(firmware: Native, count: int, length: int, first: int, readers: int = 0) -> int:
    """Returns how many samples were accepted; those refused for want of a buffer are tried again."""
    accepted = 0
    until = time.monotonic() + DEADLINE
    while accepted < count:
        assert time.monotonic() < until
        seen = firmware.bench.exchange(
            session=firmware.session,
            writer=1,
            count=1,
            length=length,
            readers=readers,
            first=first + accepted,
            spin_ms=1,
            deadline=DEADLINE,
        )
        accepted += seen.accepted
    return accepted


@pytest.mark.parametrize("length", (100_000, 65_535, 65_536, 8_192))
def test_a_large_sample_crosses_the_agent_whole(
    native: Callable[..., Native], agent: BuiltinAgent, length: int
) -> None:
    writer, reader = native(agent.port), native(agent.port)
    for number, firmware in enumerate((writer, reader)):
        firmware.bench.start(buffers=4, buffer_bytes=4 * 131_072, history=16)
        firmware.open(0x10 + number)
    reader.create(READER)
    writer.create(WRITER)
    listener = Listener(reader)
    try:
        publish(writer, 3, length, first=1)
        talking = Listener(writer)  # what is left in its queue goes out in spins
        listener.wait(lambda records: len(records) >= 3)
        talking.finish()
    finally:
        records = listener.finish()
    assert [(record.sequence, record.length, record.intact) for record in records] == [
        (number, length, True) for number in (1, 2, 3)
    ]


def test_local_samples_stay_off_the_link_until_somebody_else_reads(
    native: Callable[..., Native], agent: BuiltinAgent
) -> None:
    here, there = native(agent.port), native(agent.port)
    for number, firmware in enumerate((here, there)):
        firmware.bench.start(buffers=16, buffer_bytes=16 * 64, history=16)
        firmware.open(0x20 + number)
    here.create(READER)
    here.create(WRITER)
    publish(here, 50, 32, first=0, readers=1)
    assert agent.statistics.samples_in == 0

    published = 50
    appeared = threading.Event()

    def appear() -> None:
        there.create(READER)
        appeared.set()

    newcomer = threading.Thread(target=appear)
    newcomer.start()
    first_after = None
    until = time.monotonic() + DEADLINE
    while first_after is None or published < first_after + 50:
        assert time.monotonic() < until
        if appeared.is_set() and first_after is None:
            first_after = published
            listener = Listener(there)
        published += publish(here, 1, 32, first=published, readers=1)
    newcomer.join()
    try:
        talking = Listener(here)
        listener.wait(lambda records: bool(records) and records[-1].sequence == published - 1)
        talking.finish()
    finally:
        records = listener.finish()
    sequences = [record.sequence for record in records]
    assert sequences == list(range(sequences[0], published)), "a sample was lost, doubled or out of order"
    assert sequences[0] <= first_after
    assert here.bench.statistics().lost == 0


def test_an_agent_may_be_restarted(native: Callable[..., Native]) -> None:
    with BuiltinAgent.udp4() as first:
        port = first.port
        firmware = native(port, "network")
        firmware.bench.start(buffers=4, buffer_bytes=4 * 256)
        firmware.open(0x30)
        firmware.create(READER)
        firmware.create(WRITER)
        publish(firmware, 5, 32, first=0, readers=1)
    time.sleep(0.2)
    with BuiltinAgent.udp4(port=port) as second:
        until = time.monotonic() + DEADLINE
        delivered = 0
        while not delivered:
            assert time.monotonic() < until
            firmware.bench.spin(timeout=0.2)
            seen = firmware.bench.exchange(
                session=firmware.session, writer=1, count=1, length=32, readers=1, first=100, deadline=0.5
            )
            delivered = seen.delivered
        publish(firmware, 5, 32, first=200, readers=1)
        assert second.statistics.samples_in >= 6


def test_no_agent_at_start_up(native: Callable[..., Native]) -> None:
    with BuiltinAgent.udp4() as reserved:
        port = reserved.port
    here = native(port)
    here.bench.start(buffers=8, buffer_bytes=8 * 64)
    here.open(0x40, timeout=0)
    here.create(READER, timeout=0)
    here.create(WRITER, timeout=0)
    publish(here, 20, 32, first=0, readers=1)
    with BuiltinAgent.udp4(port=port):
        there = native(port)
        there.bench.start(buffers=8, buffer_bytes=8 * 64)
        there.open(0x41)
        there.create(READER)
        listener = Listener(there)
        try:
            number = 100
            until = time.monotonic() + DEADLINE
            while not listener.entries:
                assert time.monotonic() < until
                publish(here, 1, 32, first=number, readers=1)
                number += 1
        finally:
            listener.finish()
    assert here.bench.statistics().lost == 0


@pytest.mark.parametrize("variant", ("shm", "network"))
def test_the_middleware_tells_its_configuration(native: Callable[..., Native], variant: str) -> None:
    told = native(variant=variant).bench.configuration()
    assert told["sessions"] == 2
    assert told["history"] == "per_scenario"
    expected = (told["entities"], 64, "per_scenario") if variant == "shm" else (0, 0, 0)
    assert tuple(told[f"shm_{name}"] for name in ("entities", "pairs", "buffers")) == expected


def test_a_sample_with_local_readers_goes_to_any_agent_up_to_64_kib(native: Callable[..., Native]) -> None:
    with BuiltinAgent.udp4(personality=CED) as simple:
        here, there = native(simple.port), native(simple.port)
        for number, firmware in enumerate((here, there)):
            firmware.bench.start(buffers=4, buffer_bytes=4 * 131_072, history=16)
            firmware.open(0x50 + number)
        there.create(READER)
        here.create(READER, id=2)
        here.create(WRITER)
        listener = Listener(there)
        try:
            for number, length in enumerate((65_529, 65_528)):
                publish(here, 1, length, first=number, readers=1)
            talking = Listener(here)
            listener.wait(bool)
            talking.finish()
        finally:
            records = listener.finish()
        assert [(record.sequence, record.length, record.intact) for record in records] == [(1, 65_528, True)]
        assert here.bench.statistics().withheld == 1

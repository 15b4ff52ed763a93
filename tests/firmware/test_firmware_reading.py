"""READ_DATA of the bench firmware with delivery control, at the Agent: limits by number, time and rate; cancel."""

from collections.abc import Callable

import pytest
from firmware_native import READER, WRITER, Native

from rig.agent import BuiltinAgent

pytestmark = pytest.mark.firmware


def test_a_reader_gets_what_it_asked_for(native: Callable[..., Native], agent: BuiltinAgent) -> None:
    writing, reading = native(agent.port, "network"), native(agent.port, "network")
    for number, firmware in enumerate((writing, reading)):
        firmware.bench.start(buffers=4, history=16)
        firmware.open(0x70 + number)
    writing.create(WRITER, reliable_stream=True)
    reading.create(READER, reliable_stream=True)  # asks without limit
    bench, session = reading.bench, reading.session

    def publish(count: int) -> None:
        seen = writing.bench.exchange(session=writing.session, writer=1, count=count, length=64, readers=0)
        assert seen.accepted == count
        writing.bench.spin(timeout=0.1)

    bench.read(session, 1, 0)  # cancelled: what comes now waits at the Agent
    publish(3)
    assert bench.spin(timeout=0.3, messages=1) == 0
    bench.read(session, 1, 2)
    assert bench.spin(timeout=10, messages=2) == 2
    assert bench.spin(timeout=0.3, messages=1) == 0
    bench.read(session, 1)
    assert bench.spin(timeout=10, messages=1) == 1

    bench.read(session, 1, seconds=1)
    bench.spin(timeout=1.3)
    publish(3)
    assert bench.spin(timeout=0.3, messages=1) == 0
    bench.read(session, 1)
    assert bench.spin(timeout=10, messages=3) == 3

    bench.read(session, 1, bytes_per_second=64, pace_ms=1)
    publish(12)  # 11 s at that rate
    early = bench.spin(timeout=10, messages=1)
    assert 1 <= early < 12
    bench.read(session, 1)
    assert bench.spin(timeout=10, messages=12 - early) == 12 - early

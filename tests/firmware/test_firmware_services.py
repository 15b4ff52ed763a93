"""Requests and replies of the bench firmware: on one MCU, through the Agent, and between two."""

import threading
from collections.abc import Callable

import pytest
from firmware_native import REPLIER, REQUESTER, Native

from rig.agent import BuiltinAgent
from rig.bench import Served, Status

pytestmark = pytest.mark.firmware


def serve(
    firmware: Native,
    *,
    count: int,
    requester: int = 1,
    length: int = 64,
    outstanding: int = 8,
    milliseconds: int = 10_000,
) -> Served:
    return firmware.bench.serve(
        session=firmware.session,
        requester=requester,
        count=count,
        length=length,
        outstanding=outstanding,
        first=1000,
        spin_ms=5,
        deadline=milliseconds / 1000,
    )


def test_on_one_mcu_without_an_agent(native: Callable[..., Native]) -> None:
    firmware = native()
    firmware.bench.start(buffers=64, buffer_bytes=64 * 4096, link=False)
    firmware.open(0x50, timeout=0)
    for number in (1, 2, 3):
        firmware.create(REQUESTER, id=number, timeout=0)
    firmware.create(REPLIER, timeout=0)
    for number in (1, 2, 3):
        seen = serve(firmware, count=100, requester=number, length=1000, outstanding=32)
        assert seen == Served(
            asked=100, refused=0, heard=100, answered=100, replied=100, wrong=0, local=100, status=Status.OK
        )
    assert firmware.bench.statistics().buffers_free == 64


@pytest.mark.parametrize("variant", ("shm", "network"))
def test_through_the_agent_between_two(native: Callable[..., Native], agent: BuiltinAgent, variant: str) -> None:
    asking, answering = native(agent.port, variant), native(agent.port, variant)
    for number, firmware in enumerate((asking, answering)):
        firmware.bench.start(buffers=32, buffer_bytes=32 * 256, history=16)
        firmware.open(0x60 + number)
    answering.create(REPLIER)
    asking.create(REQUESTER, id=1)
    asking.create(REQUESTER, id=2)
    ended: list[Served] = []
    other = threading.Thread(target=lambda: ended.append(serve(answering, count=0, milliseconds=6_000)))
    other.start()
    try:
        for requester in (1, 2):
            seen = serve(asking, count=40, requester=requester, outstanding=4)
            assert (seen.asked, seen.replied, seen.wrong, seen.local, seen.status) == (40, 40, 0, 0, 0)
    finally:
        other.join()
    assert (ended[0].heard, ended[0].answered) == (80, 80)


def test_a_service_on_the_same_mcu_through_the_agent(native: Callable[..., Native], agent: BuiltinAgent) -> None:
    firmware = native(agent.port, "network")
    firmware.bench.start(buffers=4, buffer_bytes=4 * 256, history=16)
    firmware.open(0x70)
    firmware.create(REPLIER)
    firmware.create(REQUESTER)
    seen = serve(firmware, count=20, outstanding=2)
    assert (seen.heard, seen.replied, seen.wrong, seen.local) == (20, 20, 0, 0)


def test_local_requests_stay_off_the_link(native: Callable[..., Native], agent: BuiltinAgent) -> None:
    firmware = native(agent.port)
    firmware.bench.start(buffers=16, buffer_bytes=16 * 256)
    firmware.open(0x80)
    firmware.create(REPLIER)
    firmware.create(REQUESTER)
    seen = serve(firmware, count=50)
    assert (seen.replied, seen.local, seen.wrong) == (50, 50, 0)
    assert agent.statistics.samples_in == 0

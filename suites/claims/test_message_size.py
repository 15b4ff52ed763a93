"""Messages are limited only by memory: every size arrives whole, up to the buffer memory that the firmware has."""

import pytest

from rig.claims import Figures
from rig.records import ClaimResult, Verdict

pytestmark = pytest.mark.claim("message-size")

# Around length fields of 8 and 16 bits, the MTU of 512, and MTU x history.
SIZES = (1, 4, 255, 256, 257, 511, 512, 513, 4096, 8191, 8192, 8193, 65_535, 65_536, 65_537, 1 << 20, 8 << 20)


@pytest.mark.parametrize("size", SIZES)
def test_a_message_of_this_size_arrives_whole(figures: Figures, size: int) -> None:
    (shm,) = figures.all("largest_message_bytes", "shm")
    tried = shm.detail["tried"]
    assert isinstance(tried, dict)
    if str(size) not in tried:
        pytest.skip(f"this board's message memory is {shm.detail['buffer_bytes']} bytes")
    assert tried[str(size)] == "intact"


def test_the_largest_message_fills_the_memory(figures: Figures) -> None:
    (shm,) = figures.all("largest_message_bytes", "shm")
    assert shm.value == shm.detail["buffer_bytes"]


def test_several_readers_and_other_links_get_every_size_whole(figures: Figures) -> None:
    varied = figures.measured("largest_varied_bytes", "shm")
    assert varied
    for m in varied:
        assert m.value == m.detail["buffer_bytes"], (m.conditions, m.detail["tried"])


@pytest.mark.needs("large-memory")
def test_a_message_of_8_mib_arrives_whole(figures: Figures) -> None:
    (shm,) = figures.all("largest_message_bytes", "shm")
    assert shm.value >= 8 << 20


def test_the_claim_is_confirmed(verdict: ClaimResult) -> None:
    assert verdict.verdict is Verdict.CONFIRMED, verdict.reason

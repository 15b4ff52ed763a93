"""Messages are limited only by memory: every size arrives whole, up to the buffer memory that the firmware has."""

import pytest

from rig.claims import Figures
from rig.records import ClaimResult, Verdict

pytestmark = pytest.mark.rig_claim("message-size")

# Around length fields of 8 and 16 bits, the MTU of 512, and MTU x history.
SIZES = (1, 4, 255, 256, 257, 511, 512, 513, 4096, 8191, 8192, 8193, 65_535, 65_536, 65_537, 1 << 20, 8 << 20)


@pytest.mark.parametrize("size", SIZES)
def test_a_message_of_this_size_arrives_whole(rig_figures: Figures, size: int) -> None:
    (shm,) = rig_figures.all("largest_message_bytes", "shm")
    tried = shm.detail["tried"]
    assert isinstance(tried, dict)
    if str(size) not in tried:
        pytest.skip(f"this board's message memory is {shm.detail['buffer_bytes']} bytes")
    assert tried[str(size)] == "intact"


def test_the_largest_message_fills_the_memory(rig_figures: Figures) -> None:
    (shm,) = rig_figures.all("largest_message_bytes", "shm")
    assert shm.value == shm.detail["buffer_bytes"]


def test_several_readers_and_other_links_get_every_size_whole(rig_figures: Figures) -> None:
    varied = rig_figures.measured("largest_varied_bytes", "shm")
    assert varied
    for m in varied:
        assert m.value == m.detail["buffer_bytes"], (m.conditions, m.detail["tried"])


@pytest.mark.rig_needs("large-memory")
def test_a_message_of_8_mib_arrives_whole(rig_figures: Figures) -> None:
    (shm,) = rig_figures.all("largest_message_bytes", "shm")
    assert shm.value >= 8 << 20


def test_the_claim_is_confirmed(rig_verdict: ClaimResult) -> None:
    assert rig_verdict.verdict is Verdict.CONFIRMED, rig_verdict.reason

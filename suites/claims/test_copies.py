"""The payload is not copied for each destination: neither the counters nor a look at RAM find a copy per reader."""

import pytest

from rig.claims import Figures
from rig.records import ClaimResult, Verdict

pytestmark = pytest.mark.claim("copies")

READERS = (1, 2, 4, 8)


@pytest.mark.parametrize("readers", READERS)
def test_the_sample_stands_once_in_ram(figures: Figures, readers: int) -> None:
    found = figures.all("resident_copies", "shm", readers=readers)
    assert found
    for measurement in found:
        assert measurement.samples == (1,), measurement.detail["places"]


@pytest.mark.parametrize("readers", READERS)
def test_no_more_bytes_are_copied_than_for_one_reader(figures: Figures, readers: int) -> None:
    for measurement in figures.all("bytes_copied_per_sample", "shm", readers=readers):
        payload = measurement.conditions["payload_bytes"]
        (single,) = figures.all("bytes_copied_per_sample", "shm", readers=1, payload_bytes=payload)
        assert measurement.samples == single.samples


def test_the_control_does_copy(figures: Figures) -> None:
    copied = [m.value for m in figures.all("resident_copies", "network") if m.samples]
    if not copied:
        pytest.skip("no control was measured")
    assert min(copied) > 1


def test_the_claim_is_confirmed(verdict: ClaimResult) -> None:
    assert verdict.verdict is Verdict.CONFIRMED, verdict.reason

"""The payload is not copied for each destination: neither counters, nor a look at RAM, nor a trace find a copy."""

import pytest

from rig.claims import Figures
from rig.records import ClaimResult, Verdict

pytestmark = pytest.mark.rig_claim("copies")

READERS = (1, 2, 4, 8)


@pytest.mark.parametrize("readers", READERS)
def test_the_sample_stands_once_in_ram(rig_figures: Figures, readers: int) -> None:
    found = rig_figures.all("resident_copies", "shm", readers=readers)
    assert found
    for measurement in found:
        assert measurement.samples == (1,), measurement.detail["places"]


@pytest.mark.parametrize("readers", READERS)
def test_no_more_bytes_are_copied_than_for_one_reader(rig_figures: Figures, readers: int) -> None:
    rows = rig_figures.all("bytes_copied_per_sample", "shm", readers=readers)
    plain = [row for row in rows if "alignment" not in row.conditions]  # the others are rows of the covering array
    assert plain
    for measurement in plain:
        payload = measurement.conditions["payload_bytes"]
        alone = rig_figures.all("bytes_copied_per_sample", "shm", readers=1, payload_bytes=payload)
        (single,) = [row for row in alone if "alignment" not in row.conditions]
        assert measurement.samples == single.samples


def test_no_byte_is_written_after_the_application_wrote_it(rig_figures: Figures) -> None:
    for measurement in rig_figures.all("payload_bytes_written", "shm"):
        if measurement.detail.get("unavailable"):
            pytest.skip(f"writes cannot be traced: {measurement.detail['unavailable']}")
        assert measurement.detail["serialised"] == measurement.conditions["payload_bytes"], "the trace is blind"
        assert measurement.samples == (0,), measurement.detail["writers"]


def test_the_control_does_copy(rig_figures: Figures) -> None:
    copied = [m.value for m in rig_figures.all("resident_copies", "network") if m.samples]
    if not copied:
        pytest.skip("no control was measured")
    assert min(copied) > 1


def test_the_claim_is_confirmed(rig_verdict: ClaimResult) -> None:
    assert rig_verdict.verdict is Verdict.CONFIRMED, rig_verdict.reason

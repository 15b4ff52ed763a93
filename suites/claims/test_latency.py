"""Less time from publisher to reader, whatever the payload, and whatever time-out the application hands to spin."""

import pytest

from rig.claims import Figures
from rig.records import ClaimResult, Verdict

pytestmark = pytest.mark.rig_claim("latency")


@pytest.mark.parametrize("payload_bytes", (4, 64, 256))
def test_p99_is_below_the_agent_path(rig_figures: Figures, payload_bytes: int) -> None:
    (shm,) = rig_figures.all("publish_to_callback", "shm", payload_bytes=payload_bytes, readers=1, spin_timeout_ms=10)
    control = rig_figures.all(
        "publish_to_callback", "network", payload_bytes=payload_bytes, readers=1, spin_timeout_ms=10
    )
    if not control or not control[0].samples:
        pytest.skip("no control was measured for this payload")
    assert shm.summary is not None and control[0].summary is not None
    assert shm.clock == control[0].clock
    assert shm.summary.p99 < control[0].summary.p99


def test_the_payload_does_not_matter(rig_figures: Figures) -> None:
    by_payload = {
        m.conditions["payload_bytes"]: m
        for m in rig_figures.all("publish_to_callback", "shm", readers=1, spin_timeout_ms=10)
    }
    if next(iter(by_payload.values())).clock != "virtual":
        pytest.skip("only instruction counts are free of noise")
    assert len({m.value for m in by_payload.values()}) == 1, {p: m.value for p, m in by_payload.items()}


def test_the_claim_is_confirmed(rig_verdict: ClaimResult) -> None:
    assert rig_verdict.verdict is Verdict.CONFIRMED, rig_verdict.reason

"""The criterion of ``pool-use``, on figures that confirm it, refute it, and leave it open. Belongs in tests/claims/."""

import pytest

from rig.claims import CLAIMS, decide
from rig.records import Measurement, Verdict


def figure(readers: int, taken: float | None) -> Measurement:
    return Measurement(
        experiment="pool-use",
        board="native",
        variant="shm",
        path="shm",
        metric="buffers_taken",
        unit="buffers",
        samples=() if taken is None else (taken,),
        conditions={"payload_bytes": 64, "readers": readers},
        detail={"before": 4, "waiting": 3}
        if taken is not None
        else {"before": 0, "waiting": 0, "unavailable": "untold"},
    )


@pytest.mark.parametrize(
    ("taken", "verdict"),
    [
        ((1, 1), Verdict.CONFIRMED),
        ((1, 2), Verdict.REFUTED),
        ((0, 0), Verdict.REFUTED),
        ((None, None), Verdict.INCONCLUSIVE),
    ],
)
def test_one_buffer_whatever_the_readers(taken: tuple[float | None, ...], verdict: Verdict) -> None:
    figures = [figure(readers, value) for readers, value in zip((1, 8), taken, strict=True)]
    assert decide(CLAIMS["pool-use"], "native", figures, prevented={}).verdict is verdict

"""Many entities work at once, and one too many is refused with an error."""

import pytest

from rig.claims import Figures
from rig.records import ClaimResult, Verdict

pytestmark = pytest.mark.rig_claim("entity-capacity")


@pytest.mark.parametrize("pairs", (1, 2, 5, 10, 20))
def test_made_pairs_deliver(rig_figures: Figures, pairs: int) -> None:
    (made,) = rig_figures.all("pairs_made", "shm", pairs=pairs)
    (lost,) = rig_figures.all("samples_lost", "shm", pairs=pairs)
    assert lost.value == 0
    assert made.value >= made.detail["room"]
    assert made.value == pairs or made.detail["refusal"]


def test_the_claim_is_confirmed(rig_verdict: ClaimResult) -> None:
    assert rig_verdict.verdict is Verdict.CONFIRMED, rig_verdict.reason

"""The Client discovers matching entities itself, by the rules of DDS."""

import pytest

from rig.claims import Figures
from rig.records import ClaimResult, Verdict

pytestmark = pytest.mark.rig_claim("local-matching")


def test_no_pair_is_wrong(rig_figures: Figures) -> None:
    (wrong,) = rig_figures.all("pairs_wrong", "shm")
    assert wrong.value == 0, wrong.detail["wrong"]


def test_the_matrix_was_really_tried(rig_figures: Figures) -> None:
    (tried,) = rig_figures.all("pairs_tried", "shm")
    assert tried.value >= 30, tried.detail["untried"]
    assert not tried.detail["unknown"]


def test_the_claim_is_confirmed(rig_verdict: ClaimResult) -> None:
    assert rig_verdict.verdict is Verdict.CONFIRMED, rig_verdict.reason

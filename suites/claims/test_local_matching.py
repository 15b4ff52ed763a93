"""The Client discovers matching entities itself, by the rules of DDS."""

import pytest

from rig.claims import Figures
from rig.records import ClaimResult, Verdict

pytestmark = pytest.mark.claim("local-matching")


def test_no_pair_is_wrong(figures: Figures) -> None:
    (wrong,) = figures.all("pairs_wrong", "shm")
    assert wrong.value == 0, wrong.detail["wrong"]


def test_the_matrix_was_really_tried(figures: Figures) -> None:
    (tried,) = figures.all("pairs_tried", "shm")
    assert tried.value >= 30, tried.detail["untried"]
    assert not tried.detail["unknown"]


def test_the_claim_is_confirmed(verdict: ClaimResult) -> None:
    assert verdict.verdict is Verdict.CONFIRMED, verdict.reason

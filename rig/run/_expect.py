"""Applies the known verdicts of boards.yaml: each is accepted until its day; a verdict that differs is shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from rig.inventory import Expectation
from rig.records import ClaimResult, Verdict


def apply(expectation: Expectation | None, claim: ClaimResult, *, today: date) -> ClaimResult:
    """The claim with its expected verdict. An expectation holds until its day, that day included."""
    if expectation is None or claim.verdict is Verdict.NOT_RUN:
        return claim
    known = f"{expectation.verdict} is known here until {expectation.until}: {expectation.why}"
    if expectation.until < today:
        return replace(claim, expected=f"expired: {known}")
    if claim.verdict.value == expectation.verdict:
        return replace(claim, expected=known, accepted=True)
    return replace(claim, expected=f"came out differently: {known}")

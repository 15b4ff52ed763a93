"""How a run ended, as one word."""

from __future__ import annotations

from rig.errors import Outcome
from rig.records import RunRecord, Verdict


def outcome(record: RunRecord, *, interrupted: bool = False) -> Outcome:
    """The word. A fault takes precedence over a refutation: such a run could not be finished.

    A fault that was mended by resuming the run does not count, and a verdict that boards.yaml declares as known counts
    as if it were a confirmation.
    """
    verdicts = {Verdict.CONFIRMED if claim.accepted else claim.verdict for claim in record.claims}
    if interrupted:
        return Outcome.INTERRUPTED
    if any(not fault.mended for fault in record.faults):
        return Outcome.FAULT
    if Verdict.REFUTED in verdicts:
        return Outcome.REFUTED
    if Verdict.INCONCLUSIVE in verdicts or Verdict.CONFIRMED not in verdicts:
        return Outcome.INCONCLUSIVE
    return Outcome.PASSED

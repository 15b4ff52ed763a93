"""How a run ended, as one word."""

from __future__ import annotations

from rig.errors import Outcome
from rig.records import RunRecord, Verdict


def outcome(record: RunRecord, *, interrupted: bool = False) -> Outcome:
    """The outcome of a run. A fault takes precedence over a refutation, because such a run could not be finished.

    A fault that a resumed run has mended does not count. A verdict that boards.yaml declares as known counts as a
    confirmation.
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

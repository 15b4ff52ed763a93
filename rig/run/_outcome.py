"""How a run ended, as one word and as an exit code."""

from __future__ import annotations

from rig.records import RunRecord, Verdict

EXIT_CODES = {"passed": 0, "refuted": 1, "fault": 3, "inconclusive": 4, "interrupted": 130}


def outcome(record: RunRecord, *, interrupted: bool = False) -> str:
    """The word. A fault comes before a refutation: a run that could not be finished is first of all that.

    A fault that was mended by resuming the run does not count, and a verdict that boards.yaml declares as known counts
    as if it were a confirmation.
    """
    verdicts = {Verdict.CONFIRMED if claim.accepted else claim.verdict for claim in record.claims}
    if interrupted:
        return "interrupted"
    if any(not fault.mended for fault in record.faults):
        return "fault"
    if Verdict.REFUTED in verdicts:
        return "refuted"
    if Verdict.INCONCLUSIVE in verdicts or Verdict.CONFIRMED not in verdicts:
        return "inconclusive"
    return "passed"

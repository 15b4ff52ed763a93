"""The claims and how each is decided from records.

Knows records only. Must not know hardware, nor how anything was measured.
"""

from collections.abc import Mapping, Sequence

from rig.claims._claim import Claim, Decision, Figures, gap
from rig.claims._nuttx import NUTTX, decide_nuttx
from rig.claims._observed import OBSERVED, decide_observed
from rig.claims._promises import CLAIM_OF, SEARCH, with_search
from rig.claims._table import CLAIMS, FACTORS
from rig.records import BARE_METAL, NOT_ASKED, ClaimResult, Measurement, Verdict

__all__ = [
    "CLAIMS",
    "CLAIM_OF",
    "FACTORS",
    "NUTTX",
    "OBSERVED",
    "SEARCH",
    "Claim",
    "Decision",
    "Figures",
    "decide",
    "decide_nuttx",
    "decide_observed",
    "needed_for",
]


def needed_for(ids: Sequence[str], *, systems: Sequence[str]) -> tuple[str, ...]:
    """The claims to decide when ``ids`` are asked for; ``nuttx`` needs all others, where it can be decided.

    None asked for: all of them, ``nuttx`` only if a board of the run has that system.

    :param systems: the operating system of each board of the run.
    """
    if not ids:
        return tuple(id for id in CLAIMS if id != NUTTX or NUTTX in systems)
    return tuple(CLAIMS) if NUTTX in ids and {NUTTX, BARE_METAL} <= set(systems) else tuple(ids)


def decide(
    claim: Claim,
    board: str,
    measurements: Sequence[Measurement],
    *,
    prevented: Mapping[str, str],
    repeat: str = "",
    asked: bool = True,
) -> ClaimResult:
    """Decide one claim for one board.

    :param measurements: of any experiment and board; those that belong here are picked out.
    :param prevented: experiment id -> why it could not be made or finished; such a claim is never refuted by what is
        missing, and stays ``not_run`` if nothing was measured.
    :param asked: False: nobody asked for it, and nothing is looked at.
    """
    measurements, prevented = (measurements, prevented) if asked else ((), {})
    own = [m for m in measurements if m.board == board and m.experiment == claim.experiment]
    if not asked:
        decision = Decision(verdict=Verdict.NOT_RUN, reason=NOT_ASKED)
    elif claim.decide is None or claim.experiment is None:  # not by one board's figures, see decide_nuttx
        decision = Decision(verdict=Verdict.NOT_RUN, reason=claim.why_not)
    elif claim.experiment in prevented:
        verdict = Verdict.INCONCLUSIVE if own else Verdict.NOT_RUN
        decision = Decision(verdict=verdict, reason=prevented[claim.experiment])
    elif not own:
        decision = Decision(verdict=Verdict.NOT_RUN, reason=NOT_ASKED)
    else:
        decision = claim.decide(Figures(own))
        missing = gap(Figures(own), claim.reported) if decision.verdict is Verdict.CONFIRMED else ""
        if missing:
            decision = Decision(verdict=Verdict.INCONCLUSIVE, reason=missing, evidence=decision.evidence)
    searched = [m for m in measurements if m.board == board and m.experiment == SEARCH]
    decision = with_search(claim, decision, searched, prevented=prevented.get(SEARCH, ""), board=board)
    return ClaimResult(
        id=claim.id,
        board=board,
        verdict=decision.verdict,
        reason=decision.reason,
        statement=claim.statement,
        criterion=claim.criterion,
        repeat=repeat,
        prevented=prevented.get(claim.experiment, "") if claim.experiment is not None else "",
        evidence=decision.evidence,
    )

"""The claim that shared memory works on NuttX: compares the verdicts of two boards of one run.

Figures are never compared: another scheduler, driver and lock may take other numbers of instructions. The verdicts must
be equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from rig.claims._claim import Decision, confirmed, fact, inconclusive, refuted
from rig.records import BARE_METAL, Board, ClaimResult, Verdict

NUTTX = "nuttx"
"""The claim, and what firmware calls that operating system."""

_DECIDED = (Verdict.CONFIRMED, Verdict.REFUTED)
_SHOWN = 3
_Middleware = frozenset[tuple[str, str, str]]
_Results = Mapping[str, ClaimResult]


def decide_nuttx(results: Iterable[ClaimResult], boards: Sequence[Board], *, repeat: str = "") -> list[ClaimResult]:
    """The claim's result for both boards of a pair, one with NuttX and one on bare metal; none for other boards.

    :param results: of all claims and boards of one run, this claim's among them.
    :param boards: the boards of the run, with the firmware that ran on them.
    """
    by_board: dict[str, dict[str, ClaimResult]] = {}
    for result in results:
        by_board.setdefault(result.board, {})[result.id] = result
    decided: dict[str, ClaimResult] = {}
    for board in boards:
        own = by_board.get(board.name, {}).get(NUTTX)
        bare = _partner(board, boards) if _systems(board) == {NUTTX} else None
        if bare is None or own is None:
            continue
        decision = _compare(bare, by_board.get(bare.name, {}), board, by_board[board.name])
        for each in (bare, board):
            if each.name not in decided and NUTTX in by_board.get(each.name, {}):
                decided[each.name] = replace(
                    by_board[each.name][NUTTX],
                    verdict=decision.verdict,
                    reason=decision.reason,
                    evidence=decision.evidence,
                    repeat=repeat,
                )
    return list(decided.values())


def _systems(board: Board) -> set[str]:
    return {firmware.os for firmware in board.firmware}


def _middleware(board: Board) -> _Middleware:
    return frozenset((f.variant, f.middleware, f.middleware_version) for f in board.firmware)


def _partner(board: Board, boards: Sequence[Board]) -> Board | None:
    """A bare-metal board with the same middleware, version and variants; rather one of the same chip, or core."""
    fit = [b for b in boards if _systems(b) == {BARE_METAL} and _middleware(b) == _middleware(board)]
    return min(fit, key=lambda b: (b.target != board.target, b.core != board.core), default=None)


def _compare(bare: Board, on_bare: _Results, board: Board, on_nuttx: _Results) -> Decision:
    system = " and ".join(sorted({firmware.system for firmware in board.firmware}))
    pairs = [
        (on_bare[id], result)
        for id, result in on_nuttx.items()
        if id != NUTTX and id in on_bare  # both have all claims of the table
    ]
    evidence = [
        fact(f"{one.id}: {_words(one)} on {bare.name}, {_words(other)} on {board.name}") for one, other in pairs
    ]
    where = f"{bare.name} (bare metal) and {board.name} ({system})"
    broken = [o for b, o in pairs if (b.verdict, o.verdict) == (Verdict.CONFIRMED, Verdict.REFUTED)]
    if broken:
        first = broken[0]
        words = f"{first.id} is confirmed on {bare.name} and refuted on {board.name} ({system}): {first.reason}"
        return refuted(f"{words}{_more(len(broken) - 1)}", evidence)
    unsettled = [
        f"{r.id} is {_words(r)} on {r.board}: {r.reason}" for pair in pairs for r in pair if r.verdict not in _DECIDED
    ]
    unsettled += [
        f"{b.id} is refuted on {bare.name} and confirmed on {board.name}"
        for b, o in pairs
        if (b.verdict, o.verdict) == (Verdict.REFUTED, Verdict.CONFIRMED)
    ]
    if unsettled or not pairs:
        words = "; ".join(unsettled[:_SHOWN]) or "no other claim was decided"
        return inconclusive(f"{words}{_more(len(unsettled) - _SHOWN)}", evidence)
    same = {verdict: sum(1 for one, _ in pairs if one.verdict is verdict) for verdict in _DECIDED}
    kinds = ", ".join(f"{count} {verdict.value}" for verdict, count in same.items() if count)
    return confirmed(f"all {len(pairs)} other claims have the same verdict on {where}: {kinds}", evidence)


def _more(count: int) -> str:
    return f"; and {count} more" if count > 0 else ""


def _words(result: ClaimResult) -> str:
    return result.verdict.value.replace("_", " ")

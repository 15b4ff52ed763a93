"""Decides the claims of somebody else's record anew, from its raw samples."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from rig import __version__
from rig.claims import CLAIMS, NUTTX, SEARCH, decide, decide_nuttx
from rig.errors import UsageError
from rig.records import NOT_ASKED, ClaimResult, Measurement, RunRecord, Verdict, to_json

_UNSEARCHED = "did not end: "
_TOLERANCE = 1e-9
_ID = re.compile(r"[0-9A-Za-z][\w.+-]{0,99}", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Disagreement:
    """A statement of a record that its samples do not support."""

    where: str
    recorded: str
    found: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """``decided``: claims that were decided again; all except the ``disagreements`` came out as recorded. ``notes``:
    what the check could not verify, in words.
    """

    decided: tuple[ClaimResult, ...]
    disagreements: tuple[Disagreement, ...]
    notes: tuple[str, ...]


def check_record(record: RunRecord, plain: Mapping[str, Any]) -> Checked:
    """Decide every claim again and summarise every figure again.

    :param plain: the record as it was written, with its summaries.
    :raises UsageError: the samples are such that nothing can be decided from them.
    """
    _check_form(record)
    try:
        decided = _decide(record)
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise UsageError(
            f"no claim can be decided from the record's figures: {type(error).__name__}: {str(error)[:120]}",
            hint="ask its sender for the run again",
        ) from error
    recorded = {(claim.board, claim.id): claim for claim in record.claims}
    wrong = [
        Disagreement(
            where=f"{claim.board}: claim {claim.id}",
            recorded=f"{recorded[claim.board, claim.id].verdict.value}: {recorded[claim.board, claim.id].reason}",
            found=f"{claim.verdict.value}: {claim.reason}",
        )
        for claim in decided
        if claim.verdict is not recorded[claim.board, claim.id].verdict
    ]
    return Checked(
        decided=tuple(decided),
        disagreements=(*wrong, *_left_out(record), *_sums(record, plain)),
        notes=tuple(_notes(record)),
    )


def _check_form(record: RunRecord) -> None:
    """No rig writes a record like this: an id that is none, a claim twice, figures of a board that is not there."""
    keys = [(claim.board, claim.id) for claim in record.claims]
    twice = next((f"{id} on {board}" for board, id in keys if keys.count((board, id)) > 1), None)
    boards = {board.name for board in record.boards}
    stray = next((m.board for m in record.measurements if m.board not in boards), None)
    wrong = (
        "its run has no proper id"
        if not _ID.fullmatch(record.run.id)
        else f"claim {twice} stands in it twice"
        if twice
        else f"it has figures of board {stray}, and no such board"
        if stray is not None
        else ""
    )
    if wrong:
        raise UsageError(f"the record is not as a rig writes it: {wrong}", hint="ask its sender for the run again")


def _left_out(record: RunRecord) -> list[Disagreement]:
    """Claims that the figures decide, and that the record does not have. A run that was killed has none."""
    if record.run.outcome is None or record.run.rig_version != __version__:
        return []
    have = {(claim.board, claim.id) for claim in record.claims}
    missing = []
    for board in dict.fromkeys(m.board for m in record.measurements):
        for id, row in CLAIMS.items():
            measured = any(m.board == board and m.experiment == row.experiment for m in record.measurements)
            if measured and (board, id) not in have:
                found = decide(row, board, record.measurements, prevented={})
                missing.append(
                    Disagreement(
                        where=f"{board}: claim {id}",
                        recorded="left out",
                        found=f"{found.verdict.value}: {found.reason}",
                    )
                )
    return missing


def _decide(record: RunRecord) -> list[ClaimResult]:
    decided: list[ClaimResult] = []
    for claim in record.claims:
        row = CLAIMS.get(claim.id)
        if row is None:
            continue
        own = [m for m in record.measurements if m.board == claim.board and m.experiment == row.experiment]
        if claim.reason == NOT_ASKED and not own:
            decided.append(claim)
            continue
        prevented: dict[str, str] = {}
        if claim.prevented and row.experiment is not None:
            prevented[row.experiment] = claim.prevented
        if _UNSEARCHED in claim.reason:
            prevented[SEARCH] = claim.reason.partition(_UNSEARCHED)[2]
        result = decide(row, claim.board, record.measurements, prevented=prevented)
        decided.append(replace(result, accepted=claim.accepted, expected=claim.expected))
    across = {(c.board, c.id): c for c in decide_nuttx(decided, record.boards, repeat="")}
    # Two boards decide it together, and only in a run that was asked for all claims.
    partial = {c.board for c in record.claims if c.reason == NOT_ASKED}
    return [across.get((c.board, c.id), c) if c.id == NUTTX and c.board not in partial else c for c in decided]


def _sums(record: RunRecord, plain: Mapping[str, Any]) -> list[Disagreement]:
    """Sums that are not those of their samples."""
    wrong: list[Disagreement] = []
    for m, raw in zip(record.measurements, plain["measurements"], strict=True):
        said = raw.get("summary")
        if said is None:
            continue
        found = _summary(m)
        bad = next((key for key in said if key in found and not _equal(said[key], found[key])), None)
        if bad is not None:
            wrong.append(
                Disagreement(
                    where=f"{m.board}: {bad} of {m.metric} ({m.variant})",
                    recorded=str(said[bad]),
                    found=str(found[bad]),
                )
            )
    return wrong


def _summary(m: Measurement) -> dict[str, Any]:
    summary = to_json(m)["summary"]
    return {key: value for key, value in (summary or {}).items() if key != "intervals"}


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(one - other) <= _TOLERANCE * max(1.0, abs(one), abs(other))
    return bool(one == other)


def _notes(record: RunRecord) -> list[str]:
    notes = []
    if record.run.rig_version != __version__:
        notes.append(f"made by rig {record.run.rig_version}, decided by {__version__}: a criterion may have changed")
    unknown = sorted({claim.id for claim in record.claims if claim.id not in CLAIMS})
    if unknown:
        notes.append(f"claims that this version does not know: {', '.join(unknown)}")
    prevented = [c for c in record.claims if c.prevented and c.verdict in (Verdict.INCONCLUSIVE, Verdict.NOT_RUN)]
    notes += [f"{c.board}: {c.id} was kept from being decided, says the record: {c.prevented}" for c in prevented]
    accepted = [c for c in record.claims if c.accepted]
    notes += [f"{c.board}: {c.id} is declared as known by its sender: {c.expected}" for c in accepted]
    return notes

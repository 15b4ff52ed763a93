"""A run as tables for the terminal; without colour they say the same."""

from __future__ import annotations

from rich.text import Text

from rig.publish._formats import VERDICT_SIGNS, by_conditions, format_number, verdict_word
from rig.publish._page import ENOUGH, summary
from rig.publish._sheet import Column, Sheet
from rig.records import NOT_ASKED, Measurement, RunRecord, Verdict, printable

_STYLES = {
    Verdict.CONFIRMED: "green",
    Verdict.REFUTED: "red",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.NOT_RUN: "dim",
}

_NAMED = 3
"""Claims that were not asked for are named up to this many."""


def plain(text: str) -> Text:
    """A text of a record for a terminal: no markup of rich's, and nothing that a terminal would obey."""
    return Text(printable(text))


def measurement_table(record: RunRecord) -> Sheet:
    """One row per board, metric and conditions: shared memory (SHM) beside the network."""
    sheet = Sheet(
        title="Measurements: p50, and p99 of 100 samples or more after a slash where it differs",
        columns=(
            Column(heading="metric"),
            Column(heading="conditions", wraps=True),
            Column(heading="SHM", justify="right", style="bold"),
            Column(heading="network", justify="right"),
            Column(heading="unit"),
        ),
    )
    several = len({m.board for m in record.measurements}) > 1
    before = ("", "")
    for (board, metric, conditions), pair in by_conditions(record.measurements).items():
        if several and board != before[0]:
            sheet.add(Text(printable(board), style="bold underline"))
        unit = next(m.unit for m in pair.values())
        name = metric if (board, metric) != before else ""
        sheet.add(plain(name), plain(conditions), _value(pair.get("shm")), _value(pair.get("network")), plain(unit))
        before = (board, metric)
    return sheet


def _value(measurement: Measurement | None) -> Text:
    return Text(_figure(measurement))


def _figure(measurement: Measurement | None) -> str:
    if measurement is None:
        return ""
    summary = measurement.summary
    if summary is None:
        return "none"
    middle = format_number(summary.p50)
    return (
        middle
        if summary.p99 == summary.p50 or summary.count < ENOUGH["p99"]
        else f"{middle}/{format_number(summary.p99)}"
    )


def claims_table(record: RunRecord) -> Sheet:
    """One row per claim that was asked for: sign, verdict, reason."""
    several = len(record.boards) > 1
    board = (Column(heading="board"),) if several else ()
    sheet = Sheet(
        title="Claims",
        columns=(*board, Column(heading="claim"), Column(heading="verdict"), Column(heading="reason", wraps=True)),
    )
    asked = [claim for claim in record.claims if claim.reason != NOT_ASKED]
    left_out = list(dict.fromkeys(claim.id for claim in record.claims if claim.reason == NOT_ASKED))
    if left_out:
        named = ", ".join(map(printable, left_out)) if len(left_out) <= _NAMED else f"{len(left_out)} more claims"
        sheet.caption = f"not asked for: {named}"
    for claim in asked:
        word = f"{VERDICT_SIGNS[claim.verdict]} {verdict_word(claim.verdict)}"
        verdict = Text(word, style=_STYLES[claim.verdict])
        words = f"{claim.reason} ({claim.expected})" if claim.expected else claim.reason
        reason = Text(printable(words), style="dim" if claim.verdict is Verdict.NOT_RUN else "")
        sheet.add(*([plain(claim.board)] if several else []), plain(claim.id), verdict, reason)
    return sheet


def sum_lines(record: RunRecord) -> list[str]:
    """One sentence a board: how many claims are confirmed, and which are not."""
    boards = dict.fromkeys(claim.board for claim in record.claims) or dict.fromkeys(
        board.name for board in record.boards
    )
    return [f"{board}: {summary(record, board)}" for board in boards]

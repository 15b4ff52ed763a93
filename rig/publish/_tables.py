"""A run as tables for the terminal; without colour they say the same."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from rig.publish._formats import VERDICT_SIGNS, by_conditions, format_number, verdict_word
from rig.records import NOT_ASKED, Measurement, RunRecord, Verdict, printable

_STYLES = {
    Verdict.CONFIRMED: "green",
    Verdict.REFUTED: "red",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.NOT_RUN: "dim",
}


def plain(text: str) -> Text:
    """A text of a record for a terminal: no markup of rich's, and nothing that a terminal would obey."""
    return Text(printable(text))


def measurement_table(record: RunRecord) -> Table:
    """One row per board, metric and conditions: shared memory (SHM) beside the network."""
    title = "Measurements: p50, and p99 after a slash where it differs"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    table.add_column("metric", no_wrap=True)
    table.add_column("conditions", overflow="fold")
    table.add_column("SHM", justify="right", style="bold", no_wrap=True)
    table.add_column("network", justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    several = len({m.board for m in record.measurements}) > 1
    before = ("", "")
    for (board, metric, conditions), pair in by_conditions(record.measurements).items():
        if several and board != before[0]:
            table.add_row(Text(printable(board), style="bold underline"))
        unit = next(m.unit for m in pair.values())
        name = metric if (board, metric) != before else ""
        table.add_row(plain(name), plain(conditions), _value(pair.get("shm")), _value(pair.get("network")), plain(unit))
        before = (board, metric)
    return table


def _value(measurement: Measurement | None) -> str:
    if measurement is None:
        return ""
    summary = measurement.summary
    if summary is None:
        return "none"
    middle = format_number(summary.p50)
    return middle if summary.p99 == summary.p50 else f"{middle}/{format_number(summary.p99)}"


def claims_table(record: RunRecord) -> Table:
    """One row per claim that was asked for: sign, verdict, reason."""
    table = Table(title="Claims", title_justify="left", box=None, pad_edge=False, header_style="bold")
    several = len(record.boards) > 1
    if several:
        table.add_column("board")
    table.add_column("claim")
    table.add_column("verdict", no_wrap=True)
    table.add_column("reason", overflow="fold")
    asked = [claim for claim in record.claims if claim.reason != NOT_ASKED]
    if len(asked) < len(record.claims):
        table.caption = f"{len(record.claims) - len(asked)} more claims were not asked for"
        table.caption_justify = "left"
    for claim in asked:
        word = f"{VERDICT_SIGNS[claim.verdict]} {verdict_word(claim.verdict)}"
        verdict = Text(word, style=_STYLES[claim.verdict])
        words = f"{claim.reason} ({claim.expected})" if claim.expected else claim.reason
        reason = Text(printable(words), style="dim" if claim.verdict is Verdict.NOT_RUN else "")
        cells: list[Text] = [plain(claim.id), verdict, reason]
        table.add_row(*([plain(claim.board)] if several else []), *cells)
    return table

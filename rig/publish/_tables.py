"""A run as tables for the terminal; without colour they say the same."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from rig.publish._words import VERDICT_SIGNS, format_conditions, format_number, verdict_word
from rig.records import Measurement, RunRecord, Verdict

_STYLES = {
    Verdict.CONFIRMED: "green",
    Verdict.REFUTED: "red",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.NOT_RUN: "dim",
}


def measurement_table(record: RunRecord) -> Table:
    """One row per board, metric and conditions: shared memory beside the network."""
    table = Table(title="Measurements (p50)", title_justify="left", box=None, pad_edge=False, header_style="bold")
    several = len(record.boards) > 1
    if several:
        table.add_column("board")
    table.add_column("metric", no_wrap=True)
    table.add_column("conditions", overflow="fold")
    table.add_column("shared memory", justify="right", style="bold")
    table.add_column("network", justify="right")
    table.add_column("unit")
    last = ""
    for (board, metric, conditions), pair in _rows(record).items():
        name = metric if metric != last else ""
        last = metric
        unit = next(m.unit for m in pair.values())
        cells = [_value(pair.get("shm")), _value(pair.get("network"))]
        table.add_row(*([board] if several else []), name, conditions, *cells, unit)
    return table


def _rows(record: RunRecord) -> dict[tuple[str, str, str], dict[str, Measurement]]:
    rows: dict[tuple[str, str, str], dict[str, Measurement]] = {}
    for m in record.measurements:
        rows.setdefault((m.board, m.metric, format_conditions(m.conditions)), {})[m.variant] = m
    # Rows of one metric stand together, in the order in which the metrics were first measured.
    order = list(dict.fromkeys((board, metric) for board, metric, _ in rows))
    return dict(sorted(rows.items(), key=lambda row: order.index(row[0][:2])))


def _value(measurement: Measurement | None) -> str:
    if measurement is None:
        return ""
    return format_number(measurement.value) if measurement.samples else "none"


def claims_table(record: RunRecord) -> Table:
    """One row per claim: sign, verdict, reason."""
    table = Table(title="Claims", title_justify="left", box=None, pad_edge=False, header_style="bold")
    several = len(record.boards) > 1
    if several:
        table.add_column("board")
    table.add_column("claim")
    table.add_column("verdict", no_wrap=True)
    table.add_column("reason", overflow="fold")
    for claim in record.claims:
        word = f"{VERDICT_SIGNS[claim.verdict]} {verdict_word(claim.verdict)}"
        verdict = Text(word, style=_STYLES[claim.verdict])
        reason = Text(claim.reason, style="dim" if claim.verdict is Verdict.NOT_RUN else "")
        cells: list[str | Text] = [claim.id, verdict, reason]
        table.add_row(*([claim.board] if several else []), *cells)
    return table

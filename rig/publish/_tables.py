"""A run as tables for the terminal; without colour they say the same."""

from __future__ import annotations

from collections.abc import Mapping

from rich.table import Table
from rich.text import Text

from rig.records import Measurement, RunRecord, Scalar, Verdict

_SIGNS = {
    Verdict.CONFIRMED: ("+", "green"),
    Verdict.REFUTED: ("x", "red"),
    Verdict.INCONCLUSIVE: ("?", "yellow"),
    Verdict.NOT_RUN: ("-", "dim"),
}
_USUAL_SPIN_MS = 10
_QUIET = {"mtu_bytes", "history", "baud", "buffers", "link"}  # conditions that every row of a metric shares


def format_number(value: float) -> str:
    """Digits in groups of three; at most two decimals."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def format_conditions(conditions: Mapping[str, Scalar]) -> str:
    """The conditions in which rows of one metric differ, short."""
    words = []
    for key, value in conditions.items():
        match key:
            case "payload_bytes":
                words.append(f"{format_number(float(value))} B")
            case "readers":
                words.append(f"{value} reader{'s' if value != 1 else ''}")
            case "reliable":
                words.append("reliable" if value else "best effort")
            case "spin_timeout_ms":
                if value != _USUAL_SPIN_MS:
                    words.append(f"spin {value} ms")
            case "burst":
                words.append(f"burst of {value}")
            case _ if key not in _QUIET:
                words.append(f"{key} {value}")
    return ", ".join(words)


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
        sign, style = _SIGNS[claim.verdict]
        verdict = Text(f"{sign} {claim.verdict.value.replace('_', ' ')}", style=style)
        reason = Text(claim.reason, style="dim" if claim.verdict is Verdict.NOT_RUN else "")
        cells: list[str | Text] = [claim.id, verdict, reason]
        table.add_row(*([claim.board] if several else []), *cells)
    return table

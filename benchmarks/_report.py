"""A table for people and one line of JSON for programs. Knows no benchmark."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

_WIDTH = 110


def report(name: str, columns: Sequence[str], rows: Sequence[Sequence[object]], result: Mapping[str, object]) -> None:
    """Print ``rows`` under ``columns``, then ``result`` with the benchmark's name as one line of JSON."""
    table = Table(title=name, title_justify="left", box=None, pad_edge=False)
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right", no_wrap=True)
    for row in rows:
        table.add_row(*(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row))
    Console(width=_WIDTH, highlight=False).print(table)
    print(json.dumps({"benchmark": name, **result}))

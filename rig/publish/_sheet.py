"""A table for the terminal that keeps every word: columns where they fit, entries where they do not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rich.console import Console, ConsoleOptions, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

_GAP = 2
_READABLE = 28
"""Columns of a terminal that a sentence needs, or it becomes a ribbon of single words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """``wraps``: holds sentences, and is folded; any other column is as wide as its widest cell."""

    heading: str
    wraps: bool = False
    justify: Literal["left", "right"] = "left"
    style: str = ""


@dataclass(kw_only=True, slots=True)
class Sheet:
    """Rows of cells below headings; a rich renderable, as wide as the terminal allows."""

    columns: Sequence[Column]
    title: str = ""
    caption: str = ""
    rows: list[tuple[Text, ...]] = field(default_factory=list)

    def add(self, *cells: Text) -> None:
        """Add a row; cells that are left out are empty."""
        self.rows.append(cells)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        fixed = sum(self._width(n) + _GAP for n, column in enumerate(self.columns) if not column.wraps)
        wide = [self._width(n) for n, column in enumerate(self.columns) if column.wraps]
        wrapping = sum(_READABLE if width > _READABLE else width // 2 for width in wide)
        if fixed + wrapping <= options.max_width + _GAP:
            yield self._table()
        else:
            yield from self._entries()

    def _width(self, number: int) -> int:
        cells = [row[number].cell_len for row in self.rows if number < len(row) and len(row) > 1]
        return max([len(self.columns[number].heading), *cells])

    def _table(self) -> Table:
        table = Table(
            title=self.title or None, title_justify="left", box=None, pad_edge=False, header_style="bold",
            caption=self.caption or None, caption_justify="left",
        )  # fmt: skip
        for column in self.columns:
            folded: Literal["fold"] = "fold"
            table.add_column(
                column.heading, overflow=folded, no_wrap=not column.wraps, justify=column.justify, style=column.style
            )
        for row in self.rows:
            table.add_row(*row)
        return table

    def _entries(self) -> Iterator[Text | Padding]:
        """A row as a short paragraph: what stands before its sentences on one line, the rest below with its heading."""
        if self.title:
            yield Text(self.title, style="italic")
        lead = next((n for n, column in enumerate(self.columns) if column.wraps), 1)
        for row in self.rows:
            head = Text("  ").join(cell.copy() for cell in row[:lead] if cell.plain)
            if head.plain:
                head.overflow = "fold"
                head.stylize("bold", 0, row[0].cell_len)
                yield head
            for column, cell in zip(self.columns[lead:], row[lead:], strict=False):
                if cell.plain:
                    words = Text("" if column.wraps else f"{column.heading}  ", overflow="fold")
                    words.stylize("dim")
                    yield Padding(words.append_text(cell), (0, 0, 0, 2))
        if self.caption:
            yield Text(self.caption, style="dim italic")

"""What a run shows while it goes on: one line on a terminal, one line a step in a log."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from rig.publish import plural
from rig.records import Event, printable


class Progress:
    """A listener of the event log that draws on a console.

    A fault shows here while the run goes on; its words and its hint stand once, at the end of the run.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._begin = time.monotonic()
        self._board = ""
        self._steps: dict[str, str] = {}  # of each board that is at work, in the order of their beginning
        self._done = 0
        self._total = 0
        self._measured = 0
        self._faults = 0
        self._fault = ""
        self._ends: float | None = None
        self._live = Live(get_renderable=self._line, console=console, transient=True, refresh_per_second=4)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def on_event(self, event: Event) -> None:
        """Take note of an event."""
        data = event.data
        match event.kind:
            case "step":
                self._board = str(data["board"])
                self._steps[self._board] = str(data["step"])
                self._done, self._total = int(str(data["done"])), int(str(data["total"]))
                left = data.get("seconds_left")
                self._ends = time.monotonic() + float(str(left)) if left is not None else None
                if not self._console.is_terminal:
                    self._console.print(self._line().plain, highlight=False, soft_wrap=True)
            case "measurement":
                self._measured += 1
            case "fault":
                fault = data["fault"]
                assert isinstance(fault, dict)
                self._faults += 1
                self._fault = printable(f"{fault['blame']} fault: {fault['message']}")

    def _line(self) -> Text:
        elapsed = int(time.monotonic() - self._begin)
        clock = f"{elapsed // 60:02d}:{elapsed % 60:02d}"
        left = max(0, round(self._ends - time.monotonic())) if self._ends is not None else None
        rest = f", about {left // 60}:{left % 60:02d} left" if left is not None else ""
        counted = f"[{self._done}/{self._total}] " if self._total else ""
        struck = f", {plural(self._faults, 'fault')}" if self._faults else ""
        line = Text.assemble(
            (clock, "cyan"),
            "  ",
            counted,
            (self._board, "bold"),
            "  ",
            self._steps.get(self._board, "starting"),
            f"  ({self._measured} measurements",
            (struck, "red"),
            f"{rest})",
        )
        if self._console.is_terminal:
            for board, step in self._steps.items():
                if board != self._board:
                    line.append("\n" + " " * (len(clock) + len(counted) + 2))
                    line.append(board, style="bold").append(f"  {step}")
        return line.append(f"\n{self._fault}", style="red") if self._fault and self._console.is_terminal else line

"""Log lines of an Agent, by the levels that users of MicroXRCEAgent know.

Knows levels and how a line looks; must not know what it is about.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from enum import IntEnum
from typing import TextIO


class LogLevel(IntEnum):
    """``-v`` of MicroXRCEAgent: a level shows itself and all below."""

    OFF = 0
    CRITICAL = 1
    ERROR = 2
    WARNING = 3
    INFO = 4
    DEBUG = 5
    TRACE = 6


class AgentLog:
    """Sends lines of up to ``level`` to a callable or a text file; cheap when nothing listens."""

    def __init__(self, sink: Callable[[str], None] | TextIO | None = None, level: int = LogLevel.INFO) -> None:
        self._sink = sink
        self.level = int(level) if sink is not None else 0

    def __call__(self, level: int, what: str, **facts: object) -> None:
        """Write one line: time, level, what happened, and its facts as ``name=value``."""
        if level > self.level or self._sink is None:
            return
        stamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        words = "".join(f" {name}={value}" for name, value in facts.items())
        line = f"[{stamp}] {LogLevel(level).name.lower():<8} {what}{words}"
        if callable(self._sink):
            self._sink(line)
        else:
            self._sink.write(line + "\n")
            self._sink.flush()

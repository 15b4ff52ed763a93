"""The event log of a run: one JSON object a line, written at once, so that a killed run keeps all it had seen."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from rig.errors import ResultsFault, UsageError


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something that happened ``seconds`` after the run began."""

    seconds: float
    kind: str
    data: Mapping[str, object] = field(default_factory=dict)


class EventLog:
    """Appends events to ``events.jsonl``; each line is on disk's way before ``write`` returns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] = path.open("a", encoding="utf-8")
        self._begin = time.monotonic()

    def write(self, kind: str, data: Mapping[str, object] | None = None) -> Event:
        """Append one event and return it.

        :raises ResultsFault: the file cannot take it.
        """
        event = Event(seconds=round(time.monotonic() - self._begin, 6), kind=kind, data=dict(data or {}))
        line = json.dumps({"seconds": event.seconds, "kind": kind, **event.data}, sort_keys=False)
        try:
            self._file.write(line + "\n")
            self._file.flush()
        except OSError as error:
            raise ResultsFault(
                f"cannot write {self._path}: {error.strerror}",
                hint="what was measured before stands in it; make room or use --out, then run again",
            ) from error
        return event

    def close(self) -> None:
        """Close the file; writing later is an error."""
        with contextlib.suppress(OSError):  # a full disk: said at the write
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_events(path: Path) -> Iterator[Event]:
    """Events of a log, oldest first. A last line that was cut by a crash is left out.

    :raises UsageError: a line is not an event.
    """
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith("\n"):
                return
            try:
                raw = json.loads(line)
                event = Event(seconds=raw.pop("seconds"), kind=raw.pop("kind"), data=raw)
            except (ValueError, KeyError, AttributeError, TypeError) as error:
                raise UsageError(f"{path}, line {number}: not an event of a run: {line[:60].strip()!r}") from error
            yield event

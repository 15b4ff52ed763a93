"""The event log of a run: one JSON object a line, written at once, so that a killed run keeps what it had seen."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from rig.errors import ResultsFault, UsageError
from rig.records._check import LARGEST_FILE, parse, printable


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something that happened ``seconds`` after the run began."""

    seconds: float
    kind: str
    data: Mapping[str, object] = field(default_factory=dict)


class EventLog:
    """Appends events to ``events.jsonl``; each line is handed to the operating system before ``write`` returns.

    An existing log is continued: its time goes on, and a last line that a crash cut short is removed. A lock allows one
    writer at a time; it ends with the writer's process.

    :raises UsageError: another run is writing to it. :raises ResultsFault: it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file: IO[bytes] = path.open("a+b")
        except OSError as error:
            raise ResultsFault(
                f"cannot write {path}: {error.strerror}", hint="name another place with --out"
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise UsageError(
                f"{path.parent}: a run is still writing here", hint="wait for its end, or stop it with Ctrl-C"
            ) from error
        self.resumed_at = 0.0
        if path.is_file() and path.stat().st_size:
            _cut_broken_line(self._file)
            self.resumed_at = max((event.seconds for event in read_events(path)), default=0.0)
        self._begin = time.monotonic() - self.resumed_at

    def write(self, kind: str, data: Mapping[str, object] | None = None) -> Event:
        """Append one event and return it.

        :raises ResultsFault: the file cannot take it.
        """
        if data is not None and {"seconds", "kind"} & data.keys():
            raise ValueError("seconds and kind belong to the event itself")
        event = Event(seconds=round(time.monotonic() - self._begin, 6), kind=kind, data=dict(data or {}))
        line = json.dumps({"seconds": event.seconds, "kind": kind, **event.data}, sort_keys=False)
        try:
            self._file.write(line.encode() + b"\n")
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


def _cut_broken_line(file: IO[bytes]) -> None:
    file.seek(0)
    rest = file.read().rpartition(b"\n")[2]
    if rest:
        file.truncate(file.seek(0, os.SEEK_END) - len(rest))


def read_events(path: Path) -> Iterator[Event]:
    """Events of a log, oldest first. A last line that a crash cut short is left out.

    :raises UsageError: a line is not an event.
    """
    if not path.is_file() or path.stat().st_size > LARGEST_FILE:
        raise UsageError(f"{path}: not a file of at most {LARGEST_FILE >> 20} MiB")
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith("\n"):
                return
            try:
                raw = parse(line)
                event = Event(seconds=float(raw.pop("seconds")), kind=raw.pop("kind"), data=raw)
            except (ValueError, KeyError, AttributeError, TypeError) as error:
                raise UsageError(
                    f"{path}, line {number}: not an event of a run: {printable(line[:60].strip())!r}"
                ) from error
            yield event

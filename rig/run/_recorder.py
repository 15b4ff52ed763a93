"""Everything a run learns goes through here: onto disk at once, and to whoever watches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rig.records import (
    Board,
    ClaimResult,
    Environment,
    Event,
    EventLog,
    Fault,
    Measurement,
    Run,
    record_from_events,
    to_json,
)
from rig.records import RunRecord as _RunRecord

Listener = Callable[[Event], None]


class Recorder:
    """Writes a run's event log and tells the listeners, in that order."""

    def __init__(self, directory: Path, listeners: tuple[Listener, ...] = ()) -> None:
        self._path = directory / "events.jsonl"
        self._log = EventLog(self._path)
        self._listeners = listeners
        self.measurements: list[Measurement] = []
        self.faults: list[Fault] = []

    def run(self, run: Run, environment: Environment) -> None:
        """The run begins, or its end is known."""
        self._write("run", run=to_json(run), environment=to_json(environment))

    def board(self, board: Board) -> None:
        """What is known of a board now."""
        self._write("board", board=to_json(board))

    def step(self, board: str, step: str, *, total: int, done: int) -> None:
        """What is being done now; ``done`` of ``total`` steps are over."""
        self._write("step", board=board, step=step, total=total, done=done)

    def measurement(self, measurement: Measurement) -> None:
        """A finished measurement."""
        self.measurements.append(measurement)
        self._write("measurement", measurement=to_json(measurement))

    def claim(self, claim: ClaimResult) -> None:
        """A verdict."""
        self._write("claim", claim=to_json(claim))

    def fault(self, fault: Fault) -> None:
        """Something broke that is no evidence."""
        self.faults.append(fault)
        self._write("fault", fault=to_json(fault))

    def record(self) -> _RunRecord:
        """The run so far, as the log has it."""
        return record_from_events(self._path)

    def close(self) -> None:
        """End the log."""
        self._log.close()

    def _write(self, kind: str, **data: object) -> None:
        event = self._log.write(kind, data)
        for listener in self._listeners:
            listener(event)

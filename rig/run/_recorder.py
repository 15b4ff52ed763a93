"""Writes every result of a run to disk at once, and passes it to listeners."""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
from rig.run._options import RunOptions
from rig.run._plan import Key

Listener = Callable[[Event], None]


class Recorder:
    """Writes a run's event log and tells the listeners, in that order.

    ``measured``: number of figures in this part of the run; ``at``: its current step, in words.
    """

    def __init__(self, directory: Path, listeners: tuple[Listener, ...] = ()) -> None:
        self._path = directory / "events.jsonl"
        self._log = EventLog(self._path)
        self._listeners = listeners
        self.measured = 0
        self.at = "the beginning"

    @property
    def resumed_at(self) -> float:
        """Time of the log's last event when it was opened, in seconds; 0 for a new log."""
        return self._log.resumed_at

    def run(self, run: Run, environment: Environment) -> None:
        """The run begins, or has ended."""
        self._write("run", run=to_json(run), environment=to_json(environment))

    def board(self, board: Board) -> None:
        """The present state of a board's record."""
        self._write("board", board=to_json(board))

    def options(self, options: RunOptions) -> None:
        """The options, so that the run can be resumed."""
        self._write(
            "options",
            boards_file=str(options.boards_file),
            boards=list(options.boards),
            jobs=options.jobs,
            claims=list(options.claims),
            agent=options.agent,
            quick=options.quick,
            seed=options.seed,
            search_seconds=options.search_seconds,
        )

    def resumed(self, kept: Iterable[Key]) -> None:
        """The run is resumed; of the earlier figures only those of these steps count."""
        self._write("resumed", kept=sorted(kept))

    def step(self, board: str, step: str, *, total: int, done: int, seconds_left: float | None) -> None:
        """What is being done now; ``done`` of ``total`` steps are over; ``seconds_left`` is an estimate, if any."""
        self.at = step
        left = round(seconds_left, 1) if seconds_left is not None else None
        self._write("step", board=board, step=step, total=total, done=done, seconds_left=left)

    def finished(self, key: Key, seconds: float) -> None:
        """A step has ended: an experiment, or (without experiment) a variant's flash and boot."""
        board, variant, experiment = key
        self._write("finished", board=board, variant=variant, experiment=experiment, took=round(seconds, 3))

    def measurement(self, measurement: Measurement) -> None:
        """A finished measurement."""
        self.measured += 1
        self._write("measurement", measurement=to_json(measurement))

    def claim(self, claim: ClaimResult) -> None:
        """A verdict."""
        self._write("claim", claim=to_json(claim))

    def fault(self, fault: Fault) -> None:
        """Something broke that is no evidence."""
        self._write("fault", fault=to_json(fault))

    def record(self) -> _RunRecord:
        """The run so far, read from the log."""
        return record_from_events(self._path)

    def close(self) -> None:
        """Close the log."""
        self._log.close()

    def _write(self, kind: str, **data: object) -> None:
        event = self._log.write(kind, data)
        for listener in self._listeners:
            listener(event)

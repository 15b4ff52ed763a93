"""Everything a run learns goes through here: onto disk at once, and to whoever watches."""

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

    ``measured``: figures that this part of the run has; ``at``: its current step, in words.
    """

    def __init__(self, directory: Path, listeners: tuple[Listener, ...] = ()) -> None:
        self._path = directory / "events.jsonl"
        self._log = EventLog(self._path)
        self._listeners = listeners
        self.measured = 0
        self.at = "the beginning"

    @property
    def resumed_at(self) -> float:
        """Seconds that the log already had when it was opened; 0 for a new one."""
        return self._log.resumed_at

    def run(self, run: Run, environment: Environment) -> None:
        """The run begins, or its end is known."""
        self._write("run", run=to_json(run), environment=to_json(environment))

    def board(self, board: Board) -> None:
        """What is known of a board now."""
        self._write("board", board=to_json(board))

    def options(self, options: RunOptions) -> None:
        """What was asked for, so that the run can be resumed."""
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
        """The run is taken up again; what these steps measured counts, and nothing else of before."""
        self._write("resumed", kept=sorted(kept))

    def step(self, board: str, step: str, *, total: int, done: int, seconds_left: float | None) -> None:
        """What is being done now; ``done`` of ``total`` steps are over; ``seconds_left`` is an estimate, if any."""
        self.at = step
        left = round(seconds_left, 1) if seconds_left is not None else None
        self._write("step", board=board, step=step, total=total, done=done, seconds_left=left)

    def finished(self, key: Key, seconds: float) -> None:
        """A step is over: an experiment, or (with no experiment) a variant's flash and boot."""
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
        """The run so far, as the log has it."""
        return record_from_events(self._path)

    def close(self) -> None:
        """End the log."""
        self._log.close()

    def _write(self, kind: str, **data: object) -> None:
        event = self._log.write(kind, data)
        for listener in self._listeners:
            listener(event)

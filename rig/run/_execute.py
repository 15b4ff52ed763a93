"""One run from options to verdicts: writes every figure at once to one event log.

One board is measured here, several at once in a process each (``_parallel``); verdicts are decided here alone.
"""

from __future__ import annotations

import secrets
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from rig import __version__
from rig.claims import CLAIMS, NUTTX, SEARCH, decide, decide_nuttx, needed_for
from rig.errors import ResultsFault, RigError, UsageError, fault_of
from rig.experiments import SEARCH_SECONDS
from rig.inventory import BoardSpec, Inventory
from rig.records import Board, ClaimResult, Fault, Measurement, Run, RunRecord
from rig.run._board_run import BoardRun, fault_with_evidence, measure_board, without_board
from rig.run._environment import describe_environment
from rig.run._expect import apply
from rig.run._options import RunOptions
from rig.run._outcome import outcome
from rig.run._pace import Pace, durations
from rig.run._parallel import BoardUsage, measure_at_once
from rig.run._plan import Key, plan
from rig.run._recorder import Listener, Recorder
from rig.run._resume import Unfinished, check_same, read_unfinished
from rig.station import agent_label, load_images


def new_run_id() -> str:
    """A new run id: it sorts by time and is unique on this host."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ") + "-" + secrets.token_hex(2)


def stamp() -> str:
    """The present time, ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class _Run:
    def __init__(
        self,
        options: RunOptions,
        run: Run,
        listeners: tuple[Listener, ...],
        specs: list[BoardSpec],
        unfinished: Unfinished | None = None,
    ) -> None:
        self.options = options
        self.environment = describe_environment(agent_label(options.agent))
        if unfinished is not None:
            check_same("the Agent", unfinished.record.environment.agent, self.environment.agent)
            check_same("the rig", unfinished.record.run.rig_version, __version__)
        self.run = run
        over: set[Key] = set(unfinished.finished) if unfinished is not None else set()
        before: Mapping[str, Board] = unfinished.boards if unfinished is not None else {}
        self.claims = needed_for(options.claims, systems=[spec.os for spec in specs])
        self.boards = [
            BoardRun(
                spec,
                plan(spec, self.claims, agent=options.agent),
                before=before.get(spec.name) if any(key[0] == spec.name for key in over) else None,
                first=number == 0,
                over={key for key in over if key[0] == spec.name},
            )
            for number, spec in enumerate(specs)
        ]
        self.at_once = min(options.jobs or len(specs), len(specs))
        searching = options.search_seconds
        if searching is None:
            searching = SEARCH_SECONDS[0 if options.quick else 1]
        self.pace = Pace(options.history, quick=options.quick, fixed={SEARCH: searching})
        self.recorder = Recorder(options.directory, listeners)
        self.at: dict[str, str] = {}
        if unfinished is not None:
            self.recorder.resumed(unfinished.finished)
        self.begin = time.monotonic() - self.recorder.resumed_at

    def execute(self) -> RunRecord:
        interrupted = False
        try:
            self.recorder.run(self.run, self.environment)
            self.recorder.options(self.options)
            self._check_images()
            self._measure()
        except KeyboardInterrupt:
            interrupted = True
        except ResultsFault:
            raise  # nothing that is measured from here on could be kept
        except UsageError as error:
            if not self.recorder.measured:
                raise  # nothing has been touched that anybody would miss
            self._end_early(error)
        except Exception as error:  # the one border: whatever is no error of the rig's own
            self._end_early(
                fault_of(error, report="events.jsonl of this run"), tuple(traceback.format_exception(error)), error
            )
        measurements = self.recorder.record().measurements
        took = durations(self.options.directory / "events.jsonl")
        for board in self.boards:
            if interrupted:
                board.prevent(board.pending(), "the run was interrupted before this was measured")
            self._decide(board, measurements, took)
        self._decide_across()
        record = self.recorder.record()
        self.run = replace(
            self.run,
            finished=stamp(),
            seconds=round(time.monotonic() - self.begin, 3),
            outcome=outcome(record, interrupted=interrupted).value,
        )
        self.recorder.run(self.run, self.environment)
        return replace(record, run=self.run, environment=self.environment)

    def _measure(self) -> None:
        if self.at_once == 1:
            for board in self.boards:
                measure_board(board, self.options, self)
            return
        for failed in measure_at_once(self.boards, self.options, tuple(self.claims), self, most=self.at_once):
            part = failed.part
            self._struck(part, failed.cause, failed.trace, seen=failed)
            part.prevent(part.pending(), f"{failed.cause.blame} fault: {failed.cause.message}")

    def _check_images(self) -> None:
        """Whoever names a wrong file for the last board must not wait for what the first one measures."""
        for board in self.boards:
            if not board.spec.firmware.built and board.pending():
                load_images(board.spec)

    def _end_early(self, error: RigError, trace: tuple[str, ...] = (), seen: Exception | None = None) -> None:
        """End a run that cannot go on: journal the fault, and leave undecided what it prevented."""
        struck = next((board for board in self.boards if board.pending()), self.boards[-1])
        board = error.part if isinstance(error, BoardUsage) else struck
        lines = tuple(line.rstrip() for part in trace for line in part.splitlines())
        self._struck(board, error, lines, seen=seen or error)
        for each in self.boards:
            each.prevent(each.pending(), f"{error.blame} fault: {error.message}")

    def _struck(self, board: BoardRun, error: RigError, lines: tuple[str, ...], *, seen: Exception) -> None:
        """A fault that the board's own part did not see coming."""
        board.faults += 1
        self.fault(
            fault_with_evidence(
                error,
                board=board.spec.name,
                step=self.at.get(board.spec.name, self.recorder.at),
                console=lines,
                seen=seen,
                directory=self.options.directory,
                keep=without_board,
            )
        )

    # ---- the journal of each board's part

    def working(self, board: str, words: str) -> None:
        """See ``Journal``; adds how far the whole run is."""
        self.at[board] = words
        steps = sum(1 for each in self.boards for step in each.steps if not step.skipped)
        pending = [[step.key for step in each.pending()] for each in self.boards]
        left = [self.pace.left([*keys, *{(name, variant, "") for name, variant, _ in keys}]) for keys in pending]
        known = [seconds for seconds in left if seconds is not None]
        self.recorder.step(
            board,
            words,
            total=steps,
            done=steps - sum(map(len, pending)),
            seconds_left=max(*known, sum(known) / self.at_once) if known else None,
        )

    def board(self, board: Board) -> None:
        """See ``Journal``."""
        self.recorder.board(board)

    def measurement(self, measurement: Measurement) -> None:
        """See ``Journal``."""
        self.recorder.measurement(measurement)

    def finished(self, key: Key, seconds: float) -> None:
        """See ``Journal``."""
        self.recorder.finished(key, seconds)
        self.pace.took(key, seconds)

    def fault(self, fault: Fault) -> None:
        """See ``Journal``."""
        self.recorder.fault(fault)

    def over(self, key: Key) -> None:
        """See ``Journal``; the board's part remembers it."""

    def prevented(self, board: str, experiment: str, reason: str) -> None:
        """See ``Journal``; the board's part remembers it."""

    # ---- verdicts

    def _decide(self, board: BoardRun, measurements: Sequence[Measurement], took: Mapping[Key, float]) -> None:
        for claim in CLAIMS.values():
            asked = claim.id in self.claims
            parts = [took[key] for key in took if (key[0], key[2]) == (board.spec.name, claim.experiment)]
            repeat = f"rig run --board {board.spec.name} --claims {claim.id}" if claim.experiment else ""
            result = decide(
                claim,
                board.spec.name,
                measurements,
                prevented=board.prevented,
                repeat=repeat,
                asked=asked,
            )
            self._claim(board, replace(result, seconds=round(sum(parts), 3) if asked and parts else None))

    def _decide_across(self) -> None:
        """What two boards of the run decide together; it takes the place of what each of them could say alone."""
        if NUTTX not in self.claims:
            return
        record = self.recorder.record()
        together = " ".join(f"--board {board.spec.name}" for board in self.boards)
        for result in decide_nuttx(record.claims, record.boards, repeat=f"rig run {together}"):
            self._claim(next(board for board in self.boards if board.spec.name == result.board), result)

    def _claim(self, board: BoardRun, result: ClaimResult) -> None:
        self.recorder.claim(apply(board.spec.expect.get(result.id), result, today=datetime.now(UTC).date()))


def execute(options: RunOptions, *, run_id: str, listeners: tuple[Listener, ...] = ()) -> RunRecord:
    """Make one run and return its record; ``events.jsonl`` in its directory grows while it runs.

    :raises UsageError: the options or boards.yaml cannot be used; nothing has been touched.
    """
    specs = Inventory.load(options.boards_file).select(options.boards)
    begun = Run(id=run_id, started=stamp(), rig_version=__version__, command=options.command, quick=options.quick)
    return _finish(_Run(options, begun, listeners, specs))


def resume(options: RunOptions, *, listeners: tuple[Listener, ...] = ()) -> RunRecord:
    """Resume the run in ``options.directory``: its finished steps are kept, the rest is measured.

    :param options: as ``read_unfinished`` found them.
    :raises UsageError: it cannot be resumed: it is complete, still running, or its firmware, Agent or rig changed.
    """
    unfinished = read_unfinished(options.directory)
    specs = Inventory.load(options.boards_file).select(options.boards)
    for spec in specs:
        was = unfinished.boards.get(spec.name)
        images = load_images(spec) if was is not None else {}
        for firmware in was.firmware if was is not None else ():
            now = images[firmware.variant].digest if firmware.variant in images else "missing"
            check_same(f"the {firmware.variant} firmware of {spec.name}", firmware.digest, now)
    run = unfinished.record.run
    begun = replace(run, finished=None, outcome=None, resumed=(*run.resumed, stamp()))
    return _finish(_Run(options, begun, listeners, specs, unfinished))


def _finish(run: _Run) -> RunRecord:
    try:
        return run.execute()
    finally:
        run.recorder.close()

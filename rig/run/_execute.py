"""One run from options to verdicts: boards, variants and experiments in turn, every figure journalled at once.

A fault is told apart from evidence here: it ends the experiment it struck, the board is brought back, and the rest
goes on; after ``_FAULTS_TO_GIVE_UP`` faults of one board the rest of that board is given up.
"""

from __future__ import annotations

import secrets
import time
import traceback
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from rig import __version__
from rig.bench import Unsupported
from rig.claims import CLAIMS, NUTTX, SEARCH, decide, decide_nuttx, needed_for
from rig.errors import ResultsFault, RigError, UsageError, fault_of
from rig.experiments import SEARCH_SECONDS
from rig.inventory import BoardSpec, Inventory
from rig.records import VARIANTS, Board, ClaimResult, Fault, Firmware, Measurement, Run, RunRecord
from rig.run._environment import describe_environment
from rig.run._expect import apply
from rig.run._options import RunOptions
from rig.run._outcome import outcome
from rig.run._pace import Pace, durations
from rig.run._plan import Key, Step, plan
from rig.run._recorder import Listener, Recorder
from rig.run._resume import Unfinished, check_same, read_unfinished
from rig.station import Station, agent_label, load_images

_FAULTS_TO_GIVE_UP = 3


def new_run_id() -> str:
    """Sorts by time; unique on this host."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ") + "-" + secrets.token_hex(2)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass
class _BoardRun:
    """One board's part of the run. ``before``: the board as it was when an earlier part of the run ended."""

    spec: BoardSpec
    steps: list[Step]
    before: Board | None = None
    prevented: dict[str, str] = field(default_factory=dict)
    faults: int = 0

    def prevent(self, steps: Iterable[Step], reason: str) -> None:
        """Say why these steps are not made."""
        for step in steps:
            self.prevented.setdefault(step.experiment.id, reason)


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
        # What is over: finished, now or before; struck by a fault; or not possible.
        self.over: set[Key] = set(unfinished.finished) if unfinished is not None else set()
        before: Mapping[str, Board] = unfinished.boards if unfinished is not None else {}
        self.claims = needed_for(options.claims, systems=[spec.os for spec in specs])
        self.boards = [
            _BoardRun(
                spec,
                plan(spec, self.claims, agent=options.agent),
                before=before.get(spec.name) if any(key[0] == spec.name for key in self.over) else None,
            )
            for spec in specs
        ]
        searching = options.search_seconds
        if searching is None:
            searching = SEARCH_SECONDS[0 if options.quick else 1]
        self.pace = Pace(options.history, quick=options.quick, fixed={SEARCH: searching})
        self.recorder = Recorder(options.directory, listeners)
        if unfinished is not None:
            self.recorder.resumed(unfinished.finished)
        self.begin = time.monotonic() - self.recorder.resumed_at

    def execute(self) -> RunRecord:
        interrupted = False
        try:
            self.recorder.run(self.run, self.environment)
            self.recorder.options(self.options)
            self._check_images()
            for number, board in enumerate(self.boards):
                self._board(board, first=number == 0)
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
                fault_of(error, report="events.jsonl of this run"), tuple(traceback.format_exception(error))
            )
        measurements = self.recorder.record().measurements
        took = durations(self.options.directory / "events.jsonl")
        for board in self.boards:
            if interrupted:
                board.prevent(self._pending(board), "the run was interrupted before this was measured")
            self._decide(board, measurements, took)
        self._decide_across()
        self.run = replace(
            self.run,
            finished=_now(),
            seconds=round(time.monotonic() - self.begin, 3),
            outcome=outcome(self.recorder.record(), interrupted=interrupted).value,
        )
        self.recorder.run(self.run, self.environment)
        return self.recorder.record()

    def _check_images(self) -> None:
        """Whoever names a wrong file for the last board must not wait for what the first one measures."""
        for board in self.boards:
            if board.spec.firmware.preset is None and self._pending(board):
                load_images(board.spec)

    def _end_early(self, error: RigError, trace: tuple[str, ...] = ()) -> None:
        """End a run that cannot go on: journal the fault, and leave undecided what it prevented."""
        board = next((board for board in self.boards if self._pending(board)), self.boards[-1])
        self._fault(
            board, error, self.recorder.at, tuple(line.rstrip() for part in trace for line in part.splitlines())
        )
        for each in self.boards:
            each.prevent(self._pending(each), f"{error.blame} fault: {error.message}")

    def _pending(self, board: _BoardRun, variant: str = "") -> list[Step]:
        """The steps of a board (and variant) that are still to be made."""
        return [
            step
            for step in board.steps
            if not step.skipped and step.key not in self.over and variant in ("", step.variant)
        ]

    def _progress(self, board: str, words: str) -> None:
        steps = [step for each in self.boards for step in each.steps if not step.skipped]
        pending = [step.key for each in self.boards for step in self._pending(each)]
        flashes = {(name, variant, "") for name, variant, _ in pending}
        self.recorder.step(
            board,
            words,
            total=len(steps),
            done=len(steps) - len(pending),
            seconds_left=self.pace.left([*pending, *flashes]),
        )

    def _board(self, board: _BoardRun, *, first: bool) -> None:
        spec = board.spec
        for step in board.steps:
            if step.skipped and step.variant == VARIANTS[0]:
                board.prevent([step], step.skipped)
        if not self._pending(board):
            return
        self._progress(spec.name, "take the board")
        try:
            with Station(
                spec,
                agent=self.options.agent,
                directory=self.options.directory,
                first=first,
                noise=self.options.noise,
                seed=self.options.seed,
                search_seconds=self.options.search_seconds,
            ) as station:
                for variant in VARIANTS:
                    self._variant(board, station, variant)
        except (UsageError, ResultsFault):
            raise  # the person's to mend, and no board's fault
        except RigError as error:
            self._fault(board, error, "take the board", ())
            board.prevent(self._pending(board), f"{error.blame} fault: {error.message}")

    def _variant(self, board: _BoardRun, station: Station, variant: str) -> None:
        name = board.spec.name
        ready = False
        for step in self._pending(board, variant):
            if board.faults >= _FAULTS_TO_GIVE_UP:
                board.prevent([step], f"given up after {board.faults} faults of this board")
                self.over.add(step.key)
                continue
            try:
                if not ready:
                    self._progress(name, f"{variant}: flash and boot")
                    begin = time.monotonic()
                    station.prepare(variant, quick=self.options.quick)
                    self._finished((name, variant, ""), begin)
                    self.recorder.board(_joined(station.describe(), board.before))
                    ready = True
                self._progress(name, step.title)
                missing = step.experiment.missing(station.setting.bench.hello.capabilities)
                if missing:
                    board.prevent([step], f"the middleware does not offer {missing}")
                else:
                    self._measure(station, step)
            except (UsageError, ResultsFault):
                raise
            except Unsupported as error:
                board.prevented[step.experiment.id] = error.message
            except RigError as error:
                cause = station.diagnose(error)
                self._fault(board, cause, step.title, station.console_tail())
                board.prevented[step.experiment.id] = f"{cause.blame} fault: {cause.message}"
                ready = False
                with suppress(RigError):  # what is still wrong shows, with its own words, at the next prepare
                    station.power_cycle()
            self.over.add(step.key)
        if ready:
            self.recorder.board(_joined(station.describe(), board.before))

    def _measure(self, station: Station, step: Step) -> None:
        begin = time.monotonic()
        for measurement in step.experiment.measure(station.setting):
            self.recorder.measurement(measurement)
        self._finished(step.key, begin)

    def _finished(self, key: Key, begin: float) -> None:
        seconds = time.monotonic() - begin
        self.recorder.finished(key, seconds)
        self.pace.took(key, seconds)

    def _fault(self, board: _BoardRun, error: RigError, step: str, console: tuple[str, ...]) -> None:
        board.faults += 1
        self.recorder.fault(
            Fault(
                blame=error.blame,
                message=error.message,
                hint=error.hint,
                board=board.spec.name,
                step=step,
                console=console,
            )
        )

    def _decide(self, board: _BoardRun, measurements: Sequence[Measurement], took: Mapping[Key, float]) -> None:
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

    def _claim(self, board: _BoardRun, result: ClaimResult) -> None:
        self.recorder.claim(apply(board.spec.expect.get(result.id), result, today=datetime.now(UTC).date()))


def _joined(now: Board, before: Board | None) -> Board:
    """A board with its firmware of this part of the run, or of the earlier part where this one has not flashed."""
    known: dict[str, Firmware] = {firmware.variant: firmware for firmware in (before.firmware if before else ())}
    known |= {firmware.variant: firmware for firmware in now.firmware}
    return replace(now, firmware=tuple(known.values()))


def execute(options: RunOptions, *, run_id: str, listeners: tuple[Listener, ...] = ()) -> RunRecord:
    """Make one run and return its record; ``events.jsonl`` in its directory grows while it runs.

    :raises UsageError: the options or boards.yaml cannot be used; nothing has been touched.
    """
    specs = Inventory.load(options.boards_file).select(options.boards)
    begun = Run(id=run_id, started=_now(), rig_version=__version__, command=options.command, quick=options.quick)
    return _finish(_Run(options, begun, listeners, specs))


def resume(options: RunOptions, *, listeners: tuple[Listener, ...] = ()) -> RunRecord:
    """Take up the run in ``options.directory`` where it ended; what it had finished is kept, the rest is measured.

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
    begun = replace(run, finished=None, outcome=None, resumed=(*run.resumed, _now()))
    return _finish(_Run(options, begun, listeners, specs, unfinished))


def _finish(run: _Run) -> RunRecord:
    try:
        return run.execute()
    finally:
        run.recorder.close()

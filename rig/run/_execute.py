"""One run from options to verdicts: boards, variants and experiments in turn, every figure journalled at once.

A fault is told apart from evidence here: it ends the experiment it struck, the board is brought back, and the rest
goes on; after ``_FAULTS_TO_GIVE_UP`` faults of one board the rest of that board is given up.
"""

from __future__ import annotations

import secrets
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from rig import __version__
from rig.bench import Unsupported
from rig.claims import CLAIMS, decide
from rig.errors import ResultsFault, RigError, UsageError
from rig.experiments import Experiment
from rig.inventory import BoardSpec, Inventory
from rig.records import Fault, Run, RunRecord
from rig.run._environment import describe_environment
from rig.run._expect import apply
from rig.run._options import RunOptions
from rig.run._outcome import outcome
from rig.run._plan import VARIANTS, experiments_for
from rig.run._recorder import Listener, Recorder
from rig.station import Station, agent_label

_FAULTS_TO_GIVE_UP = 3


def new_run_id() -> str:
    """Sorts by time; unique on this host."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ") + "-" + secrets.token_hex(2)


@dataclass
class _BoardRun:
    """One board's part of the run."""

    spec: BoardSpec
    unfinished: set[str]
    prevented: dict[str, str] = field(default_factory=dict)
    faults: int = 0

    def prevent_unfinished(self, reason: str) -> None:
        """Say why the experiments that are not through yet will not be."""
        for experiment in self.unfinished:
            self.prevented.setdefault(experiment, reason)


class _Run:
    def __init__(self, options: RunOptions, run_id: str, listeners: tuple[Listener, ...]) -> None:
        self.options = options
        self.experiments = experiments_for(options.claims)
        self.recorder = Recorder(options.directory, listeners)
        self.run = Run(
            id=run_id,
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            rig_version=__version__,
            command=options.command,
        )
        self.begin = time.monotonic()
        self.done = 0
        self.total = 0

    def execute(self, specs: list[BoardSpec]) -> RunRecord:
        environment = describe_environment(agent_label(self.options.agent))
        self.recorder.run(self.run, environment)
        self.total = len(specs) * len(VARIANTS) * len(self.experiments)
        boards = [_BoardRun(spec, {experiment.id for experiment in self.experiments}) for spec in specs]
        interrupted = False
        try:
            for board in boards:
                self._board(board)
        except KeyboardInterrupt:
            interrupted = True
        for board in boards:
            if interrupted:
                board.prevent_unfinished("the run was interrupted before this was measured")
            self._decide(board)
        self.run = replace(
            self.run,
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
            seconds=round(time.monotonic() - self.begin, 3),
            outcome=outcome(self.recorder.record(), interrupted=interrupted),
        )
        self.recorder.run(self.run, environment)
        return self.recorder.record()

    def _board(self, board: _BoardRun) -> None:
        spec = board.spec
        self.recorder.step(spec.name, "take the board", total=self.total, done=self.done)
        try:
            with Station(spec, agent=self.options.agent, directory=self.options.directory) as station:
                for variant in VARIANTS:
                    self._variant(board, station, variant)
                board.unfinished.clear()
        except (UsageError, ResultsFault):
            raise  # the person's to mend, and no board's fault
        except RigError as error:
            self._fault(board, error, "take the board", ())
            board.prevent_unfinished(f"{error.blame} fault: {error.message}")

    def _variant(self, board: _BoardRun, station: Station, variant: str) -> None:
        name = board.spec.name
        if variant not in station.images:
            self.done += len(self.experiments)
            return
        ready = False
        for experiment in self.experiments:
            if variant == "network" and not station.has_agent and experiment.network_needs_link:
                self.done += 1
                continue
            if board.faults >= _FAULTS_TO_GIVE_UP:
                board.prevented.setdefault(experiment.id, f"given up after {board.faults} faults of this board")
                self.done += 1
                continue
            step = f"{variant}: {experiment.title}"
            try:
                if not ready:
                    self.recorder.step(name, f"{variant}: flash and boot", total=self.total, done=self.done)
                    station.prepare(variant, quick=self.options.quick)
                    self.recorder.board(station.describe())
                    ready = True
                self.recorder.step(name, step, total=self.total, done=self.done)
                self._measure(station, experiment)
            except (UsageError, ResultsFault):
                raise
            except Unsupported as error:
                board.prevented[experiment.id] = error.message
            except RigError as error:
                cause = station.diagnose() or error
                self._fault(board, cause, step, station.console_tail())
                board.prevented[experiment.id] = f"{cause.blame} fault: {cause.message}"
                ready = False
                with suppress(RigError):  # what is still wrong shows, with its own words, at the next prepare
                    station.power_cycle()
            self.done += 1
            if variant == VARIANTS[-1]:
                board.unfinished.discard(experiment.id)
        self.recorder.board(station.describe())

    def _measure(self, station: Station, experiment: Experiment) -> None:
        for measurement in experiment.measure(station.setting):
            self.recorder.measurement(measurement)

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

    def _decide(self, board: _BoardRun) -> None:
        for claim in CLAIMS.values():
            asked = not self.options.claims or claim.id in self.options.claims
            repeat = f"rig run --board {board.spec.name} --claims {claim.id}" if claim.experiment else ""
            measurements = self.recorder.measurements if asked else []
            result = decide(
                claim, board.spec.name, measurements, prevented=board.prevented if asked else {}, repeat=repeat
            )
            self.recorder.claim(apply(board.spec.expect.get(claim.id), result, today=datetime.now(UTC).date()))


def execute(options: RunOptions, *, run_id: str, listeners: tuple[Listener, ...] = ()) -> RunRecord:
    """Make one run and return its record; ``events.jsonl`` in its directory grows while it runs.

    :raises UsageError: the options or boards.yaml cannot be used; nothing has been touched.
    """
    specs = Inventory.load(options.boards_file).select(options.boards)
    run = _Run(options, run_id, listeners)
    try:
        return run.execute(specs)
    finally:
        run.recorder.close()

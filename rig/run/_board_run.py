"""One board's part of a run: does its steps in order and reports the result of each.

This is where faults are kept apart from evidence. A fault ends its experiment; the board is restarted, and the next
experiment goes on. After ``_FAULTS_TO_GIVE_UP`` faults the rest of the board is given up. All results go to a
``Journal``: the run's own, or, in a process of the board's own, the pipe to it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from rig.bench import Unsupported
from rig.errors import ResultsFault, RigError, UsageError
from rig.evidence import Bundle, Circumstances, collect, free_directory
from rig.inventory import BoardSpec
from rig.records import VARIANTS, Board, Fault, Firmware, Measurement
from rig.run._options import RunOptions
from rig.run._plan import Key, Step
from rig.station import Station

_FAULTS_TO_GIVE_UP = 3


class Journal(Protocol):
    """Takes the results of a board's part of the run, one by one."""

    def working(self, board: str, words: str) -> None:
        """The step that begins now."""
        ...

    def board(self, board: Board) -> None:
        """The present state of the board's record."""
        ...

    def measurement(self, measurement: Measurement) -> None:
        """A finished measurement."""
        ...

    def finished(self, key: Key, seconds: float) -> None:
        """A step succeeded: an experiment, or (without experiment) a variant's flash and boot."""
        ...

    def fault(self, fault: Fault) -> None:
        """Something broke that is no evidence."""
        ...

    def over(self, key: Key) -> None:
        """A step ended, in whatever way."""
        ...

    def prevented(self, board: str, experiment: str, reason: str) -> None:
        """An experiment was not made, or not finished."""
        ...


@dataclass
class BoardRun:
    """The steps for one board, and their results.

    ``before``: the board's record when an earlier part of the run ended. ``over``: steps that are finished (now or
    before), struck by a fault, or not possible. ``first``: it is the first of the run's boards, whose files have plain
    names.
    """

    spec: BoardSpec
    steps: list[Step]
    before: Board | None = None
    first: bool = True
    over: set[Key] = field(default_factory=set)
    prevented: dict[str, str] = field(default_factory=dict)
    faults: int = 0

    def pending(self, variant: str = "") -> list[Step]:
        """The steps (of a variant) that are still to be done."""
        return [
            step
            for step in self.steps
            if not step.skipped and step.key not in self.over and variant in ("", step.variant)
        ]

    def prevent(self, steps: Iterable[Step], reason: str) -> None:
        """Record why these steps are not done; the first reason counts."""
        for step in steps:
            self.prevented.setdefault(step.experiment.id, reason)


def measure_board(board: BoardRun, options: RunOptions, journal: Journal) -> None:
    """Lease the board and do its steps.

    :raises UsageError: something that the person must mend; no board is at fault.
    :raises ResultsFault: what is measured cannot be kept.
    """
    _Work(board, options, journal).all()


class _Work:
    def __init__(self, board: BoardRun, options: RunOptions, journal: Journal) -> None:
        self.part = board
        self.options = options
        self.journal = journal
        self.evidence = ""  # of the last fault, below the run's directory

    def all(self) -> None:
        spec = self.part.spec
        for step in self.part.steps:
            if step.skipped and step.variant == VARIANTS[0]:
                self._prevent([step], step.skipped)
        if not self.part.pending():
            return
        self.journal.working(spec.name, "take the board")
        try:
            with Station(
                spec,
                agent=self.options.agent,
                directory=self.options.directory,
                first=self.part.first,
                noise=self.options.noise,
                seed=self.options.seed,
                search_seconds=self.options.search_seconds,
                patience=self.options.patience,
            ) as station:
                for variant in VARIANTS:
                    self._variant(station, variant)
                self._hook(station, "after_run")
        except (UsageError, ResultsFault):
            raise  # the person's to mend, and no board's fault
        except RigError as error:
            self._fault(error, "take the board", (), seen=error)
            self._prevent(self.part.pending(), f"{error.blame} fault: {error.message}")

    def _variant(self, station: Station, variant: str) -> None:
        name = self.part.spec.name
        ready = False
        for step in self.part.pending(variant):
            if self.part.faults >= _FAULTS_TO_GIVE_UP:
                self._prevent([step], f"given up after {self.part.faults} faults of this board")
                self._over(step)
                continue
            try:
                if not ready:
                    self.journal.working(name, f"{variant}: flash and boot")
                    begin = time.monotonic()
                    station.prepare(variant, quick=self.options.quick)
                    self.journal.finished((name, variant, ""), time.monotonic() - begin)
                    self.journal.board(_joined(station.describe(), self.part.before))
                    ready = True
                self.journal.working(name, step.title)
                missing = step.experiment.missing(station.setting.bench.hello.capabilities)
                if missing:
                    self._prevent([step], f"the middleware does not offer {missing}")
                else:
                    self._measure(station, step)
            except (UsageError, ResultsFault):
                raise
            except Unsupported as error:
                self._prevent([step], error.message, again=True)
            except RigError as error:
                cause = station.diagnose(error)
                self._fault(cause, step.title, station.console_tail(), seen=error, station=station)
                self._prevent([step], f"{cause.blame} fault: {cause.message}", again=True)
                self._hook(station, "on_fault", blame=cause.blame, message=cause.message, evidence=self.evidence)
                ready = False
                with suppress(RigError):  # what is still wrong shows, with its own words, at the next prepare
                    station.power_cycle()
            self._over(step)
        if ready:
            self.journal.board(_joined(station.describe(), self.part.before))

    def _hook(self, station: Station, name: str, **about: str) -> None:
        """A hook whose failure changes nothing: it stands in the record."""
        with suppress(RigError):
            if station.hook(name, **about) is not None:
                self.journal.board(_joined(station.describe(), self.part.before))

    def _measure(self, station: Station, step: Step) -> None:
        begin = time.monotonic()
        for measurement in step.experiment.measure(station.setting):
            self.journal.measurement(measurement)
        self.journal.finished(step.key, time.monotonic() - begin)

    def _over(self, step: Step) -> None:
        self.part.over.add(step.key)
        self.journal.over(step.key)

    def _prevent(self, steps: Iterable[Step], reason: str, *, again: bool = False) -> None:
        """``again``: this reason counts, and not one of the other variant."""
        for step in steps:
            if again or step.experiment.id not in self.part.prevented:
                self.part.prevented[step.experiment.id] = reason
                self.journal.prevented(self.part.spec.name, step.experiment.id, reason)

    def _fault(
        self,
        error: RigError,
        step: str,
        console: tuple[str, ...],
        *,
        seen: Exception,
        station: Station | None = None,
    ) -> None:
        self.part.faults += 1
        fault = fault_with_evidence(
            error,
            board=self.part.spec.name,
            step=step,
            console=console,
            seen=seen,
            directory=self.options.directory,
            keep=station.keep_evidence if station is not None else without_board,
        )
        self.evidence = fault.evidence
        self.journal.fault(fault)


def fault_with_evidence(
    error: RigError,
    *,
    board: str,
    step: str,
    console: tuple[str, ...],
    seen: Exception,
    directory: Path,
    keep: Callable[[Path, Circumstances], Bundle],
) -> Fault:
    """A fault as a record. ``keep`` collects its evidence below the run's ``directory``, before the board is restarted:
    ``without_board`` where there is none.
    """
    fault = Fault(blame=error.blame, message=error.message, hint=error.hint, board=board, step=step, console=console)
    about = Circumstances.of(error, board=board, step=step, seen=seen)
    try:
        kept = keep(free_directory(directory, board or "rig"), about)
    except OSError as failure:  # a full disk: the fault itself counts more
        return replace(fault, console=(*fault.console, f"no evidence kept: {failure.strerror}"))
    return replace(
        fault,
        evidence=kept.name,
        place=kept.place,
        backtrace=kept.backtrace,
    )


def without_board(directory: Path, about: Circumstances) -> Bundle:
    """What can be kept of a fault where no board ever came up."""
    return collect(directory, about, board=None)


def _joined(now: Board, before: Board | None) -> Board:
    """A board with its firmware of this part of the run, or of the earlier part where this one has not flashed."""
    known: dict[str, Firmware] = {firmware.variant: firmware for firmware in (before.firmware if before else ())}
    known |= {firmware.variant: firmware for firmware in now.firmware}
    return replace(now, firmware=tuple(known.values()))

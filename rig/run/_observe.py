"""The run of ``rig observe`` on firmware that is not the bench, with record, journal and verdicts.

Must not know terminals.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from rig import __version__
from rig.claims import decide_observed
from rig.errors import Outcome, ResultsFault, RigError, UsageError, fault_of
from rig.evidence import Bundle, Circumstances, collect
from rig.inventory import BoardSpec
from rig.observe import (
    Event,
    Observation,
    Observer,
    Plan,
    Profile,
    board_record,
    check_firmware,
    firmware_record,
    measurements,
)
from rig.probe import FirmwareImage
from rig.records import VARIANTS, Board, Firmware, Run, RunRecord, Verdict
from rig.run._board_run import fault_with_evidence, without_board
from rig.run._environment import describe_environment
from rig.run._execute import stamp
from rig.run._outcome import outcome
from rig.run._recorder import Listener, Recorder
from rig.station import agent_label


@dataclass(frozen=True, kw_only=True)
class ObserveOptions:
    """One call of ``rig observe``. ``firmware``: variant (shm, network) -> image; ``command`` is recorded."""

    spec: BoardSpec
    firmware: Mapping[str, FirmwareImage]
    profile: Profile
    plan: Plan
    directory: Path
    command: str


@dataclass
class Observed:
    """The result: the record, and the observation of each variant that was made."""

    record: RunRecord
    seen: dict[str, Observation] = field(default_factory=dict)


def check_observe(options: ObserveOptions) -> None:
    """Make sure that the run is possible, before anything is touched.

    :raises UsageError: it is not.
    """
    symbol = options.profile.shared_memory
    for variant, image in options.firmware.items():
        check_firmware(options.spec, image, options.profile)
        if symbol and (symbol in image.symbols) != (variant == VARIANTS[0]):
            words = "has" if symbol in image.symbols else "has no"
            raise UsageError(
                f"firmware {image.path.name} {words} {symbol}, and was named as the one "
                f"{'with' if variant == VARIANTS[0] else 'without'} shared memory",
                hint="rig observe WITH.elf --beside WITHOUT.elf; see the profile's shared_memory",
            )
    digests = {image.digest for image in options.firmware.values()}
    if len(digests) < len(options.firmware):
        raise UsageError("both firmwares are the same file", hint="--beside names the one without shared memory")


def execute_observe(
    options: ObserveOptions,
    *,
    run_id: str,
    listeners: tuple[Listener, ...] = (),
    seen: Callable[[str, Event], None] = lambda _variant, _event: None,
) -> Observed:
    """Watch each firmware, decide the claims that can be decided, and return the record; the journal is written
    meanwhile.

    :param seen: called with the variant and each event as it happens.
    :raises UsageError: it is not possible; nothing has been touched.
    """
    check_observe(options)
    recorder = Recorder(options.directory, listeners)
    try:
        return _Observing(options, run_id, recorder, seen).execute()
    finally:
        recorder.close()


class _Observing:
    def __init__(
        self, options: ObserveOptions, run_id: str, recorder: Recorder, seen: Callable[[str, Event], None]
    ) -> None:
        self.options, self.recorder, self.seen = options, recorder, seen
        self.run = Run(id=run_id, started=stamp(), rig_version=__version__, command=options.command)
        self.environment = describe_environment(agent_label("builtin"))
        self.observed: dict[str, Observation] = {}
        self.firmware: list[Firmware] = []

    def execute(self) -> Observed:
        begin = time.monotonic()
        self.recorder.run(self.run, self.environment)
        interrupted, prevented = False, ""
        try:
            with Observer(self.options.spec, self.options.directory) as observer:
                for number, (variant, image) in enumerate(self.options.firmware.items()):
                    prevented = self._watch(observer, number, variant, image)
                    if prevented:
                        break
        except KeyboardInterrupt:
            interrupted, prevented = True, "the run was interrupted before this was measured"
        except ResultsFault:
            raise
        except RigError as error:
            if isinstance(error, UsageError) and not self.recorder.measured:
                raise  # nothing has been touched that anybody would miss
            prevented = self._fault(error, ())
        except Exception as error:  # the one border: whatever is no error of the rig's own
            trace = tuple(line for part in traceback.format_exception(error) for line in part.splitlines())
            prevented = self._fault(fault_of(error, report="events.jsonl of this run"), trace, seen=error)
        so_far = self.recorder.record().measurements
        name = self.options.spec.name
        for result in decide_observed(name, so_far, prevented=prevented, repeat=self.options.command):
            self.recorder.claim(result)
        self.run = replace(
            self.run,
            finished=stamp(),
            seconds=round(time.monotonic() - begin, 3),
            outcome=self._outcome(self.recorder.record(), interrupted=interrupted).value,
        )
        self.recorder.run(self.run, self.environment)
        return Observed(record=self.recorder.record(), seen=self.observed)

    def _watch(self, observer: Observer, number: int, variant: str, image: FirmwareImage) -> str:
        """What there is to see of one firmware; returns the fault that prevented it, in words."""
        name, total = self.options.spec.name, len(self.options.firmware)

        def step(words: str) -> None:
            self.recorder.step(name, f"{variant}: {words}", total=total, done=number, seconds_left=None)

        prefix = "" if number == 0 else f"{variant}-"
        try:
            found = observer.observe(
                image,
                self.options.profile,
                self.options.plan,
                prefix=prefix,
                seen=lambda event: self.seen(variant, event),
                step=step,
            )
        except (UsageError, ResultsFault):
            raise
        except RigError as error:
            logs = {"agent.log": self.options.directory / f"{prefix}agent.log"}
            return self._fault(error, (), keep=partial(collect, board=observer.board, logs=logs))
        self.observed[variant] = found
        self.firmware.append(firmware_record(image, variant, self.options.profile.name))
        link = f"serial {self.options.spec.link.baud} baud"
        self.recorder.board(board_record(found, link=link, firmware=self.firmware))
        for measurement in measurements(found, variant):
            self.recorder.measurement(measurement)
        return ""

    def _fault(
        self,
        error: RigError,
        trace: tuple[str, ...],
        *,
        seen: Exception | None = None,
        keep: Callable[[Path, Circumstances], Bundle] = without_board,
    ) -> str:
        """Record a fault; ``keep`` collects its evidence while the board still stands as it was found."""
        spec = self.options.spec
        if not self.observed:
            self.recorder.board(Board(name=spec.name, kind=spec.kind, target=spec.target or "", core=spec.core or ""))
        self.recorder.fault(
            fault_with_evidence(
                error,
                board=spec.name,
                step=self.recorder.at,
                console=trace,
                seen=seen if seen is not None else error,
                directory=self.options.directory,
                keep=keep,
            )
        )
        return f"{error.blame} fault: {error.message}"

    def _outcome(self, record: RunRecord, *, interrupted: bool) -> Outcome:
        """That of any run; one firmware alone was watched for its figures, and no verdict was asked for."""
        word = outcome(record, interrupted=interrupted)
        alone = len(self.options.firmware) == 1
        undecided = all(claim.verdict is Verdict.NOT_RUN for claim in record.claims)
        return Outcome.PASSED if word is Outcome.INCONCLUSIVE and alone and undecided else word

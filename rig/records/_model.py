"""The records themselves: frozen, keyword-only, valid once constructed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from rig.errors import UsageError
from rig.records._statistics import Summary, quantile, summarise
from rig.records.vocabulary import Detail, Scalar

CLAIM_IDS = (
    "agentless-operation",
    "agentless-startup",
    "message-size",
    "copies",
    "shared-buffer",
    "os-overhead",
    "latency",
    "local-matching",
    "agent-duplicates",
    "entity-capacity",
    "burst-order",
    "thread-safety",
    "lifecycle",
    "services",
    "nuttx",
    "footprint",
)
"""The claims of the announcement, by id; what each states is in the table of the claims room."""

VARIANTS = ("shm", "network")
"""The two firmwares of a board: shared memory compiled in, and the same without it, the control."""

BARE_METAL = "none"
"""What firmware without an operating system says in its place."""

PATHS = ("shm", "agent")
RUN_KINDS = ("quick", "full")
D = TypeVar("D", bound=Detail)


class Verdict(StrEnum):
    """The decision on a claim. A fault of rig or board is never a refutation."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"
    NOT_RUN = "not_run"


NOT_ASKED = "not asked for in this run"
"""The reason of a claim that a run left out because it was told to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One call of the rig. Times are ISO 8601 in UTC; ``resumed``: when the run was last resumed, if it was.

    ``seconds``: time at work, without the pause between an interruption and its resumption. ``quick``: fewer samples
    and conditions; None in a record that is older than this field, see ``kind``.
    """

    id: str
    started: str
    rig_version: str
    command: str
    finished: str | None = None
    seconds: float | None = None
    outcome: str | None = None
    resumed: tuple[str, ...] = ()
    quick: bool | None = None

    @property
    def kind(self) -> str:
        """``quick`` or ``full``: figures of a quick run are never compared with those of a full one."""
        quick = "--quick" in self.command.split() if self.quick is None else self.quick
        return RUN_KINDS[0] if quick else RUN_KINDS[1]


@dataclass(frozen=True, kw_only=True, slots=True)
class Environment:
    """What the host was: names and versions, no paths, no host names."""

    system: str
    python: str
    tools: Mapping[str, str] = field(default_factory=dict)
    agent: str = "none"


@dataclass(frozen=True, kw_only=True, slots=True)
class Firmware:
    """One firmware image as it ran. ``sections`` in bytes; ``configuration`` is what the running image reports of
    itself. ``os`` is the operating system below it: ``none`` on bare metal, empty in a record that is older than this
    field.
    """

    variant: str
    digest: str
    file: str
    middleware: str
    middleware_version: str
    compiler: str
    os: str = ""
    os_version: str = ""
    sections: Mapping[str, int] = field(default_factory=dict)
    configuration: Mapping[str, Scalar] = field(default_factory=dict)

    @property
    def system(self) -> str:
        """The operating system in words; empty if the record does not say."""
        words = "none (bare metal)" if self.os == BARE_METAL else self.os
        return f"{words} {self.os_version}".strip()


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """A command of boards.yaml that was run: a hook, or one that switches the power. ``code``: None if it took too long
    and was killed; ``output``: the end of what it said.
    """

    name: str
    command: str
    code: int | None
    seconds: float
    output: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Board:
    """One board as the run used it."""

    name: str
    kind: str
    target: str
    core: str
    probe: str = ""
    emulator: str = ""
    clock: str = ""
    clock_note: str = ""
    link: str = ""
    firmware: tuple[Firmware, ...] = ()
    recoveries: Mapping[str, int] = field(default_factory=dict)
    commands: tuple[Command, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """Raw samples of one metric under one set of conditions.

    ``path`` is the way the samples travelled: ``shm`` inside the MCU, ``agent`` over the link and back. ``clock`` names
    the clock of a duration (``virtual``, ``dwt``, ``timer``, ``host``), None for anything else. ``exact``: on the same
    kind of board with the same firmware, the figure must repeat to the last digit. ``detail`` holds what explains the
    figure, or why there is none; ``read`` gives it typed.
    """

    experiment: str
    board: str
    variant: str
    path: str
    metric: str
    unit: str
    samples: tuple[float, ...]
    clock: str | None = None
    exact: bool = False
    conditions: Mapping[str, Scalar] = field(default_factory=dict)
    detail: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.variant not in VARIANTS:
            raise ValueError(f"variant {self.variant!r}, expected one of {VARIANTS}")
        if self.path not in PATHS:
            raise ValueError(f"path {self.path!r}, expected one of {PATHS}")

    @property
    def summary(self) -> Summary | None:
        """Order statistics of the samples; None if there are none."""
        return summarise(self.samples)

    @property
    def value(self) -> float:
        """The only sample, or the median of several. :raises ValueError: there are no samples."""
        if not self.samples:
            raise ValueError(f"{self.metric}: no samples")
        return quantile(sorted(self.samples), 0.50)

    def read(self, kind: type[D]) -> D:
        """The detail as a dataclass of rig/records/vocabulary.py.

        :raises ValueError: the detail is of another kind.
        """
        try:
            return kind.read(self.detail)
        except ValueError as error:
            raise ValueError(f"detail of {self.experiment} {self.metric}: {error}") from error

    @property
    def gap(self) -> Detail:
        """Why there are no samples, if there are none."""
        return self.read(Detail)

    def whole(self, condition: str) -> int:
        """A condition that is a whole number.

        :raises ValueError: it is no whole number, or is missing.
        """
        value = self.conditions.get(condition)
        if type(value) is not int:
            raise ValueError(f"{self.experiment} {self.metric}: {condition} is {value!r}, expected a whole number")
        return value


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """One fact that a verdict rests on, in words, with the metric and the conditions under which the record has it."""

    text: str
    metric: str = ""
    conditions: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimResult:
    """The verdict on one claim for one board.

    ``expected`` is what boards.yaml declares as known for this claim, in words; ``accepted`` says that the verdict is
    the declared one and the declaration has not expired, so that the verdict does not fail the run. ``prevented``: why
    its experiment was not made or not finished; empty if it was finished. ``seconds``: duration of its experiment, if
    known.
    """

    id: str
    board: str
    verdict: Verdict
    reason: str
    statement: str = ""
    criterion: str = ""
    repeat: str = ""
    expected: str = ""
    accepted: bool = False
    prevented: str = ""
    evidence: tuple[Evidence, ...] = ()
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """Something that broke and is no evidence: who is at fault, during what, and what to do next.

    ``mended``: the run was resumed since, and measured again what the fault had struck. ``evidence``: directory of the
    evidence kept, relative to the run's. ``place`` and ``backtrace``: where the firmware stood, in words.
    """

    blame: str
    message: str
    hint: str = ""
    board: str = ""
    step: str = ""
    console: tuple[str, ...] = ()
    mended: bool = False
    evidence: str = ""
    place: str = ""
    backtrace: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RunRecord:
    """All of one run: what ``results.json`` holds."""

    run: Run
    environment: Environment
    boards: tuple[Board, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    claims: tuple[ClaimResult, ...] = ()
    faults: tuple[Fault, ...] = ()

    def check_board(self, name: str) -> None:
        """Make sure that this board took part in the run.

        :raises UsageError: it did not.
        """
        if name not in (took_part := [board.name for board in self.boards]):
            raise UsageError(
                f"run {self.run.id} says nothing of board {name}",
                hint=f"it was made on {', '.join(took_part) or 'no board'}",
            )

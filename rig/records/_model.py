"""The records themselves: frozen, keyword-only, valid once constructed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from rig.errors import UsageError
from rig.records._statistics import Summary, summarise
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
    """What a claim came to. A fault of rig or board is never a refutation."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"
    NOT_RUN = "not_run"


NOT_ASKED = "not asked for in this run"
"""The reason of a claim that a run left out because it was told to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One call of the rig. Times are ISO 8601 in UTC; ``resumed``: when it was taken up again, if it was.

    ``seconds``: time at work, without the time between an interruption and its resumption. ``quick``: fewer samples and
    conditions; None where a record is older than this field, see ``kind``.
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
        """``quick`` or ``full``: figures of the two are never judged against each other."""
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
    """One firmware image as it ran. ``sections`` in bytes; ``configuration`` is what the image said of itself; ``os``:
    the operating system below it, ``none`` on bare metal, empty where a record is older than this field.
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
        """The operating system in words; empty where the record does not say."""
        words = "none (bare metal)" if self.os == BARE_METAL else self.os
        return f"{words} {self.os_version}".strip()


@dataclass(frozen=True, kw_only=True, slots=True)
class Board:
    """One board as it was used."""

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """Raw samples of one metric under one set of conditions.

    ``path`` is the way the samples travelled: ``shm`` inside the MCU, ``agent`` over the link and back.
    ``clock`` names the clock of a duration (``virtual``, ``dwt``, ``timer``, ``host``), None for anything else.
    ``exact``: the figure must repeat to the last digit on the same board kind and firmware.
    ``detail`` holds what explains the figure, or why there is none; ``read`` gives it typed.
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
        """The one sample of a single-valued measurement, else the median. ValueError if there is none."""
        summary = self.summary
        if summary is None:
            raise ValueError(f"{self.metric}: no samples")
        return summary.p50

    def read(self, kind: type[D]) -> D:
        """The detail, typed as rig/records/vocabulary.py has it.

        :raises ValueError: it is no such detail.
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

        :raises ValueError: it is none, or is missing.
        """
        value = self.conditions.get(condition)
        if type(value) is not int:
            raise ValueError(f"{self.experiment} {self.metric}: {condition} is {value!r}, expected a whole number")
        return value


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """One fact a verdict rests on, in words, with the metric and conditions where it can be looked up."""

    text: str
    metric: str = ""
    conditions: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimResult:
    """The verdict on one claim for one board.

    ``expected`` is what boards.yaml declares as known for this claim, in words; ``accepted`` says that this verdict is
    the declared one and the declaration has not expired, so that it does not fail the run. ``prevented``: why its
    experiment was not made or not finished, empty if it was. ``seconds``: what its experiment took, if that is known.
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

    ``mended``: the run was resumed since, and what this had struck was measured again. ``evidence``: the directory with
    what it left, below the run's own; ``place`` and ``backtrace``: where the firmware stood, in words.
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
        """Nothing, if this board took part in the run.

        :raises UsageError: it did not.
        """
        if name not in (took_part := [board.name for board in self.boards]):
            raise UsageError(
                f"run {self.run.id} says nothing of board {name}",
                hint=f"it was made on {', '.join(took_part) or 'no board'}",
            )

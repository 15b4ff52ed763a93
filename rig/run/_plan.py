"""What a run will do: which experiments answer which claims, on which firmware, in what order.

Each variant is flashed once and gets one Agent; experiments that cut the link or restart the Agent come last in the
experiment table, so that nothing has to be brought back for another. A firmware that no step needs is not flashed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rig.claims import CLAIMS, NUTTX, SEARCH, needed_for
from rig.experiments import EXPERIMENTS, Experiment
from rig.inventory import BoardSpec
from rig.records import VARIANTS

Key = tuple[str, str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One experiment on one firmware of one board. ``skipped``: why it is not made; empty if it is."""

    board: str
    variant: str
    experiment: Experiment
    skipped: str = ""

    @property
    def key(self) -> Key:
        """Board, variant and experiment, as the event log names them."""
        return self.board, self.variant, self.experiment.id

    @property
    def title(self) -> str:
        """In words, for progress and faults."""
        return f"{self.variant}: {self.experiment.title}"


def experiments_for(claims: Sequence[str]) -> list[Experiment]:
    """The experiments that these claims need (none given: all claims), in the order of the experiment table."""
    wanted = {CLAIMS[id].experiment for id in (claims or CLAIMS)}
    if any(CLAIMS[id].promises for id in (claims or CLAIMS)):
        wanted.add(SEARCH)
    return [experiment for id, experiment in EXPERIMENTS.items() if id in wanted]


def plan(spec: BoardSpec, claims: Sequence[str], *, agent: str) -> list[Step]:
    """The steps for one board, in order."""
    return [
        Step(
            board=spec.name, variant=variant, experiment=experiment, skipped=_obstacle(spec, variant, experiment, agent)
        )
        for variant in VARIANTS
        for experiment in experiments_for(claims)
        if variant == "shm" or experiment.has_control
    ]


def _obstacle(spec: BoardSpec, variant: str, experiment: Experiment, agent: str) -> str:
    if not spec.firmware.built and variant not in spec.firmware.images:
        return f"boards.yaml names no {variant} firmware for {spec.name}"
    if agent == "none" and (experiment.needs_agent or (variant == "network" and experiment.network_needs_link)):
        return "no Agent takes part (--agent none)"
    return ""


def plan_lines(specs: Sequence[BoardSpec], claims: Sequence[str], *, agent: str) -> list[str]:
    """What a run would do, step by step, in words; touches nothing."""
    lines: list[str] = []
    asked = needed_for(claims, systems=[spec.os for spec in specs])
    for spec in specs:
        lines.append(f"{spec.name} ({spec.kind}, firmware from {spec.firmware}, Agent {agent})")
        steps = plan(spec, asked, agent=agent)
        needed = [v for v in VARIANTS if any(step.variant == v and not step.skipped for step in steps)]
        for variant in VARIANTS:
            own = [step for step in steps if step.variant == variant]
            if variant in needed:
                lines.append(f"  {variant}: flash, {'boot' if agent == 'none' else 'start the Agent, boot'}")
            elif own:
                lines.append(f"  {variant}: not flashed, no step needs it")
            for step in own:
                rest = f"skipped, {step.skipped}" if step.skipped else step.experiment.title
                lines.append(f"    {step.experiment.id}: {rest}")
        starts = 0 if agent == "none" else len(needed)
        lines.append(f"  in all: {_times(len(needed), 'flash', 'flashes')}, {_times(starts, 'Agent start')}")
    decided = [id for id in asked if CLAIMS[id].experiment or (id == NUTTX and len(specs) > 1)]
    return [*lines, f"then decide: {', '.join(decided) or 'nothing'}"]


def _times(count: int, one: str, several: str = "") -> str:
    return f"{count} {one if count == 1 else several or one + 's'}"

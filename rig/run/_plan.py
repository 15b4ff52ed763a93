"""Which experiments answer which claims, and in what order they are made."""

from __future__ import annotations

from collections.abc import Sequence

from rig.claims import CLAIMS
from rig.experiments import EXPERIMENTS, Experiment
from rig.inventory import BoardSpec

VARIANTS = ("shm", "network")


def experiments_for(claims: Sequence[str]) -> list[Experiment]:
    """The experiments that these claims need (none given: all claims), in the order of the experiment table."""
    wanted = {CLAIMS[id].experiment for id in (claims or CLAIMS)}
    return [experiment for id, experiment in EXPERIMENTS.items() if id in wanted]


def plan_lines(specs: Sequence[BoardSpec], claims: Sequence[str], *, agent: str) -> list[str]:
    """What a run would do, step by step, in words; touches nothing."""
    experiments = experiments_for(claims)
    lines: list[str] = []
    for spec in specs:
        source = f"preset {spec.firmware.preset}" if spec.firmware.preset else "finished images"
        lines.append(f"{spec.name} ({spec.kind}, firmware from {source}, Agent {agent})")
        for variant in VARIANTS:
            if spec.firmware.preset is None and variant not in spec.firmware.images:
                lines.append(f"  {variant}: no image, skipped")
                continue
            lines.append(f"  {variant}: flash, start the Agent, boot")
            for experiment in experiments:
                skipped = variant == "network" and agent == "none" and experiment.network_needs_link
                lines.append(f"    {experiment.id}: {'skipped, no Agent' if skipped else experiment.title}")
    decided = [id for id in (claims or CLAIMS) if CLAIMS[id].experiment]
    return [*lines, f"then decide: {', '.join(decided) or 'nothing'}"]

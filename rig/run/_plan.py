"""Which experiments answer which claims, and in what order they are made."""

from __future__ import annotations

from collections.abc import Sequence

from rig.claims import CLAIMS
from rig.experiments import EXPERIMENTS, Experiment

VARIANTS = ("shm", "network")


def experiments_for(claims: Sequence[str]) -> list[Experiment]:
    """The experiments that these claims need (none given: all claims), in the order of the experiment table."""
    wanted = {CLAIMS[id].experiment for id in (claims or CLAIMS)}
    return [experiment for id, experiment in EXPERIMENTS.items() if id in wanted]

"""One module per measurement: takes a ready board, yields records.

Knows the bench and the tapped link. Must not know the verdict, the formats, or which firmware it runs against.
"""

from rig.experiments import (
    agent_duplicates,
    agentless_operation,
    agentless_startup,
    burst_order,
    copies,
    entity_capacity,
    footprint,
    latency,
    lifecycle,
    local_matching,
    message_size,
    os_overhead,
    sequences,
    services,
    shared_buffer,
    thread_safety,
)
from rig.experiments._company import company_of, runner_of
from rig.experiments._experiment import Experiment
from rig.experiments.sequences import SECONDS as SEARCH_SECONDS

EXPERIMENTS: dict[str, Experiment] = {
    module.EXPERIMENT.id: module.EXPERIMENT
    for module in (
        message_size,
        copies,
        shared_buffer,
        os_overhead,
        latency,
        burst_order,
        local_matching,
        entity_capacity,
        lifecycle,
        services,
        thread_safety,
        sequences,
        agentless_operation,
        agentless_startup,
        agent_duplicates,
        footprint,
    )
}

__all__ = ["EXPERIMENTS", "SEARCH_SECONDS", "Experiment", "company_of", "runner_of"]

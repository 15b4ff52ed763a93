"""One module per measurement: takes a ready board, yields records.

Knows the bench and the tapped link. Must not know verdicts, nor formats, nor which firmware it runs against.
"""

from rig.experiments import (
    agentless_operation,
    burst_order,
    copies,
    footprint,
    latency,
    message_size,
    os_overhead,
    shared_buffer,
)
from rig.experiments._experiment import Experiment

EXPERIMENTS: dict[str, Experiment] = {
    module.EXPERIMENT.id: module.EXPERIMENT
    for module in (
        message_size,
        copies,
        shared_buffer,
        os_overhead,
        latency,
        agentless_operation,
        burst_order,
        footprint,
    )
}

__all__ = ["EXPERIMENTS", "Experiment"]

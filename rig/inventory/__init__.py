"""Which boards exist: ``boards.yaml``, its schema, and the choice of boards by name or capability.

Knows the file and its words. Must not know probes, processes or experiments: nothing here touches a board.
"""

from rig.inventory._inventory import Inventory
from rig.inventory._machines import CORES, MACHINE_CORES, MACHINE_TARGETS
from rig.inventory._schema import ALL_BOARDS
from rig.inventory._spec import (
    BoardKind,
    BoardSpec,
    Expectation,
    FirmwareSource,
    LinkSpec,
    PlaceSpec,
    PowerSpec,
    ProbeSpec,
)

__all__ = [
    "ALL_BOARDS",
    "CORES",
    "MACHINE_CORES",
    "MACHINE_TARGETS",
    "BoardKind",
    "BoardSpec",
    "Expectation",
    "FirmwareSource",
    "Inventory",
    "LinkSpec",
    "PlaceSpec",
    "PowerSpec",
    "ProbeSpec",
]

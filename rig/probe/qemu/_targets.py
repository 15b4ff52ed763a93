"""pyOCD targets for machines whose boot memory is written without a flash algorithm.

The MPS2 boards boot from RAM. Others have flash whose controller QEMU lacks. There the flash algorithm of pyOCD's own
target would report success and change nothing. So they get a target of their own, and the probe writes their flash
itself.
"""

from __future__ import annotations

from typing import Any

from pyocd.core.memory_map import DeviceRegion, MemoryMap, RamRegion
from pyocd.coresight.coresight_target import CoreSightTarget

from rig.probe.qemu._machines import MACHINES, Machine

__all__ = ["register_targets"]


def register_targets(known: dict[str, Any]) -> None:
    """Add one target class for each machine to pyOCD's table ``known``; entries that exist stay."""
    for machine in MACHINES.values():
        if all(memory.kind != "flash" for memory in machine.memories):
            known.setdefault(machine.target, _target_class(machine))


def _target_class(machine: Machine) -> type:
    regions = [
        RamRegion(
            name=memory.name,
            start=memory.start,
            length=memory.length,
            is_boot_memory=memory.boot,
            access="rwx" if memory.kind == "ram" else "rx",
        )
        for memory in machine.memories
    ]
    memory_map = MemoryMap(*regions, DeviceRegion(name="peripherals", start=0x4000_0000, length=0x1000_0000))

    def initialise(self: Any, session: Any) -> None:
        CoreSightTarget.__init__(self, session, memory_map.clone())

    return type(
        machine.target.title().replace("_", ""),
        (CoreSightTarget,),
        {
            "__init__": initialise,
            "__doc__": f"{machine.name} with a {machine.core}.",
            "VENDOR": "QEMU",
            "PART_NUMBER": machine.target.upper(),
            "PART_FAMILIES": (machine.core,),
        },
    )

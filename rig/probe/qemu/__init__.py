"""Emulated boards behind pyOCD: a QEMU launcher and a ``pyocd.probe`` plugin.

Knows QEMU's three debug sockets (gdbstub, qtest, QMP) and the debug side of a Cortex-M, so that pyOCD's
own discovery, flash algorithms, breakpoints, RTT and gdbserver work unmodified on an emulated board.
Must not know micro-ROS, nor which boards the inventory has.
"""

from typing import TYPE_CHECKING, Any

from rig.probe.qemu._descriptor import Descriptor, find_descriptor, running_descriptors
from rig.probe.qemu._launcher import EmulatedMachine, launch, qemu_version
from rig.probe.qemu._machines import MACHINES, Machine, MemoryRange
from rig.probe.qemu._write_trace import MemoryWrite, TracePlan

if TYPE_CHECKING:
    from rig.probe.qemu._plugin import QemuProbePlugin

__all__ = [
    "MACHINES",
    "Descriptor",
    "EmulatedMachine",
    "Machine",
    "MemoryRange",
    "MemoryWrite",
    "QemuProbePlugin",
    "TracePlan",
    "find_descriptor",
    "launch",
    "qemu_version",
    "running_descriptors",
]


def __getattr__(name: str) -> Any:
    """Import the plugin on demand: importing any part of pyOCD loads pyOCD's plugins, of which this is one."""
    if name == "QemuProbePlugin":
        import pyocd  # noqa: F401, PLC0415 - first, so that what it loads here is not half loaded

        from rig.probe.qemu._plugin import QemuProbePlugin  # noqa: PLC0415

        return QemuProbePlugin
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

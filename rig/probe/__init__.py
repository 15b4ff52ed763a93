"""The debug probe: identify a target, flash and verify it, run it, read its memory while it runs.

The only room that imports pyOCD, and the only one where pyOCD's exceptions are known; what leaves it is a
subclass of ``rig.errors.RigError``. Must not know micro-ROS. ``rig.probe.qemu`` makes emulated boards look
like any other to it.

Importing this room does not import pyOCD; opening or listing probes does.
"""

from rig.probe._attached import Attached, pair_up, serial_lines
from rig.probe._chips import knows_target, target_memory
from rig.probe._cores import belongs_on
from rig.probe._crashes import CRASH_SYMBOL, CrashReport, decode_crash
from rig.probe._image import FirmwareImage, Symbol
from rig.probe._listing import ProbeIdentity, list_probes
from rig.probe._programming import FlashReport
from rig.probe._ram import UNNAMED, ram_objects
from rig.probe._remote import REMOTE, lease_remote
from rig.probe._rtt import RttReader
from rig.probe._session import HaltInfo, Probe, TargetIdentity, TargetState, open_probe
from rig.probe._translation import ProbeLost
from rig.probe.qemu import MemoryWrite

__all__ = [
    "CRASH_SYMBOL",
    "REMOTE",
    "UNNAMED",
    "Attached",
    "CrashReport",
    "FirmwareImage",
    "FlashReport",
    "HaltInfo",
    "MemoryWrite",
    "Probe",
    "ProbeIdentity",
    "ProbeLost",
    "RttReader",
    "Symbol",
    "TargetIdentity",
    "TargetState",
    "belongs_on",
    "decode_crash",
    "knows_target",
    "lease_remote",
    "list_probes",
    "open_probe",
    "pair_up",
    "ram_objects",
    "serial_lines",
    "target_memory",
]

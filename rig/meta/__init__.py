"""The options with which a micro-ROS library is built: chosen for what an application needs, read, and checked.

Knows colcon.meta, the two generated headers of a library, the symbol index of its archive, and how Client and rmw use
their tables. Must not know files: texts and bytes come in, findings and texts go out.
"""

from __future__ import annotations

from rig.meta._check import Finding, check, contradictions
from rig.meta._expect import Expected, expect
from rig.meta._need import Need
from rig.meta._options import CLIENT, OPTIONS, RMW, Option, option
from rig.meta._ram import ram_bytes
from rig.meta._read import Configuration, archive_symbols, read_headers, read_meta
from rig.meta._write import Choice, propose, write_meta

__all__ = [
    "CLIENT",
    "OPTIONS",
    "RMW",
    "Choice",
    "Configuration",
    "Expected",
    "Finding",
    "Need",
    "Option",
    "archive_symbols",
    "check",
    "contradictions",
    "expect",
    "option",
    "propose",
    "ram_bytes",
    "read_headers",
    "read_meta",
    "write_meta",
]

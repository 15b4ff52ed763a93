"""What a fault leaves behind: registers, memory as a core file, a backtrace, and the last that was said and sent.

Knows a board that has just failed, ELF core files and DWARF. Must not know experiments, nor whose fault it was.
"""

from rig.evidence._bundle import Bundle, Circumstances, Sent, collect, free_directory
from rig.evidence._core_file import Thread, write_core
from rig.evidence._lines import DebugLines, SourceLine
from rig.evidence._unwind import Frame, unwind

__all__ = [
    "Bundle",
    "Circumstances",
    "DebugLines",
    "Frame",
    "Sent",
    "SourceLine",
    "Thread",
    "collect",
    "free_directory",
    "unwind",
    "write_core",
]

"""The proof of the rig itself: seeded defects show that it refutes, repeated runs show that it does not refute falsely.

Knows which defect must refute which claim. No experiment knows of it.
"""

from rig.matrix._matrix import CLEAN, FOUND_COLUMNS, NOT_RUN, Found, Row, as_markdown, matrix
from rig.matrix._soak import Soak, cpu_load, processors, soak
from rig.matrix._table import DEFECTS, Defect

__all__ = [
    "CLEAN",
    "DEFECTS",
    "FOUND_COLUMNS",
    "NOT_RUN",
    "Defect",
    "Found",
    "Row",
    "Soak",
    "as_markdown",
    "cpu_load",
    "matrix",
    "processors",
    "soak",
]

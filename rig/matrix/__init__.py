"""Seeded defects: the proof that the rig can say no.

Knows which defect must refute which claim. No experiment knows of it.
"""

from rig.matrix._run import CLEAN, Row, as_markdown, matrix
from rig.matrix._table import DEFECTS, Defect

__all__ = ["CLEAN", "DEFECTS", "Defect", "Row", "as_markdown", "matrix"]

"""The search for sequences of calls that break a promise: draws them, runs them as programs on the board, checks,
shrinks and describes them.

Knows the model and the bench. Must not know claims, nor how a board comes to its bench.
"""

from rig.search._company import Company
from rig.search._file import from_json, read_sequence, to_json
from rig.search._generate import Ground, generate
from rig.search._judge import Outcome, Wreck, judge
from rig.search._lower import Lowered, lower, needs
from rig.search._names import COLLISIONS
from rig.search._runner import Runner
from rig.search._search import Finding, Report, Search
from rig.search._shrink import shrink
from rig.search._told import ToldCall, told_calls

__all__ = [
    "COLLISIONS",
    "Company",
    "Finding",
    "Ground",
    "Lowered",
    "Outcome",
    "Report",
    "Runner",
    "Search",
    "ToldCall",
    "Wreck",
    "from_json",
    "generate",
    "judge",
    "lower",
    "needs",
    "read_sequence",
    "shrink",
    "to_json",
    "told_calls",
]

"""Runs over time: a store of their records, what changed between runs, and since when.

Knows records, and how outputs word figures. Must not know how anything was measured, nor terminals.
"""

from rig.history._changes import MINIMUM_EFFECT, Shift, change_points
from rig.history._compare import Change, Comparison, State, compare, exact_changes
from rig.history._store import STORE, Entry, Store
from rig.history._trend import Trend, trends, verdict_changes

__all__ = [
    "MINIMUM_EFFECT",
    "STORE",
    "Change",
    "Comparison",
    "Entry",
    "Shift",
    "State",
    "Store",
    "Trend",
    "change_points",
    "compare",
    "exact_changes",
    "trends",
    "verdict_changes",
]

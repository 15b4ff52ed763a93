"""Firmware that is not the bench, seen from outside: by its symbols, through the debug probe and the tapped link.

Knows where functions have their arguments, what stops at which of them mean, and how to watch them. Must not know the
mailbox: the firmware was not built for the rig, and nothing is linked into it.
"""

from __future__ import annotations

from rig.observe._expression import Core, Expression
from rig.observe._figures import Figures, figures
from rig.observe._observe import Observation, instructions, observe
from rig.observe._profile import Point, Profile, read_profile, shipped_profile, shipped_profiles
from rig.observe._watch import Event, Kind

__all__ = [
    "Core",
    "Event",
    "Expression",
    "Figures",
    "Kind",
    "Observation",
    "Point",
    "Profile",
    "figures",
    "instructions",
    "observe",
    "read_profile",
    "shipped_profile",
    "shipped_profiles",
]

"""Firmware that is not the bench, seen from outside: by its symbols, through the debug probe and the tapped link.

Knows where functions have their arguments, what stops at which of them mean, how to watch them, and what measurements
that makes. Must not know the mailbox: the firmware was not built for the rig, and nothing is linked into it.
"""

from __future__ import annotations

from rig.observe._clock import Clock, start_clock, start_cycle_counter
from rig.observe._expression import Core, Expression
from rig.observe._figures import Figures, figures
from rig.observe._modules import by_module
from rig.observe._observe import Observation, Observer, Plan, Traced, check_firmware
from rig.observe._profile import Point, Profile, read_profile, shipped_profile, shipped_profiles
from rig.observe._record import EXPERIMENT, NO_COUNTER, board_record, firmware_record, measurements
from rig.observe._stack import Painted, StackUse, depth, paint
from rig.observe._watch import Event, Kind, Watch

__all__ = [
    "EXPERIMENT",
    "NO_COUNTER",
    "Clock",
    "Core",
    "Event",
    "Expression",
    "Figures",
    "Kind",
    "Observation",
    "Observer",
    "Painted",
    "Plan",
    "Point",
    "Profile",
    "StackUse",
    "Traced",
    "Watch",
    "board_record",
    "by_module",
    "check_firmware",
    "depth",
    "figures",
    "firmware_record",
    "measurements",
    "paint",
    "read_profile",
    "shipped_profile",
    "shipped_profiles",
    "start_clock",
    "start_cycle_counter",
]

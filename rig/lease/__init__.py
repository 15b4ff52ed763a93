"""Who holds a board: a cross-process lock that dies with its holder.

Knows the rig's runtime state directory and how to lock a name in it. Must not know what a board is
made of: callers choose the name (a probe's unique id, or the unique id of one emulated board).
"""

from rig.lease._lease import Lease, LeaseHolder, lease
from rig.lease._state_dir import state_dir

__all__ = ["Lease", "LeaseHolder", "lease", "state_dir"]

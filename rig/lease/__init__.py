"""Resources that end with their holder: the lock on a board, the processes that the rig starts, and their files.

Knows the rig's runtime state directory, how to lock a name in it across processes, and how to start a
child that does not outlive the rig. Must not know what a board is made of: callers choose the name (a
probe's unique id, or the unique id of one emulated board).
"""

from rig.lease._children import end_child, spawn_bound
from rig.lease._lease import Lease, LeaseHolder, lease, who_holds
from rig.lease._scratch import Scratch
from rig.lease._state_dir import state_dir

__all__ = ["Lease", "LeaseHolder", "Scratch", "end_child", "lease", "spawn_bound", "state_dir", "who_holds"]

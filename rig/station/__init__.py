"""A station: one leased board, its link tapped, an Agent beside it, and one firmware at a time on it.

Joins the rooms above it (inventory, lease, probe, board, link, agent, bench) into what an experiment needs, and takes
everything down again, whatever happened. Must not know experiments.
"""

from rig.station._checkup import Finding, check_board
from rig.station._flash import flash_board
from rig.station._late import NO_ANSWER, again_if_late
from rig.station._setting import Link, RemoteEnds, RemoteReader, Setting, Traffic
from rig.station._station import Station, agent_label, board_points, load_images

__all__ = [
    "NO_ANSWER",
    "Finding",
    "Link",
    "RemoteEnds",
    "RemoteReader",
    "Setting",
    "Station",
    "Traffic",
    "again_if_late",
    "agent_label",
    "board_points",
    "check_board",
    "flash_board",
    "load_images",
]

"""A station: one leased board, its link tapped, an Agent beside it, and one firmware at a time on it.

Joins the rooms to its left (inventory, lease, probe, board, agent, bench) into what an experiment needs, and takes
everything down again, whatever happened. Must not know experiments.
"""

from rig.station._setting import Link, Setting, Traffic

__all__ = ["Link", "Setting", "Traffic"]

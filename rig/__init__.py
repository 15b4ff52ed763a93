"""The micro-ROS SHM rig: measure and decide what the shared-memory transport of DDS-XRCE promises.

Rooms, left to right; a room imports only from its left (``tests/test_rooms.py`` keeps it so):
inventory, lease, probe, board, xrce, agent, bench, experiments, records, claims, publish, cli/plugins.
``rig.errors`` and ``rig.records`` hold the value types that every room shares.
"""

__version__ = "0.1.0"  # the one place: pyproject.toml reads it from here

__all__ = ["__version__"]

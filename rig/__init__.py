"""The micro-ROS SHM rig: measure and decide what the shared-memory transport of DDS-XRCE promises.

The package is divided into rooms, one for each job. ``docs/architecture.md`` lists them in their order, with what each
may import; ``tests/test_rooms.py`` holds the sources to it. ``rig.errors`` and ``rig.records`` are shared by all.
"""

__version__ = "0.2.0"  # the one place: pyproject.toml reads it from here

__all__ = ["__version__"]

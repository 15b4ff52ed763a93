"""A new port: the folder with its sources to fill in, its CMake preset, its entry in boards.yaml.

Knows what these files look like. Must not know how firmware is built nor what a probe is: the memory map of a chip is
handed in.
"""

from rig.porting._new import Memory, NewPort, new_port

__all__ = ["Memory", "NewPort", "new_port"]

"""Places of a labgrid coordinator: who has them, and one of them for the length of a run.

Knows how to find labgrid and what its helper process says. labgrid itself lives in an environment of its own, since its
fork of pyserial takes the place of the rig's. Must not know probes or what a board is made of.
"""

from rig.coordinator._environment import labgrid_python
from rig.coordinator._places import Guardian, HeldPlace, Place, address_of, list_places, take_place

__all__ = ["Guardian", "HeldPlace", "Place", "address_of", "labgrid_python", "list_places", "take_place"]

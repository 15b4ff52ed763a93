"""Shares boards of this host with rigs on other hosts: a probe server and a serial line for each, all on loopback. Also
makes a whole run on another host.

Knows pyOCD's server, ser2net, ssh and labgrid's exporter by their command lines and files. Must not know experiments.
"""

from rig.shelf._export import Exported, Shelf, boards_yaml, exporter_yaml, place_yaml
from rig.shelf._on import run_on

__all__ = ["Exported", "Shelf", "boards_yaml", "exporter_yaml", "place_yaml", "run_on"]

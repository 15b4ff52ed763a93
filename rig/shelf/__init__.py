"""Boards of this host for rigs of others: a probe server and a serial line for each, all on loopback;
and a whole run on another host.

Knows pyOCD's server, ser2net, ssh and labgrid's exporter by their command lines and files. Must not know experiments.
"""

from rig.shelf._export import Exported, Shelf, boards_yaml, exporter_yaml
from rig.shelf._on import run_on

__all__ = ["Exported", "Shelf", "boards_yaml", "exporter_yaml", "run_on"]

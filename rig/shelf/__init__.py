"""Shares boards of this host with rigs on other hosts: a probe server and a serial line for each, all on loopback.

Knows pyOCD's server, ser2net and labgrid's exporter by their command lines and files. Must not know experiments.
"""

from rig.shelf._export import Exported, Shelf, boards_yaml, exporter_yaml

__all__ = ["Exported", "Shelf", "boards_yaml", "exporter_yaml"]

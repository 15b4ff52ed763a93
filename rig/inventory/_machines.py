"""What the inventory has to know about QEMU machines: their cores, and the pyOCD targets that fit them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["CORES", "MACHINE_CORES", "MACHINE_TARGETS"]

CORES = (
    "cortex-m0",
    "cortex-m0plus",
    "cortex-m1",
    "cortex-m3",
    "cortex-m4",
    "cortex-m7",
    "cortex-m23",
    "cortex-m33",
    "cortex-m35p",
    "cortex-m55",
    "cortex-m85",
)
"""The cores that a board of boards.yaml may have; the probe knows each by its CPUID."""
MACHINE_CORES: Mapping[str, str] = MappingProxyType(
    {
        "mps2-an385": "cortex-m3",
        "mps2-an386": "cortex-m4",
        "mps2-an500": "cortex-m7",
        "microbit": "cortex-m0",
        "netduinoplus2": "cortex-m4",
    }
)
MACHINE_TARGETS: Mapping[str, str] = MappingProxyType(
    {
        "mps2-an385": "mps2_an385",
        "mps2-an386": "mps2_an386",
        "mps2-an500": "mps2_an500",
        "microbit": "nrf51",
        "netduinoplus2": "netduinoplus2",
    }
)

"""Cortex-M cores and architectures: their names, and which image belongs on which core.

Facts from the Arm architecture manuals (CPUID part numbers) and the Arm ABI (build attribute values).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["architecture_of_core", "architecture_of_tag", "belongs_on", "core_of_cpuid"]

# CPUID part number -> (core, architecture)
_PARTS: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        0xC20: ("cortex-m0", "armv6-m"),
        0xC21: ("cortex-m1", "armv6-m"),
        0xC60: ("cortex-m0plus", "armv6-m"),
        0xC23: ("cortex-m3", "armv7-m"),
        0xC24: ("cortex-m4", "armv7e-m"),
        0xC27: ("cortex-m7", "armv7e-m"),
        0xD20: ("cortex-m23", "armv8-m.base"),
        0xD21: ("cortex-m33", "armv8-m.main"),
        0xD31: ("cortex-m35p", "armv8-m.main"),
        0xD22: ("cortex-m55", "armv8.1-m.main"),
        0xD23: ("cortex-m85", "armv8.1-m.main"),
    }
)
_ARCHITECTURES = MappingProxyType(dict(_PARTS.values()))

_TAG_V7, _PROFILE_M = 10, ord("M")
_TAGS = MappingProxyType(
    {11: "armv6-m", 12: "armv6-m", 13: "armv7e-m", 16: "armv8-m.base", 17: "armv8-m.main", 21: "armv8.1-m.main"}
)


def architecture_of_tag(tag: int, profile: int) -> str | None:
    """Return the architecture that the build attributes Tag_CPU_arch and its profile name, None if no Cortex-M."""
    if tag == _TAG_V7:
        return "armv7-m" if profile == _PROFILE_M else None
    return _TAGS.get(tag)


def architecture_of_core(core: str) -> str | None:
    return _ARCHITECTURES.get(core)


def core_of_cpuid(cpuid: int) -> str:
    """Return the core that a CPUID register names, such as ``"cortex-m3"``."""
    part = (cpuid >> 4) & 0xFFF
    return _PARTS[part][0] if part in _PARTS else f"unknown core (CPUID {cpuid:#010x})"


def belongs_on(image_architecture: str, core: str) -> bool:
    """Whether an image built for ``image_architecture`` is one for ``core``.

    Compilers record the architecture, not the core. A later core would run an earlier one's code (a Cortex-M3 that of a
    Cortex-M0), but such an image was built for another board. So the architecture must be the same.
    """
    target = architecture_of_core(core)
    return target is None or image_architecture == target  # an unknown core proves nothing

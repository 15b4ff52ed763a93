"""What pyOCD knows of a chip before a probe is there."""

from __future__ import annotations

from typing import Any

__all__ = ["knows_target", "target_memory"]

_Range = tuple[int, int]


def knows_target(target: str) -> bool:
    """Whether pyOCD has this target, by itself or of an installed pack."""
    from pyocd.probe.aggregator import PROBE_CLASSES  # noqa: PLC0415 - see rig.probe; loads the emulated targets too
    from pyocd.target import TARGET, normalise_target_type_name  # noqa: PLC0415
    from pyocd.target.pack.pack_target import ManagedPacks  # noqa: PLC0415

    assert PROBE_CLASSES
    name = normalise_target_type_name(target)
    if name not in TARGET:
        ManagedPacks.populate_target(name)
    return name in TARGET


def target_memory(target: str) -> tuple[_Range, _Range] | None:
    """The flash that a chip starts from and its largest RAM, each as (start, bytes), of one of pyOCD's own targets.

    None for a target that pyOCD does not know by itself (one of a pack), or of which it knows no such memories.
    """
    from pyocd.target import TARGET  # noqa: PLC0415 - see rig.probe

    memory_map = getattr(TARGET.get(target.lower()), "MEMORY_MAP", None)
    regions: list[Any] = list(memory_map) if memory_map is not None else []
    flash = [region for region in regions if region.is_flash and region.is_boot_memory]
    ram = [region for region in regions if region.is_ram]
    if not flash or not ram:
        return None
    first, largest = min(flash, key=lambda region: region.start), max(ram, key=lambda region: region.length)
    return (int(first.start), int(first.length)), (int(largest.start), int(largest.length))

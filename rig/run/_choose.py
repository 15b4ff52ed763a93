"""Which boards a run takes: by name, all of them, or so many that can do something and that nobody holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from rig.errors import LeaseFault, UsageError
from rig.inventory import ALL_BOARDS, BoardSpec, Inventory
from rig.lease import who_holds

__all__ = ["Choice", "choose"]


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """The boards of a run; ``left_out``: which ones were not taken, and why, in words."""

    specs: tuple[BoardSpec, ...]
    left_out: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the boards."""
        return tuple(spec.name for spec in self.specs)


def choose(
    inventory: Inventory, names: Sequence[str] = (), *, capabilities: Sequence[str] = (), count: int | None = None
) -> Choice:
    """The boards that are meant; with nothing given the default one.

    :param names: of boards; ``all`` means each board of the file that has its firmware.
    :param capabilities: take ``count`` boards (1 if not given) that have all of these, free ones first to last.
    :raises UsageError: no such board, or fewer boards can match at all than are asked for.
    :raises LeaseFault: enough boards match, but others hold too many of them.
    """
    if capabilities:
        if names:
            raise UsageError("--any chooses boards by what they can do, and --board by name", hint="give one of them")
        return _some(inventory, capabilities, 1 if count is None else count)
    if count is not None:
        raise UsageError("--count says how many boards --any takes", hint="rig run --any shm --count 2")
    if ALL_BOARDS in names:
        return _all(inventory)
    return Choice(specs=tuple(inventory.select(names)))


def _all(inventory: Inventory) -> Choice:
    lacking = {spec.name: why for spec in inventory.boards.values() if (why := _lacks_firmware(spec))}
    specs = tuple(spec for spec in inventory.boards.values() if spec.name not in lacking)
    told = tuple(f"{name} is left out: {why}" for name, why in lacking.items())
    if not specs:
        raise UsageError(f"no board of {inventory.path.name} has its firmware: {'; '.join(told)}")
    return Choice(specs=specs, left_out=told)


def _some(inventory: Inventory, capabilities: Sequence[str], count: int) -> Choice:
    matching = inventory.select(capabilities=capabilities)
    lacking = {spec.name: why for spec in matching if (why := _lacks_firmware(spec))}
    able = [spec for spec in matching if spec.name not in lacking]
    words = " and ".join(capabilities)
    told = [f"{name} is left out: {why}" for name, why in lacking.items()]
    if len(able) < count:
        raise UsageError(
            f"{count} boards with {words} are asked for, and {inventory.path.name} has {len(able)}:"
            f" {', '.join(spec.name for spec in able) or 'none'}",
            hint="; ".join(told) or "ask for fewer, or add the board",
        )
    held = {spec.name: holder for spec in able if spec.probe and (holder := who_holds(spec.probe.uid)) is not None}
    free = [spec for spec in able if spec.name not in held]
    told += [f"{name} is held by process {who.pid} since {who.since}" for name, who in held.items()]
    if len(free) < count:
        raise LeaseFault(
            f"{count} boards with {words} are asked for, and {len(free)} of {len(able)} are free: {'; '.join(told)}",
            hint="wait for them; the lease ends with the process that holds it",
        )
    return Choice(specs=tuple(free[:count]), left_out=tuple(told))


def _lacks_firmware(spec: BoardSpec) -> str:
    missing = [path.name for path in spec.firmware.images.values() if not path.exists()]
    return f"its firmware is not there ({', '.join(missing)})" if missing else ""

"""Chooses the boards of a run: by name, all of them, or a number of free ones with some capabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from rig.coordinator import Place, address_of, list_places
from rig.errors import LeaseFault, UsageError
from rig.inventory import ALL_BOARDS, BoardSpec, Inventory
from rig.lease import who_holds

__all__ = ["Choice", "choose"]


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """The boards of a run; ``left_out``: boards that were not chosen, and why, in words."""

    specs: tuple[BoardSpec, ...]
    left_out: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the boards."""
        return tuple(spec.name for spec in self.specs)


def choose(
    inventory: Inventory, names: Sequence[str] = (), *, capabilities: Sequence[str] = (), count: int | None = None
) -> Choice:
    """The chosen boards; the default board if nothing is given.

    :param names: of boards; ``all``: every board of the file whose firmware exists.
    :param capabilities: choose ``count`` boards (default: 1) with all of these that nobody holds, in the order of the
        file.
    :raises UsageError: no such board, or fewer boards match than are asked for.
    :raises LeaseFault: enough boards match, but others hold too many of them.
    :raises EnvironmentFault: the coordinator of a place does not answer.
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
    held = _held(able)
    free = [spec for spec in able if spec.name not in held]
    told += held.values()
    if len(free) < count:
        raise LeaseFault(
            f"{count} boards with {words} are asked for, and {len(free)} of {len(able)} are free: {'; '.join(told)}",
            hint="wait for them; the lease ends with the process that holds it",
        )
    return Choice(specs=tuple(free[:count]), left_out=tuple(told))


def _held(specs: Sequence[BoardSpec]) -> dict[str, str]:
    """The boards that cannot be had now, and why, in words. A place that one board may take is none for the next."""
    held: dict[str, str] = {}
    known: dict[str, list[Place]] = {}
    taken: dict[tuple[str, str], str] = {}
    for spec in specs:
        if spec.place is not None:
            address = address_of(spec.place)
            if address not in known:
                known[address] = list_places(address)
            fitting = [place for place in known[address] if place.fits(spec.place)]
            free = next((place for place in fitting if place.free and (address, place.name) not in taken), None)
            if free is not None:
                taken[address, free.name] = spec.name
                continue
            words = [
                f"place {place.name} goes to {taken[address, place.name]}"
                if (address, place.name) in taken
                else str(place)
                for place in fitting
            ]
            held[spec.name] = f"{spec.name}: {'; '.join(words) or 'the coordinator has no such place'}"
        elif spec.probe is not None and (holder := who_holds(spec.probe.uid)) is not None:
            held[spec.name] = f"{spec.name} is held by process {holder.pid} since {holder.since}"
    return held


def _lacks_firmware(spec: BoardSpec) -> str:
    missing = [path.name for path in spec.firmware.images.values() if not path.exists()]
    return f"its firmware is not there ({', '.join(missing)})" if missing else ""

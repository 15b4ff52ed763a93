"""Chooses the options that a need asks for, and writes them into a colcon.meta."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import yaml

from rig.errors import UsageError
from rig.meta._expect import slot_bytes
from rig.meta._need import Need
from rig.meta._options import OPTIONS
from rig.meta._ram import ram_bytes, received_bytes, shm_bytes, streams_bytes
from rig.meta._read import Configuration

_MTU_STEP = 4
_LEAST_MTU = 512  # the Client's default: smaller ones do not hold the longest CREATE of rmw
_SMALL_MTU = 2048  # up to here a message gets a slot of its own


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A value with its reason.

    :ivar ram: static RAM that this value costs, in bytes on a 32-bit core; None if it costs none of its own.
    """

    name: str
    value: str
    why: str
    ram: int | None = None

    @property
    def package(self) -> str:
        """The package that reads the option."""
        return OPTIONS[self.name].package


def propose(need: Need, *, transport: str = "custom") -> list[Choice]:
    """The options with which a library does what the application needs, each with its reason and its RAM.

    :param transport: rmw's transport: custom, udp, tcp or serial.
    """
    overhead = _LEAST_MTU - slot_bytes(_blank(transport), reliable=need.reliable)
    mtu = max(_LEAST_MTU, -(-(need.message_bytes + overhead) // _MTU_STEP) * _MTU_STEP)
    slots = 4
    kept = max(1, need.readers_of_one * min(need.burst, need.depth) + need.services + need.clients)
    readers = max(1, need.readers_of_one)
    chosen = [
        Choice(
            name="UCLIENT_PROFILE_SHARED_MEMORY",
            value="ON" if need.shm else "OFF",
            why="the Client delivers to readers of the same application itself" if need.shm else "not wanted",
        )
    ]
    if need.shm:
        chosen += [
            Choice(
                name="UCLIENT_SHARED_MEMORY_MAX_ENTITIES",
                value=str(need.entities),
                why="two rows for a publisher or subscription (its topic and itself), one for a service or client; "
                "pairs are kept in a square of it",
                ram=shm_bytes(need.entities, 0),
            ),
            Choice(
                name="UCLIENT_SHARED_MEMORY_STATIC_MEM_SIZE",
                value=str(readers),
                why="one for each local reader of a sample; rcl_publish delivers before it returns, so a burst needs "
                "no more, unless a callback publishes",
                ram=shm_bytes(0, readers) - shm_bytes(0, 0),
            ),
        ]
    chosen += [
        Choice(name="RMW_UXRCE_TRANSPORT", value=transport, why="the way to the Agent"),
        Choice(
            name=f"UCLIENT_{transport.upper()}_TRANSPORT_MTU",
            value=str(mtu),
            why=f"a message of {need.message_bytes} bytes and {overhead} of headers lie in one slot"
            + (": a longer one is not delivered by shared memory" if need.shm else ""),
            ram=streams_bytes(mtu, slots, slots),
        ),
        Choice(name="RMW_UXRCE_STREAM_HISTORY", value=str(slots), why="slots of a stream; a power of two"),
        Choice(
            name="RMW_UXRCE_MAX_HISTORY",
            value=str(kept),
            why="one for each sample, request or reply that waits for an executor, of all subscriptions together",
            ram=kept * received_bytes(mtu, slots),
        ),
    ]
    chosen += [
        Choice(name=f"RMW_UXRCE_MAX_{what.upper()}", value=str(count), why=f"{what} of the application")
        for what, count in (
            ("nodes", need.nodes),
            ("publishers", need.publishers),
            ("subscriptions", need.subscriptions),
            ("services", need.services),
            ("clients", need.clients),
        )
    ]
    if transport == "custom":
        chosen += [
            Choice(name=f"UCLIENT_PROFILE_{each}", value="OFF", why="needs an operating system; not used")
            for each in ("UDP", "TCP", "SERIAL")
        ]
    return chosen


def _blank(transport: str) -> Configuration:
    return Configuration(
        values={name: each.default for name, each in OPTIONS.items()} | {"RMW_UXRCE_TRANSPORT": transport}
    )


def configuration_of(choices: list[Choice]) -> Configuration:
    """The configuration of a library that is built with these options."""
    given = {choice.name: choice.value for choice in choices}
    values = {name: each.default for name, each in OPTIONS.items()} | given
    return Configuration(values=values, given=frozenset(given))


def write_meta(choices: list[Choice], *, base: str = "") -> str:
    """The text of a colcon.meta with these options.

    :param base: text of an existing colcon.meta; its other packages and options are kept.
    :raises UsageError: ``base`` is no colcon.meta.
    """
    try:
        document: Any = yaml.safe_load(base) if base.strip() else {}
    except yaml.YAMLError as error:
        raise UsageError(f"the colcon.meta is neither JSON nor YAML: {' '.join(str(error).split())[:160]}") from None
    if not isinstance(document, dict) or not isinstance(document.setdefault("names", {}), dict):
        raise UsageError('the colcon.meta has no table "names"', hint='it looks like {"names": {PACKAGE: {...}}}')
    for choice in choices:
        entry = document["names"].setdefault(choice.package, {})
        arguments = entry.setdefault("cmake-args", [])
        arguments[:] = [
            each for each in arguments if not str(each).startswith((f"-D{choice.name}=", f"-D{choice.name}:"))
        ]
        arguments.append(f"-D{choice.name}={choice.value}")
    return json.dumps(document, indent=4) + "\n"


def cost(choices: list[Choice]) -> dict[str, int]:
    """Table -> its static RAM in a library built with these options, bytes on a 32-bit core."""
    return ram_bytes(configuration_of(choices))

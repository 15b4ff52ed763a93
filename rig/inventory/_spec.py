"""The records that describe a board, as ``boards.yaml`` has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, final

__all__ = [
    "BoardKind",
    "BoardSpec",
    "Expectation",
    "FirmwareSource",
    "HookSpec",
    "LinkSpec",
    "PlaceSpec",
    "PowerSpec",
    "ProbeSpec",
]

BoardKind = Literal["emulated", "probe", "native", "place"]


@final
@dataclass(frozen=True, kw_only=True)
class FirmwareSource:
    """Where the bench firmware comes from: a CMake preset or the folder of a port to build, or images by variant."""

    preset: str | None
    images: Mapping[str, Path]
    port: Path | None = None

    @property
    def built(self) -> bool:
        """Whether the rig builds it."""
        return self.preset is not None or self.port is not None

    def __str__(self) -> str:
        """In words."""
        if self.port is not None:
            return f"port {self.port}"
        return f"preset {self.preset}" if self.preset is not None else "finished images"


@final
@dataclass(frozen=True, kw_only=True)
class LinkSpec:
    """The XRCE link. ``device`` is the serial port of a real board; ``baud`` in bit/s, also paces emulated UARTs."""

    transport: Literal["serial", "udp4"]
    device: str | None
    baud: int


@final
@dataclass(frozen=True, kw_only=True)
class ProbeSpec:
    """The debug probe of a real board: its unique id, and the debug clock in Hz (None: pyOCD's default)."""

    uid: str
    frequency: int | None


@final
@dataclass(frozen=True, kw_only=True)
class PlaceSpec:
    """Which places of a labgrid coordinator will do: those with all ``tags``; the tag ``name`` is the place's name.
    ``coordinator``: ``HOST[:PORT]``, empty if the file does not say.
    """

    coordinator: str
    tags: Mapping[str, str]


@final
@dataclass(frozen=True, kw_only=True)
class PowerSpec:
    """How a real board is switched: words of the commands; ``seconds`` for each, ``settle`` seconds until it is up.

    ``resource``: in place of the commands, the power resource of a place; which commands switch it is known once a
    place is held.
    """

    on: tuple[str, ...]
    off: tuple[str, ...]
    seconds: float
    settle: float
    resource: str = ""


@final
@dataclass(frozen=True, kw_only=True)
class HookSpec:
    """Commands at points of a run, by name (``before_flash``, ``after_run``, ``on_fault``); ``seconds`` for each."""

    commands: Mapping[str, tuple[str, ...]]
    seconds: float


@final
@dataclass(frozen=True, kw_only=True)
class Expectation:
    """A verdict that is known and accepted on this board, with the reason and the last day (inclusive)."""

    claim: str
    verdict: Literal["confirmed", "refuted", "inconclusive", "not_run"]
    why: str
    until: date


@final
@dataclass(frozen=True, kw_only=True)
class BoardSpec:
    """One board of the inventory.

    ``target`` is pyOCD's name of the chip, None for ``native``; ``machine`` is QEMU's, None unless it plays the board;
    ``core`` is None if the file does not say; ``os`` is the operating system that its firmware runs on, ``none`` on
    bare metal; ``where`` is ``file:line`` for messages. A board of kind ``place`` has no probe and no device of its
    line until a place is held; then it is an ``emulated`` board, if it has a ``machine``, or a ``probe``.
    """

    name: str
    kind: BoardKind
    target: str | None
    machine: str | None
    core: str | None
    os: str
    capabilities: frozenset[str]
    firmware: FirmwareSource
    link: LinkSpec
    probe: ProbeSpec | None
    expect: Mapping[str, Expectation]
    where: str
    power: PowerSpec | None = None
    hooks: HookSpec | None = None
    place: PlaceSpec | None = None

"""The records that describe a board, as ``boards.yaml`` has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, final

__all__ = ["BoardKind", "BoardSpec", "Expectation", "FirmwareSource", "LinkSpec", "ProbeSpec"]

BoardKind = Literal["emulated", "probe", "native"]


@final
@dataclass(frozen=True, kw_only=True)
class FirmwareSource:
    """Where the bench firmware comes from: a CMake preset to build, or finished images by variant."""

    preset: str | None
    images: Mapping[str, Path]


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
class Expectation:
    """A verdict that is known and accepted on this board, with the reason, until a day (inclusive)."""

    claim: str
    verdict: Literal["confirmed", "refuted", "inconclusive", "not_run"]
    why: str
    until: date


@final
@dataclass(frozen=True, kw_only=True)
class BoardSpec:
    """One board of the inventory.

    ``target`` is pyOCD's name of the chip, None for ``native``; ``machine`` is QEMU's, None unless
    ``emulated``; ``core`` is None if the file does not say; ``os`` is the operating system that its firmware runs on,
    ``none`` on bare metal; ``where`` is ``file:line`` for messages.
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

"""The schema of ``boards.yaml``: which keys a board has, by kind, and which values they may have."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal, cast

from rig.errors import UsageError
from rig.inventory._machines import CORES, MACHINE_CORES, MACHINE_TARGETS
from rig.inventory._nodes import MapNode, ValueNode
from rig.inventory._spec import (
    BoardKind,
    BoardSpec,
    Expectation,
    FirmwareSource,
    HookSpec,
    LinkSpec,
    PlaceSpec,
    PowerSpec,
    ProbeSpec,
)
from rig.records import BARE_METAL, CLAIM_IDS, VARIANTS, Verdict

__all__ = ["ALL_BOARDS", "SCHEMA_VERSION", "read_boards"]

SCHEMA_VERSION = 1
ALL_BOARDS = "all"
"""In place of a board's name: every board. No board may be called so."""
_KINDS = ("emulated", "probe", "native", "place")
_COMMON_KEYS = ("kind", "capabilities", "firmware", "link", "expect", "hooks")
_HOOKS = ("before_flash", "after_run", "on_fault")
_KEYS = {
    "emulated": (*_COMMON_KEYS, "machine", "target", "os", "probe"),
    "probe": (*_COMMON_KEYS, "target", "core", "probe", "os", "power"),
    "native": _COMMON_KEYS,
    "place": (*_COMMON_KEYS, "place", "match", "machine", "target", "core", "os", "power"),
}
_VERDICTS = tuple(verdict.value for verdict in Verdict)
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_WORD = r"[a-z0-9][a-z0-9-]*"
_HOST_OS = "linux"  # as the posix port has it
_DEFAULT_BAUD = 115200
_HUB = r"[0-9]+-[0-9]+(\.[0-9]+)*"
_HOST_PORT = r"[A-Za-z0-9._-]+:[0-9]{1,5}"
_COORDINATOR = r"[A-Za-z0-9._-]+(:[0-9]{1,5})?"
_TAG_KEY, _TAG_VALUE = r"[a-z][a-z0-9_]+", r"[A-Za-z0-9._+-]+"
_REMOTE_PROBE = f"remote:{_HOST_PORT}"
_DEVICE = f"/.+|(rfc2217|socket)://{_HOST_PORT}"
_A_DEVICE = "an absolute path such as /dev/serial/by-id/..., or rfc2217://HOST:PORT or socket://HOST:PORT"


def read_boards(path: Path, document: MapNode) -> tuple[str, dict[str, BoardSpec]]:
    """Return the default board's name and all boards.

    :raises UsageError: names file, line, key, what was found and what was expected.
    """
    version = document.need("version", f"the schema version, {SCHEMA_VERSION}")
    if version.integer(0, 1 << 31, "schema versions") != SCHEMA_VERSION:
        raise version.wrong(f"{SCHEMA_VERSION}, the only schema version so far", hint="update the rig")
    document.only(("version", "default", "boards", "shelf"))
    coordinator = _shelf(document)
    boards: dict[str, BoardSpec] = {}
    held: dict[str, BoardSpec] = {}
    for name, value in document.need("boards", "a mapping of boards").mapping():
        boards[name] = _board(path, name, value.mapping(), coordinator)
        _claim_resources(value.mapping(), boards[name], held)
    if not boards:
        raise document.need("boards", "").wrong("at least one board")
    default = document.need("default", "the name of the board that a run takes if none is named")
    return default.choice(tuple(boards)), boards


def _claim_resources(node: MapNode, board: BoardSpec, held: dict[str, BoardSpec]) -> None:
    """Note what only one board can hold: its probe and its serial line, by whatever name the file gives it.

    Two names of one device, as below /dev/serial/by-id and /dev, are found where this host knows the device.
    """
    resources: list[tuple[ValueNode, str, str]] = []
    if board.probe is not None:
        uid = node.need("probe", "").mapping().need("uid", "")
        resources.append((uid, f"probe {board.probe.uid.casefold()}", "a unique id"))
    if board.link.device is not None:
        device = node.need("link", "").mapping().need("device", "")
        resources.append((device, f"device {_same_device(board.link.device)}", "a serial device"))
    for value, key, what in resources:
        other = held.setdefault(key, board)
        if other is not board:
            raise value.wrong(f"{what} of its own, but board {other.name!r} ({other.where}) has the same")


def _same_device(device: str) -> str:
    return device if "://" in device else os.path.realpath(device)


def _shelf(document: MapNode) -> str:
    """The address of the labgrid coordinator, or nothing."""
    value = document.get("shelf")
    if value is None:
        return ""
    shelf = value.mapping()
    shelf.only(("coordinator",))
    return shelf.need("coordinator", "HOST:PORT").text(_COORDINATOR, "HOST:PORT of a labgrid coordinator, quoted")


def _board(path: Path, name: str, node: MapNode, coordinator: str) -> BoardSpec:
    if not re.fullmatch(_NAME, name):
        raise UsageError(f"{node.where}: {node.key}: got board name {name!r}, expected letters, digits, '.', '_', '-'")
    if name == ALL_BOARDS:
        raise UsageError(f"{node.where}: {node.key}: {name!r} means every board", hint="call the board otherwise")
    kind = cast(BoardKind, node.need("kind", f"one of {', '.join(_KINDS)}").choice(_KINDS))
    node.only(_KEYS[kind])
    machine = _machine(node) if kind == "emulated" or (kind == "place" and "machine" in node) else None
    return BoardSpec(
        name=name,
        kind=kind,
        target=_target(node, kind, machine),
        machine=machine,
        core=_core(node, kind, machine),
        os=_os(node, kind),
        capabilities=_capabilities(node),
        firmware=_firmware(path, node),
        link=_link(node, kind),
        probe=_probe(node, kind),
        expect=_expectations(node),
        power=_power(node, kind),
        hooks=_hooks(node),
        place=_place(node, coordinator) if kind == "place" else None,
        where=node.where,
    )


def _place(node: MapNode, coordinator: str) -> PlaceSpec:
    name, match = node.get("place"), node.get("match")
    if (name is None) == (match is None):
        raise node.wrong("either place: NAME, or match: {TAG: VALUE, ...}, the tags of the places that will do")
    if name is not None:
        tags = {"name": name.text(_TAG_VALUE, "the name of a place, see: labgrid-client places")}
    else:
        assert match is not None
        tags = {
            key: value.text(_TAG_VALUE, "the value of a tag, quoted if it is a number")
            for key, value in match.mapping()
        }
        for key, value in match.mapping():
            if not re.fullmatch(_TAG_KEY, key):
                raise value.wrong(f"a tag in lower case such as board, not {key!r}")
        if not tags:
            raise match.wrong("at least one tag")
    return PlaceSpec(coordinator=coordinator, tags=MappingProxyType(tags))


def _machine(node: MapNode) -> str:
    return node.need("machine", "a QEMU machine").choice(tuple(MACHINE_CORES))


def _target(node: MapNode, kind: BoardKind, machine: str | None) -> str | None:
    if kind == "native":
        return None
    value = node.get("target")
    if value is not None:
        return value.text(_NAME, "a pyOCD target name, see: pyocd list --targets")
    if machine is not None:
        return MACHINE_TARGETS[machine]
    raise UsageError(f"{node.where}: {node.key}: key 'target' is missing, expected a pyOCD target name")


def _core(node: MapNode, kind: BoardKind, machine: str | None) -> str | None:
    if kind == "native":
        return "host"
    if machine is not None:
        return MACHINE_CORES[machine]
    value = node.get("core")
    return value.choice(CORES) if value else None


def _os(node: MapNode, kind: BoardKind) -> str:
    if kind == "native":
        return _HOST_OS
    value = node.get("os")
    return value.text(_WORD, "an operating system in lower case, such as nuttx") if value else BARE_METAL


def _capabilities(node: MapNode) -> frozenset[str]:
    value = node.get("capabilities")
    if value is None:
        return frozenset()
    return frozenset(item.text(_WORD, "a capability in lower case, such as shm") for item in value.items())


def _firmware(path: Path, node: MapNode) -> FirmwareSource:
    value = node.need("firmware", "{preset: NAME}, {port: FOLDER} or {shm: FILE, network: FILE}").mapping()
    value.only(("preset", "port", *VARIANTS))
    preset, port = value.get("preset"), value.get("port")
    images = {
        variant: path.parent / image.text(expected="the path of an ELF file")
        for variant in VARIANTS
        if (image := value.get(variant)) is not None
    }
    if [preset is not None, port is not None, bool(images)].count(True) != 1:
        raise value.wrong("either 'preset', or 'port', or images by variant (shm, network), not both and not neither")
    return FirmwareSource(
        preset=preset.text(_NAME, "a CMake preset of firmware/") if preset else None,
        port=(path.parent / port.text(expected="the folder of a port")).absolute() if port else None,
        images=MappingProxyType(images),
    )


def _link(node: MapNode, kind: BoardKind) -> LinkSpec:
    value = node.need("link", "{transport: serial} or {transport: udp4}").mapping()
    value.only(("transport", "device", "baud"))
    transport = value.need("transport", "serial or udp4").choice(("serial", "udp4"))
    device, baud = value.get("device"), value.get("baud")
    if kind != "native" and transport != "serial":
        raise value.need("transport", "").wrong("serial, the only link of a board so far")
    remote = kind == "emulated" and node.get("probe") is not None
    if kind == "place" and device is not None:
        raise device.wrong("no device: a place says itself where its line is")
    if kind == "emulated" and device is not None and not remote:
        raise device.wrong("no device: an emulated board gets a pseudo terminal of its own")
    if transport == "serial" and device is None and kind != "place" and (kind != "emulated" or remote):
        raise value.wrong("a 'device' too", hint="ls /dev/serial/by-id")
    if transport == "udp4" and device is not None:
        raise device.wrong("no device beside transport udp4")
    return LinkSpec(
        transport=cast('Literal["serial", "udp4"]', transport),
        device=device.text(_DEVICE, _A_DEVICE) if device else None,
        baud=baud.integer(300, 12_000_000, "bits per second") if baud else _DEFAULT_BAUD,
    )


def _probe(node: MapNode, kind: BoardKind) -> ProbeSpec | None:
    if kind in ("native", "place") or (kind == "emulated" and node.get("probe") is None):
        return None
    value = node.need("probe", "{uid: UNIQUE_ID}").mapping()
    uid = value.need("uid", "the unique id that pyocd list shows")
    named = uid.text(expected="the probe's unique id, quoted")
    if named.startswith("remote:") and not re.fullmatch(_REMOTE_PROBE, named):
        raise uid.wrong("remote:HOST:PORT of a probe server")
    if kind == "emulated" and not named.startswith("remote:"):
        raise uid.wrong("remote:HOST:PORT, where an emulated board of another host is served")
    value.only(("uid", "frequency"))
    frequency = value.get("frequency")
    return ProbeSpec(
        uid=named,
        frequency=frequency.integer(1000, 100_000_000, "Hz") if frequency else None,
    )


def _power(node: MapNode, kind: BoardKind) -> PowerSpec | None:
    value = node.get("power")
    if value is None:
        return None
    ways = value.mapping()
    ways.only(("uhubctl", "labgrid", "switch_on", "switch_off", "seconds", "settle"))
    hub, resource, seconds, settle = (ways.get(key) for key in ("uhubctl", "labgrid", "seconds", "settle"))
    commands = ways.get("switch_on") is not None or ways.get("switch_off") is not None
    if [hub is not None, resource is not None, commands].count(True) != 1:
        raise ways.wrong(
            "either uhubctl: {location: ..., port: ...}, or the commands switch_on: and switch_off:,"
            " or, for a place, labgrid: RESOURCE"
        )
    on: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    if hub is not None:
        place = hub.mapping()
        place.only(("location", "port"))
        location = place.need("location", "the hub, as uhubctl lists it").text(_HUB, "a hub such as 1-1.4, quoted")
        port = place.need("port", "the port of that hub").integer(1, 255, "ports")
        on, off = (("uhubctl", "-l", location, "-p", str(port), "-a", action) for action in ("on", "off"))
    elif commands:
        on, off = (
            _words(ways.need(f"switch_{way}", f"the command that switches the board {way}")) for way in ("on", "off")
        )
    elif resource is not None and kind != "place":
        raise resource.wrong("no labgrid: only a board of kind place has power resources of labgrid")
    return PowerSpec(
        on=on,
        off=off,
        seconds=seconds.integer(1, 3600, "seconds") if seconds else 30,
        settle=settle.integer(0, 3600, "seconds") if settle else 2,
        resource=resource.text(_TAG_VALUE, "the name of a power resource of the place") if resource else "",
    )


def _hooks(node: MapNode) -> HookSpec | None:
    value = node.get("hooks")
    if value is None:
        return None
    hooks = value.mapping()
    hooks.only((*_HOOKS, "seconds"))
    seconds = hooks.get("seconds")
    return HookSpec(
        commands=MappingProxyType({name: _words(each) for name in _HOOKS if (each := hooks.get(name)) is not None}),
        seconds=seconds.integer(1, 86400, "seconds") if seconds else 60,
    )


def _words(value: ValueNode) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(value.text(expected="a command")))
    except ValueError as error:
        raise value.wrong(f"a command whose quotes are closed ({error})") from error
    if not words:
        raise value.wrong("a command")
    return words


def _expectations(node: MapNode) -> Mapping[str, Expectation]:
    value = node.get("expect")
    if value is None:
        return MappingProxyType({})
    expected = value.mapping()
    expected.only(CLAIM_IDS)
    return MappingProxyType({claim: _expectation(claim, entry) for claim, entry in expected})


def _expectation(claim: str, entry: ValueNode) -> Expectation:
    fields = entry.mapping()
    fields.only(("verdict", "why", "until"))
    verdict = fields.need("verdict", f"one of {', '.join(_VERDICTS)}").choice(_VERDICTS)
    return Expectation(
        claim=claim,
        verdict=cast('Literal["confirmed", "refuted", "inconclusive", "not_run"]', verdict),
        why=fields.need("why", "the reason, in words").text(),
        until=fields.need("until", "the last day on which this is accepted").day(),
    )

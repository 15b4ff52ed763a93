"""Checks everything about one board that a run needs, and says how to mend what is wrong.

It leases the board and releases it again, and programs nothing. It builds images that the rig builds itself.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import final

from rig.board import open_board
from rig.coordinator import address_of, list_places
from rig.errors import RigError
from rig.inventory import BoardSpec
from rig.lease import who_holds
from rig.link import SerialTap, is_network_line
from rig.probe import REMOTE, FirmwareImage, belongs_on, knows_target, list_probes
from rig.records import VARIANTS
from rig.station._station import board_points, load_images

__all__ = ["Finding", "check_board"]


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing checked. ``mend``: the command that mends it, or empty; ``needed`` False: the rig works without it."""

    what: str
    found: str
    mend: str = ""
    needed: bool = True


def check_board(spec: BoardSpec) -> Iterator[Finding]:
    """Check one board part by part. A part that cannot be checked because an earlier one is wrong is left out."""
    yield Finding(what="entry", found=f"{spec.kind} board {spec.name}, {spec.where}")
    images: dict[str, FirmwareImage] = {}
    yield from _tried("firmware", lambda: _firmware(spec, images))
    if spec.kind == "emulated" and spec.probe is None:
        program = shutil.which("qemu-system-arm")
        found = "found" if program else "missing (it plays the board)"
        yield Finding(what="qemu-system-arm", found=found, mend="" if program else "apt-get install qemu-system-arm")
    if spec.target is not None:
        target = spec.target
        yield from _tried("target", lambda: _target(target))
    well = True
    for finding in _place(spec) if spec.place is not None else _probe(spec):
        well = well and not (finding.mend and finding.needed)
        yield finding
    if spec.place is None:
        yield from _tried("line", lambda: _line(spec))
    if well:
        yield from _tried("core", lambda: _core(spec, images))


def _tried(what: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except RigError as error:
        yield Finding(what=what, found=error.message, mend=error.hint or "see docs/shelf.md")


def _firmware(spec: BoardSpec, images: dict[str, FirmwareImage]) -> Iterator[Finding]:
    points = board_points(spec)
    if points:
        yield Finding(
            what=str(spec.firmware), found=f"{len(points)} open points", mend=f"rig build {spec.name} lists them"
        )
        return
    images |= load_images(spec)
    for variant in VARIANTS:
        image = images.get(variant)
        if image is None:
            yield Finding(
                what=f"firmware {variant}",
                found="none",
                mend=f"name it in boards.yaml; without it {_without(variant)}",
                needed=variant == VARIANTS[0],
            )
        else:
            yield Finding(what=f"firmware {variant}", found=f"{image.path.name}, for {image.core}, {image.digest[:19]}")


def _without(variant: str) -> str:
    return "nothing can be measured" if variant == VARIANTS[0] else "claims have no control"


def _target(target: str) -> Iterator[Finding]:
    known = knows_target(target)
    yield Finding(
        what="target",
        found=f"pyOCD knows {target}" if known else f"pyOCD knows no target {target!r}",
        mend="" if known else f"pyocd pack install {target}, or another name of pyocd list --targets",
    )


def _probe(spec: BoardSpec) -> Iterator[Finding]:
    if spec.probe is None:
        return
    uid = spec.probe.uid
    holder = who_holds(uid)
    if holder is not None:
        words = f"held by process {holder.pid} ({holder.command}) since {holder.since}"
        yield Finding(what=f"probe {uid}", found=words, mend=f"wait for it, or end it: kill {holder.pid}")
    elif uid.startswith(REMOTE):
        yield Finding(what=f"probe {uid}", found="of another host; the core below tells whether it answers")
    else:
        try:
            connected = {probe.uid: probe for probe in list_probes() if not probe.emulated}
        except RigError as error:
            yield Finding(what=f"probe {uid}", found=error.message, mend=error.hint)
            return
        probe = connected.get(uid)
        others = ", ".join(connected) or "none"
        yield Finding(
            what=f"probe {uid}",
            found=f"{probe.vendor} {probe.product}" if probe else f"not connected; connected: {others}",
            mend="" if probe else "plug it in, or correct the uid (rig boards find); rights: rig boards udev",
        )


def _place(spec: BoardSpec) -> Iterator[Finding]:
    """Whether one of the places that fit can be had now. Line and core of that one are looked at once it is held."""
    assert spec.place is not None
    address = address_of(spec.place)
    wanted = " ".join(f"{key}={value}" for key, value in spec.place.tags.items())
    try:
        places = list_places(address)
    except RigError as error:
        yield Finding(what=f"coordinator {address}", found=error.message, mend=error.hint)
        return
    yield Finding(what=f"coordinator {address}", found=f"answers; {len(places)} places")
    fitting = [place for place in places if place.fits(spec.place)]
    if not fitting:
        known = ", ".join(place.name for place in places) or "none"
        yield Finding(
            what=f"place {wanted}",
            found=f"no place has that; there are: {known}",
            mend="labgrid-client -p PLACE create, add-match, set-tags; docs/shelf.md",
        )
    usable = any(place.free for place in fitting)
    for place in fitting:
        wait = "wait for it" if place.holder or place.reserved else "labgrid-client resources; docs/shelf.md"
        mend = "" if place.free else wait
        yield Finding(what=f"place {wanted}", found=str(place), mend=mend, needed=not usable)


def _line(spec: BoardSpec) -> Iterator[Finding]:
    device = spec.link.device
    if device is None:
        what = "a pseudo terminal of its own" if spec.kind == "emulated" else f"{spec.link.transport} on loopback"
        yield Finding(what="line", found=what)
        return
    if not is_network_line(device):
        if not Path(device).exists():
            yield Finding(what=f"line {device}", found="not there", mend="plug the board in; ls -l /dev/serial/by-id")
            return
        if not os.access(device, os.R_OK | os.W_OK):
            yield Finding(
                what=f"line {device}", found="no permission", mend="sudo usermod -aG dialout $USER, log in anew"
            )
            return
    with SerialTap(device, line_rate=spec.link.baud):
        yield Finding(what=f"line {device}", found=f"there and free, {spec.link.baud} baud")


def _core(spec: BoardSpec, images: dict[str, FirmwareImage]) -> Iterator[Finding]:
    with open_board(spec) as board:
        if spec.place is not None:
            yield from _tried("line", lambda: _line(board.spec))
        identity = board.identity
        core = identity.core
        answers = f"{core} behind {identity.probe_product} {identity.probe_uid}" if identity.probe_uid else "this host"
        yield Finding(what="core", found=answers)
        for variant, image in images.items():
            if not belongs_on(image.architecture, core):
                yield Finding(
                    what=f"firmware {variant}",
                    found=f"is built for {image.core}, and the board has a {core}",
                    mend="name the right image in boards.yaml, or the right board",
                )

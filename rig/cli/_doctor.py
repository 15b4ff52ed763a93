"""``rig doctor``: what is missing on this machine, each finding with the command that mends it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import click
from rich.console import Console

from rig.agent import find_external
from rig.cli._common import OnceCommand, boards_option, json_option, print_json
from rig.errors import RigError
from rig.inventory import BoardSpec, Inventory
from rig.places import find_boards_file
from rig.probe import knows_target, list_probes
from rig.run import runs_directory
from rig.station import Finding, board_points, check_board

_PROGRAMS = {
    "qemu-system-arm": ("emulated boards", "qemu-system-arm"),
    "arm-none-eabi-gcc": ("firmware for Cortex-M boards", "gcc-arm-none-eabi"),
    "gcc": ("the native firmware", "gcc"),
    "cmake": ("building firmware", "cmake"),
    "ninja": ("building firmware", "ninja-build"),
}
_FREE_BYTES = 200 * 1024 * 1024


def findings(inventory_file: Path | None) -> Iterator[Finding]:
    """Check everything that a run needs."""
    yield Finding(what="Python", found=sys.version.split()[0])
    for program, (use, package) in _PROGRAMS.items():
        path = shutil.which(program)
        yield Finding(
            what=program,
            found="found" if path else f"missing ({use})",
            mend="" if path else f"apt-get install {package}",
        )
    plugins = {point.name for point in entry_points(group="pyocd.probe")}
    yield Finding(
        what="pyOCD plugin for emulated boards",
        found="registered" if "qemu" in plugins else "not registered",
        mend="" if "qemu" in plugins else "pip install -e . (or ./bootstrap)",
    )
    yield from _inventory(inventory_file)
    yield from _probes()
    external = find_external()
    yield Finding(
        what="external Agent",
        found=str(external.name) if external else "none on PATH (only --agent external needs one)",
        mend="" if external else "put MicroXRCEAgent or micro_ros_agent on PATH",
        needed=False,
    )
    free = shutil.disk_usage(_existing(runs_directory())).free
    yield Finding(
        what="space for results",
        found=f"{free // (1024 * 1024):,} MiB free",
        mend="" if free > _FREE_BYTES else f"free some space below {runs_directory()}",
    )


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path


def _inventory(inventory_file: Path | None) -> Iterator[Finding]:
    try:
        inventory = Inventory.load(find_boards_file(inventory_file))
    except RigError as error:
        yield Finding(what="boards.yaml", found=error.message, mend=error.hint or "mend the file")
        return
    yield Finding(what="boards.yaml", found=f"{len(inventory.boards)} boards, default {inventory.default}")
    for spec in inventory.boards.values():
        if spec.kind == "probe":
            yield from _real_board(spec)


def _real_board(spec: BoardSpec) -> Iterator[Finding]:
    """What a real board's entry names that is not to be had."""
    device = spec.link.device
    if device is not None and "://" in device:
        device = None  # of another host
    if device is not None and not Path(device).exists():
        yield Finding(
            what=f"{spec.name}: {device}", found="not there", mend="plug the board in; ls -l /dev/serial/by-id"
        )
    elif device is not None and not os.access(device, os.R_OK | os.W_OK):
        yield Finding(
            what=f"{spec.name}: {device}", found="no permission", mend="sudo usermod -aG dialout $USER, log in anew"
        )
    if spec.target is not None and not knows_target(spec.target):
        yield Finding(
            what=f"{spec.name}: target {spec.target}",
            found="not known to pyOCD",
            mend=f"pyocd pack install {spec.target}, or another name of pyocd list --targets",
        )
    points = board_points(spec)
    if points:
        yield Finding(
            what=f"{spec.name}: {spec.firmware}",
            found=f"{len(points)} open points",
            mend=f"rig build {spec.name} lists them",
        )


def _probes() -> Iterator[Finding]:
    try:
        probes = [probe for probe in list_probes() if not probe.emulated]
    except RigError as error:
        yield Finding(what="debug probes", found=error.message, mend=error.hint or "see pyocd list")
        return
    names = ", ".join(f"{probe.product} {probe.uid}" for probe in probes)
    yield Finding(what="debug probes", found=names or "no real one attached (emulated boards need none)")


@click.command("doctor", cls=OnceCommand)
@boards_option
@click.option(
    "--board", "name", metavar="NAME", help="Everything about this board: firmware, target, probe, line, core."
)
@json_option
def doctor_command(boards_file: Path | None, name: str | None, as_json: bool) -> int:
    """Say what is missing on this machine, and the command that mends it."""
    console = Console()
    missing = 0
    if name is None:
        found = findings(boards_file)
    else:
        (spec,) = Inventory.load(find_boards_file(boards_file)).select([name])
        found = check_board(spec)
    if as_json:
        found = iter(every := list(found))
        print_json({"findings": every, "to_mend": sum(bool(each.mend) and each.needed for each in every)})
        console = Console(quiet=True)
    for finding in found:
        bad = bool(finding.mend) and finding.needed
        missing += bad
        sign, style = ("x", "red") if bad else ("-", "yellow") if finding.mend else ("+", "green")
        console.print(f"[{style}]{sign}[/] {finding.what}: {finding.found}", highlight=False, soft_wrap=True)
        if finding.mend:
            console.print(f"    {finding.mend}", highlight=False, soft_wrap=True)
    console.print(
        f"everything that a run{f' of {name}' if name else ''} needs is here"
        if not missing
        else f"{missing} thing(s) to mend"
    )
    return 3 if missing else 0

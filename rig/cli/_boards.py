"""``rig boards``, ``rig build``, ``rig flash``."""

from __future__ import annotations

import time
from pathlib import Path

import click
from rich.text import Text

from rig.bench import build, build_port, open_points, port_of
from rig.cli._common import OnceCommand, OnceGroup, boards_option, json_option, print_json, short_path, terminal
from rig.coordinator import Place, address_of, list_places
from rig.errors import RigError, UsageError
from rig.inventory import BoardSpec, Inventory
from rig.lease import who_holds
from rig.places import find_boards_file
from rig.probe import Attached, FirmwareImage, list_probes, pair_up, serial_lines
from rig.probe.qemu import launch
from rig.publish import Column, Sheet
from rig.records import VARIANTS
from rig.station import flash_board


@click.group("boards", cls=OnceGroup, invoke_without_command=True)
@boards_option
@json_option
@click.pass_context
def boards_group(context: click.Context, boards_file: Path | None, as_json: bool) -> None:
    """List the boards, or run an emulated one (`rig boards up NAME`)."""
    context.obj = find_boards_file(boards_file)
    if context.invoked_subcommand is not None:
        return
    inventory = Inventory.load(context.obj)
    if as_json:
        boards = list(inventory.boards.values())
        print_json({"file": inventory.path, "default": inventory.default, "boards": boards})
        return
    places = _places(inventory)
    names = [Column(heading=name) for name in ("board", "kind", "target", "core", "link")]
    sheet = Sheet(columns=[*names, Column(heading="capabilities", wraps=True), Column(heading="held by", wraps=True)])
    for name, spec in inventory.boards.items():
        mark = " (default)" if name == inventory.default else ""
        link = f"{spec.link.transport} {spec.link.baud}" if spec.link.transport == "serial" else spec.link.transport
        words = (
            name + mark,
            spec.kind,
            spec.target or "-",
            spec.core or "-",
            link,
            " ".join(sorted(spec.capabilities)),
            _holder(spec, places),
        )
        sheet.add(*map(Text, words))
    terminal().print(sheet)


def _places(inventory: Inventory) -> dict[str, list[Place] | str]:
    """The places of each coordinator that a board comes from, or why they are not known."""
    found: dict[str, list[Place] | str] = {}
    for address in sorted({address_of(spec.place) for spec in inventory.boards.values() if spec.place is not None}):
        try:
            found[address] = list_places(address)
        except RigError as error:
            found[address] = f"not known: {error.message}"
    return found


def _holder(spec: BoardSpec, places: dict[str, list[Place] | str]) -> str:
    """Who holds a board since when, in words."""
    if spec.place is not None:
        wanted, known = spec.place, places[address_of(spec.place)]
        if isinstance(known, str):
            return known
        return "; ".join(str(place) for place in known if place.fits(wanted)) or "no such place"
    holder = who_holds(spec.probe.uid) if spec.probe is not None else None
    return f"process {holder.pid} since {holder.since}" if holder is not None else "-"


@boards_group.command("find")
def find_command() -> int:
    """List the probes and serial lines of this host, what seems to belong together, and the entries for boards.yaml.

    Opens none of them.
    """
    probes = [probe for probe in list_probes() if not probe.emulated]
    found = pair_up(probes, serial_lines())
    if not found:
        click.echo("no debug probe and no line below /dev/serial/by-id; rights to a probe: rig boards udev")
        return 0
    for number, each in enumerate(found, start=1):
        click.echo("".join(f"{line}\n" for line in _entry(number, each)), nl=False)
    return 0


def _entry(number: int, found: Attached) -> list[str]:
    """What was found, as a comment and an entry to fill in."""
    if found.probe is None:
        return [f"# {found.lines[0]}: a line without a probe"]
    probe = found.probe
    line = found.lines[0] if found.lines else "/dev/serial/by-id/..."
    sure = "of the same USB device" if found.sure else "guessed" if found.lines else "none was found"
    more = [f"    # or: {other}" for other in found.lines[1:]]
    target = probe.target or "TARGET"
    return [
        f"  board{number}:    # {probe.vendor} {probe.product}",
        "    kind: probe",
        f'    probe: {{uid: "{probe.uid}"}}',
        f"    target: {target}" + ("" if probe.target else "    # the probe does not say; see: pyocd list --targets"),
        "    firmware: {shm: SHM.elf, network: NETWORK.elf}",
        f"    link: {{transport: serial, device: {line}, baud: 115200}}    # {sure}",
        *more,
    ]


_UDEV = """\
# Debug probes for the user at this seat and for the group plugdev. Put this into
# /etc/udev/rules.d/60-debug-probes.rules, then: sudo udevadm control --reload && sudo udevadm trigger
# CMSIS-DAP, by the name that its specification demands in the product or interface string
SUBSYSTEM=="usb", ATTR{product}=="*CMSIS-DAP*", MODE="0660", GROUP="plugdev", TAG+="uaccess"
SUBSYSTEM=="hidraw", ATTRS{product}=="*CMSIS-DAP*", MODE="0660", GROUP="plugdev", TAG+="uaccess"
# SEGGER J-Link
SUBSYSTEM=="usb", ATTR{idVendor}=="1366", MODE="0660", GROUP="plugdev", TAG+="uaccess"
# ST-Link
SUBSYSTEM=="usb", ATTR{idVendor}=="0483", ATTR{idProduct}=="37[45]?", MODE="0660", GROUP="plugdev", TAG+="uaccess"
# Arm DAPLink (micro:bit and others)
SUBSYSTEM=="usb", ATTR{idVendor}=="0d28", MODE="0660", GROUP="plugdev", TAG+="uaccess"
SUBSYSTEM=="hidraw", ATTRS{idVendor}=="0d28", MODE="0660", GROUP="plugdev", TAG+="uaccess"
# Raspberry Pi Debug Probe and picoprobe
SUBSYSTEM=="usb", ATTR{idVendor}=="2e8a", MODE="0660", GROUP="plugdev", TAG+="uaccess"
"""


@boards_group.command("udev")
def udev_command() -> int:
    """Print udev rules that give users the right to debug probes."""
    click.echo(_UDEV, nl=False)
    return 0


@boards_group.command("up")
@click.argument("name")
@click.pass_obj
def up_command(inventory_file: Path, name: str) -> int:
    """Run an emulated board until Ctrl-C, for pyocd, gdb and other tools.

    It shows up in `pyocd list` like a board on a debug probe.
    """
    (spec,) = Inventory.load(inventory_file).select([name])
    if spec.kind != "emulated" or spec.machine is None:
        raise UsageError(f"{name} is a {spec.kind} board; only emulated ones are started by the rig")
    with launch(spec.machine, name=name) as machine:
        click.echo(f"{name} runs as probe {machine.uid}; its UART is {machine.uart}")
        click.echo(f"  pyocd load --uid {machine.uid} --target {spec.target} FIRMWARE.elf")
        click.echo(f"  pyocd gdbserver --uid {machine.uid} --target {spec.target}")
        click.echo("Ctrl-C ends it.")
        while machine.alive():
            time.sleep(0.5)
        click.secho(f"rig: {name} ended: {machine.exit_reason()}", fg="red", err=True)
        return 3


@click.command("build", cls=OnceCommand)
@boards_option
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
def build_command(names: tuple[str, ...], boards_file: Path | None) -> int:
    """Build the bench firmware. NAME: a board of boards.yaml, a CMake preset of firmware/, or the folder of a port.

    A port that is not finished is built as well, and what is to be filled in is listed.
    """
    for name in names:
        preset, port = _source(name, boards_file)
        for variant, path in (build_port(port) if port is not None else build(preset)).items():
            image = FirmwareImage.load(path)
            sizes = ", ".join(f"{section} {size}" for section, size in image.sections.items())
            click.echo(f"{name} {variant}: {sizes}  {image.digest[:19]}  {short_path(path)}")
        place = port or port_of(preset)
        for point in open_points(place) if place is not None else []:
            click.echo(f"{name} to fill in: {point}")
    return 0


def _source(name: str, boards_file: Path | None) -> tuple[str, Path | None]:
    """The preset that a name means, or the folder of a port."""
    if (Path(name) / "port.cmake").exists():
        return "", Path(name)
    boards = Inventory.load(find_boards_file(boards_file)).boards
    if name not in boards:
        return name, None
    source = boards[name].firmware
    if not source.built:
        raise UsageError(
            f"board {name} ({boards[name].where}) has finished images: the rig does not build them",
            hint="name a preset of firmware/CMakePresets.json, or a port's folder",
        )
    return source.preset or "", source.port


@click.command("flash", cls=OnceCommand)
@boards_option
@click.argument("board")
@click.argument("image", required=False, type=click.Path(path_type=Path))
@click.option("--variant", type=click.Choice(VARIANTS), default="shm", show_default=True, help="Which bench firmware.")
@click.option("--force", is_flag=True, help="Write even if the image is there already.")
def flash_command(board: str, image: Path | None, variant: str, force: bool, boards_file: Path | None) -> int:
    """Program a board and read it back. IMAGE: an ELF file; default: the board's bench firmware.

    An emulated board that runs (`rig boards up`) is used as it is; otherwise one is started for the check.
    """
    (spec,) = Inventory.load(find_boards_file(boards_file)).select([board])
    report = flash_board(spec, image, variant=variant, force=force)
    what = "was there already" if report.skipped else f"{report.bytes_written} bytes written"
    click.echo(f"{board}: {what}, read back and verified, {report.seconds:.2f} s, {report.digest[:19]}")
    return 0

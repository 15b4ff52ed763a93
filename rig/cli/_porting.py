"""``rig new-port``."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import click

from rig.bench import open_points
from rig.cli._common import OnceCommand, boards_option, short_path
from rig.errors import UsageError
from rig.inventory import CORES
from rig.places import checkout, firmware_root
from rig.porting import Memory, NewPort, new_port

_RANGE = re.compile(r"(0[xX][0-9a-fA-F]+|\d+):(0[xX][0-9a-fA-F]+|\d+)([kKmM]?)")
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20}
_LIKE_HINT = "name a chip whose memory pyOCD knows with --target, or both with --flash and --ram"


class _Range(click.ParamType[tuple[int, int]]):
    name = "start:length"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        found = _RANGE.fullmatch(str(value))
        if found is None or not int(found[2], 0):
            self.fail(f"got {value!r}, expected START:LENGTH such as 0x20000000:128K", param, ctx)
        return int(found[1], 0), int(found[2], 0) * _UNITS[found[3].lower()]


@click.command("new-port", cls=OnceCommand)
@boards_option
@click.argument("name")
@click.option("--core", type=click.Choice(CORES), help="The core of the chip; default: cortex-m4.")
@click.option("--target", help="pyOCD's name of the chip (pyocd list --targets).")
@click.option("--flash", type=_Range(), metavar="START:LENGTH", help="Flash of the chip, such as 0x08000000:512K.")
@click.option("--ram", type=_Range(), metavar="START:LENGTH", help="Its largest piece of RAM.")
@click.option("--like", default="", metavar="PORT", help="Begin with a copy of a port of the rig.")
@click.option(
    "--folder", type=click.Path(path_type=Path), help="Where the port goes; default: firmware/ports/NAME, or ./NAME."
)
def new_port_command(
    name: str,
    core: str | None,
    target: str | None,
    flash: tuple[int, int] | None,
    ram: tuple[int, int] | None,
    like: str,
    folder: Path | None,
    boards_file: Path | None,
) -> int:
    """Make a port for a board of your own: sources to fill in, and its entry in boards.yaml.

    In a checkout of the rig the port goes to firmware/ports/NAME, with a CMake preset; elsewhere to ./NAME, and the
    entry to ./boards.yaml. It builds at once; `rig build NAME` lists what is to be filled in. docs/porting.md has the
    rest.
    """
    sources = firmware_root()
    root = checkout()
    here = root if root is not None and Path.cwd().is_relative_to(root) else None
    if folder is None:
        folder = sources / "ports" / name if here is not None else Path.cwd() / name
    made = new_port(
        name,
        folder=folder.absolute(),
        boards_file=(boards_file or (here or Path.cwd()) / "boards.yaml").absolute(),
        firmware=sources,
        core=core or "cortex-m4",
        target=target or "cortex_m",
        memory=_memory(target, flash, ram),
        like=like,
    )
    _say(name, made)
    return 0


def _memory(target: str | None, flash: tuple[int, int] | None, ram: tuple[int, int] | None) -> Memory | None:
    """The memory map of the command line, completed by what pyOCD knows of the chip; None if neither says it."""
    from rig.probe import target_memory  # noqa: PLC0415 - pyOCD takes a while

    known = target_memory(target) if target and not (flash and ram) else None
    if known is not None:
        flash, ram = flash or known[0], ram or known[1]
    if (flash is None) != (ram is None):
        raise UsageError(f"{'--flash' if flash else '--ram'} without the other one", hint=_LIKE_HINT)
    return Memory(code=flash, ram=ram) if flash is not None and ram is not None else None


def _say(name: str, made: NewPort) -> None:
    for file in made.files:
        click.echo(f"  {short_path(file)}")
    points = open_points(made.folder)
    click.echo(f"{len(points)} point{'s' if len(points) != 1 else ''} to fill in:")
    for point in points:
        click.echo(textwrap.fill(point, 100, initial_indent="  ", subsequent_indent="      "))
    click.echo(f"Then in {short_path(made.boards_file)}: the probe's uid, the pyOCD target, the serial device.")
    option = "" if made.boards_file.name == "boards.yaml" else f" --boards {short_path(made.boards_file)}"
    click.echo(f"next: rig build {name}{option}   (it builds as it is)")

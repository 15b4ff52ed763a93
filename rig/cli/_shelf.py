"""``rig shelf``: boards of this host for rigs of others."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from pathlib import Path

import click

from rig.cli._common import OnceCommand, OnceGroup, boards_option
from rig.errors import BoardFault
from rig.inventory import Inventory
from rig.places import find_boards_file
from rig.run import choose
from rig.shelf import Exported, Shelf, boards_yaml, exporter_yaml, place_yaml


@click.group("shelf", cls=OnceGroup)
def shelf_group() -> None:
    """Share the boards of this host."""


@shelf_group.command("export", cls=OnceCommand)
@boards_option
@click.option("--board", "names", multiple=True, metavar="NAME", help="Board to share; several times, or all.")
@click.option("--lines", is_flag=True, help="Serve the serial lines too, by ser2net; --write does.")
@click.option("--write", type=click.Path(path_type=Path), metavar="FILE", help="labgrid's exporter configuration.")
def export_command(boards_file: Path | None, names: tuple[str, ...], lines: bool, write: Path | None) -> int:
    """Start a probe server for each board, on loopback, until Ctrl-C, and say how others use the boards."""
    choice = choose(Inventory.load(find_boards_file(boards_file)), names)
    specs = [spec for spec in choice.specs if spec.kind != "native"] or choice.specs
    with Shelf(specs, lines=lines or write is not None) as shelf:
        if write is not None:
            write.write_text(exporter_yaml(shelf.boards), encoding="utf-8")
            _tell_labgrid(shelf.boards, write)
        ports = [port for board in shelf.boards for port in (board.probe_port, board.line_port) if port is not None]
        forwards = " ".join(f"-L {port}:127.0.0.1:{port}" for port in ports)
        click.echo(f"on another host: ssh -N {forwards} {socket.gethostname()}")
        click.echo("and in its boards.yaml, below boards:")
        for board in shelf.boards:
            click.echo("".join(f"  {line}\n" for line in boards_yaml(board).splitlines()), nl=False)
        click.echo("Ctrl-C ends it.")
        while (ended := shelf.ended()) is None:
            time.sleep(0.5)
        raise BoardFault(ended, hint="is the board still there? start it again")


def _tell_labgrid(boards: Sequence[Exported], file: Path) -> None:
    """How the boards become places of a coordinator, and the entries of rigs that take them."""
    click.echo(f"labgrid-exporter --isolated -c COORDINATOR:PORT {file}")
    for board in boards:
        name = board.spec.name
        click.echo(
            f"labgrid-client -p {name} create && labgrid-client -p {name} add-match '*/{name}/*'"
            f" && labgrid-client -p {name} set-tags board={name}"
        )
    click.echo("and in boards.yaml of every host, below boards:")
    for board in boards:
        click.echo("".join(f"  {line}\n" for line in place_yaml(board).splitlines()), nl=False)

"""``rig meta``: the options of a micro-ROS library, written and checked before anybody builds or flashes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
from rich.table import Table
from rich.text import Text

from rig.cli._common import OnceCommand, OnceGroup, terminal
from rig.errors import ExitCode, UsageError
from rig.meta import (
    Configuration,
    Finding,
    Need,
    archive_symbols,
    check,
    contradictions,
    expect,
    propose,
    ram_bytes,
    read_headers,
    read_meta,
    write_meta,
)

_F = TypeVar("_F", bound=Callable[..., object])
_COUNT = click.IntRange(0, 1000)
_HEADERS = ("uxr/client/config.h", "rmw_microxrcedds_c/config.h")


def _need_options(command: _F) -> _F:
    """Add the numbers of an application."""
    for name, kind, default, text in reversed(
        (
            ("--nodes", click.IntRange(1, 1000), 1, "Nodes."),
            ("--publishers", _COUNT, 1, "Publishers."),
            ("--subscriptions", _COUNT, 1, "Subscriptions."),
            ("--services", _COUNT, 0, "Services."),
            ("--clients", _COUNT, 0, "Clients of services."),
            ("--message", click.IntRange(1, 60000), 256, "Longest message, serialised, bytes."),
            ("--burst", click.IntRange(1, 10000), 1, "Samples published before an executor takes any."),
            ("--depth", click.IntRange(1, 10000), 10, "KEEP_LAST depth of the subscriptions."),
        )
    ):
        command = click.option(name, type=kind, default=default, show_default=True, help=text)(command)
    command = click.option(
        "--readers", type=_COUNT, help="Own subscriptions that get one sample; default: all of them."
    )(command)
    command = click.option("--best-effort", is_flag=True, help="Publishers are best effort.")(command)
    return click.option("--no-shm", is_flag=True, help="Without shared memory.")(command)


def _need(given: dict[str, int | bool | None]) -> Need:
    whole = {name: value for name, value in given.items() if isinstance(value, int) and not isinstance(value, bool)}
    return Need(
        nodes=whole["nodes"],
        publishers=whole["publishers"],
        subscriptions=whole["subscriptions"],
        services=whole["services"],
        clients=whole["clients"],
        message_bytes=whole["message"],
        burst=whole["burst"],
        depth=whole["depth"],
        readers=whole.get("readers"),
        reliable=not given["best_effort"],
        shm=not given["no_shm"],
    )


@click.group("meta", cls=OnceGroup)
def meta_group() -> None:
    """Write and check the options with which a micro-ROS library is built (colcon.meta)."""


@meta_group.command("write", cls=OnceCommand)
@_need_options
@click.option(
    "--transport",
    type=click.Choice(("custom", "udp", "tcp", "serial")),
    default="custom",
    show_default=True,
    help="Of rmw.",
)
@click.option("--base", type=click.Path(path_type=Path), help="A colcon.meta whose other options are kept.")
@click.option("--out", type=click.Path(path_type=Path), help="Write it there; default: print it.")
def write_command(transport: str, base: Path | None, out: Path | None, **given: int | bool | None) -> int:
    """Choose the options for an application, each with its reason and its RAM.

    Without --out the file is printed to standard output and the reasons to standard error.
    """
    choices = propose(_need(given), transport=transport)
    text = write_meta(choices, base=_text(base) if base else "")
    table = Table(box=None, pad_edge=False)
    for heading in ("option", "value", "RAM", "why"):
        table.add_column(heading, justify="right" if heading == "RAM" else "left", overflow="fold")
    for choice in choices:
        cost = "" if choice.ram is None else str(choice.ram)
        table.add_row(choice.name, choice.value, cost, Text(choice.why))
    console = terminal()
    console.stderr = out is None
    console.print(table)
    console.print("RAM: bytes on a 32-bit core")
    if out is None:
        click.echo(text, nl=False)
        return ExitCode.DONE
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{out}: cannot be written: {error.strerror}", hint="name another file with --out") from None
    click.echo(f"written: {out}")
    return ExitCode.DONE


@meta_group.command("check", cls=OnceCommand)
@click.argument("path", type=click.Path(path_type=Path))
@_need_options
def check_command(path: Path, **given: int | bool | None) -> int:
    """Say what fails with a configuration. PATH: a colcon.meta, or the folder of a built library (with include/).

    Exit code 2: something fails.
    """
    need = _need(given)
    configuration, found = _configuration(path)
    found += check(configuration, need)
    console = terminal()
    for finding in found:
        value = f"={finding.value}" if finding.value else ""
        console.print(Text(f"{finding.option}{value}", style="red"))
        console.print(Text(f"  {finding.what}"))
        if finding.needs:
            console.print(Text(f"  needs {finding.needs}"))
    for line in _summary(configuration, need, found):
        console.print(Text(line))
    return ExitCode.USAGE if found else ExitCode.DONE


def _summary(configuration: Configuration, need: Need, found: list[Finding]) -> list[str]:
    expected = expect(configuration, need)
    ram = ram_bytes(configuration)
    tables = ", ".join(f"{name} {size}" for name, size in ram.items())
    perhaps = "depends on what is free in the stream"
    local = perhaps if expected.local is None else f"{expected.local}"
    taken = perhaps if expected.taken is None else f"{expected.taken}"
    return [
        f"a burst of {need.burst} to {need.readers_of_one} readers: by shared memory {local}, "
        f"taken by the executor {taken}",
        f"static RAM on a 32-bit core: {sum(ram.values())} bytes ({tables})",
        f"{len(found)} things fail" if found else "nothing fails",
    ]


def _configuration(path: Path) -> tuple[Configuration, list[Finding]]:
    """Read it, and what of it contradicts itself."""
    if not path.is_dir():
        return read_meta(_text(path)), []
    root = path / "include" if (path / "include").is_dir() else path
    client, rmw = (_header(root, name) for name in _HEADERS)
    configuration = read_headers(client, rmw)
    archive = path / "libmicroros.a"
    if not archive.is_file():
        return configuration, []
    try:
        symbols = archive_symbols(archive.read_bytes())
    except OSError as error:
        raise UsageError(
            f"{archive}: cannot be read: {error.strerror}", hint="name the folder of a library that you may read"
        ) from None
    return configuration, contradictions(configuration, symbols)


def _header(root: Path, name: str) -> str:
    """A header lies in include/ itself or one folder below, by how the library was put together."""
    places = sorted({*root.glob(name), *root.glob(f"*/{name}")})
    if not places:
        raise UsageError(
            f"{root}: no {name} in it", hint="name the folder that has a library's include/, or a colcon.meta"
        )
    texts = {_text(place) for place in places}
    if len(texts) > 1:
        where = ", ".join(str(place.relative_to(root)) for place in places)
        raise UsageError(
            f"{root}: {name} is there more than once, and differs: {where}", hint="build into an empty folder"
        )
    return texts.pop()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        words = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UsageError(
            f"{path}: cannot be read: {words}",
            hint="name a colcon.meta, or the folder of a built library (it has include/); rig meta write makes a "
            "colcon.meta",
        ) from None

"""``rig agent``: the built-in Agent by hand, with the option names of MicroXRCEAgent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import click

from rig.agent import DISCOVERY_PORT, LogLevel, run_agent
from rig.cli._common import OnceCommand, OnceGroup
from rig.cli._ending import until_interrupted
from rig.errors import UsageError
from rig.traffic import DecodedLine, decode_file, since_first, watch_link, wireshark_dissector


def _serve(
    kind: str,
    *,
    middleware: str,
    refs: Path | None,
    discovery: int | None,
    verbose: int,
    port: int | None = None,
    devices: Sequence[str] = (),
    baud: int = 115200,
) -> int:
    """Run an Agent until Ctrl-C."""
    with until_interrupted() as ended:
        return run_agent(
            kind,
            ended=ended,
            port=port,
            devices=devices,
            baud=baud,
            personality=middleware,
            refs=refs,
            discovery=discovery,
            verbose=verbose,
        )


_Command = TypeVar("_Command", bound=Callable[..., object])


def _common(command: _Command) -> _Command:
    """Add what every transport takes; ``-v`` and ``-d`` may stand without a value, as for MicroXRCEAgent."""
    options = (
        click.option(
            "-m",
            "--middleware",
            default="rig",
            show_default=True,
            help="What it behaves like: rig; ced or dds as MicroXRCEAgent with that middleware.",
        ),
        click.option("-r", "--refs", type=click.Path(path_type=Path), metavar="FILE", help="XML profiles for REF."),
        click.option(
            "-d",
            "--discovery",
            is_flag=False,
            flag_value=DISCOVERY_PORT,
            type=click.IntRange(1, 65535),
            metavar="[PORT]",
            help=f"udp4: also answer discovery, on port {DISCOVERY_PORT} or this one.",
        ),
        click.option(
            "-v",
            "--verbose",
            is_flag=False,
            flag_value=int(LogLevel.INFO),
            type=click.IntRange(0, 6),
            default=int(LogLevel.INFO),
            show_default=True,
            metavar="[LEVEL]",
            help="0 silent, 3 warnings, 4 sessions and objects, 5 also what is ignored, 6 every message.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


_PORT = click.option(
    "-p", "--port", type=click.IntRange(0, 65535), required=True, help="Port on loopback; 0: any free."
)
_BAUD = click.option("-b", "--baudrate", type=click.IntRange(min=1), default=115200, show_default=True)
_FILE = click.option(
    "-f", "--file", "listing", type=click.Path(path_type=Path), help="File that names the device, one a line."
)


def _devices(given: str | None, listing: Path | None, option: str) -> tuple[str, ...]:
    """Devices from the command line or from a file, one or the other."""
    if (given is None) == (listing is None):
        raise click.UsageError(f"either {option} or --file")
    if listing is None:
        return tuple((given or "").replace(",", " ").split())
    try:
        return tuple(listing.read_text(encoding="utf-8", errors="replace").split())
    except OSError as error:
        raise UsageError(
            f"cannot read {listing}: {error.strerror}", hint="give a text file with one device a line"
        ) from error


@click.group("agent", cls=OnceGroup)
def agent_group() -> None:
    """Run the built-in DDS-XRCE Agent until Ctrl-C.

    The options are those of MicroXRCEAgent. It listens on this machine only.
    """


@agent_group.command("udp4")
@_PORT
@_common
def udp4_command(port: int, middleware: str, refs: Path | None, discovery: int | None, verbose: int) -> int:
    """Serve Clients over UDP/IPv4."""
    return _serve("udp4", port=port, middleware=middleware, refs=refs, discovery=discovery, verbose=verbose)


@agent_group.command("tcp4")
@_PORT
@_common
def tcp4_command(port: int, middleware: str, refs: Path | None, discovery: int | None, verbose: int) -> int:
    """Serve Clients over TCP/IPv4."""
    return _serve("tcp4", port=port, middleware=middleware, refs=refs, discovery=discovery, verbose=verbose)


@agent_group.command("serial")
@click.option("-D", "--dev", "device", help="Serial device, such as /dev/ttyACM0 or a pty; it may come later.")
@_FILE
@_BAUD
@_common
def serial_command(
    device: str | None,
    listing: Path | None,
    baudrate: int,
    middleware: str,
    refs: Path | None,
    discovery: int | None,
    verbose: int,
) -> int:
    """Serve one Client on a serial line."""
    return _serve(
        "serial",
        devices=_devices(device, listing, "--dev"),
        baud=baudrate,
        middleware=middleware,
        refs=refs,
        discovery=discovery,
        verbose=verbose,
    )


@agent_group.command("multiserial")
@click.option(
    "-D", "--devs", "devices", multiple=True, help="Serial devices, by spaces or commas; may be given several times."
)
@_FILE
@_BAUD
@_common
def multiserial_command(
    devices: tuple[str, ...],
    listing: Path | None,
    baudrate: int,
    middleware: str,
    refs: Path | None,
    discovery: int | None,
    verbose: int,
) -> int:
    """Serve one Client on each of several serial lines; a device that is not there yet is waited for."""
    return _serve(
        "multiserial",
        devices=_devices(" ".join(devices) or None, listing, "--devs"),
        baud=baudrate,
        middleware=middleware,
        refs=refs,
        discovery=discovery,
        verbose=verbose,
    )


@click.command("decode", cls=OnceCommand)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("-f", "--follow", is_flag=True, help="FILE still grows, as link.pcapng of a run does: say what comes.")
@click.option("--live", "link", metavar="LINK", help="Tap udp4:PORT or serial:DEVICE instead of reading a FILE.")
@click.option(
    "-p",
    "--agent-port",
    type=click.IntRange(1, 65535),
    help="Where the Agent listens: needed by --live udp4; of a capture, only this port.",
)
@click.option("-b", "--baudrate", type=click.IntRange(min=1), default=115200, show_default=True, help="--live serial.")
@click.option("-w", "--write", type=click.Path(path_type=Path), help="--live: capture to a pcapng file as well.")
@click.option("-r", "--relative", is_flag=True, help="Times from the first message on, not of the clock.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def decode_command(
    file: Path | None,
    follow: bool,
    link: str | None,
    agent_port: int | None,
    baudrate: int,
    write: Path | None,
    relative: bool,
    as_json: bool,
) -> int:
    """Decode the DDS-XRCE traffic in FILE to text: a transcript (.jsonl), a capture, a raw serial log, or the log of
    MicroXRCEAgent or micro_ros_agent at -v6.

    One line a submessage: -> to the Agent, <- to the Client, -- not known. Repeated messages are marked, fragments
    are joined, and unreadable messages are reported and skipped. Captures may be pcapng or pcap, by the rig,
    Wireshark or tcpdump, with DDS-XRCE over UDP or TCP.

    \b
    Traffic while it happens, until Ctrl-C:
      tcpdump -i lo -U -w - | rig decode - -p 8888      what crosses an interface, of the Agent's port
      rig decode -f reports/runs/ID/link.pcapng         a run in progress
      rig decode --live udp4:8889 -p 8888               the board sends to port 8889, the Agent listens on 8888
      rig decode --live serial:/dev/ttyACM0 -b 115200   says on which pty the Agent finds the line
    """
    if (file is None) == (link is None):
        raise click.UsageError("either a FILE or --live LINK")
    if follow and link is not None:
        raise click.UsageError("--follow is for a FILE; --live follows by itself")

    def note(text: str) -> None:
        click.echo(f"rig decode: {text}", err=True)

    def say(lines: Iterator[DecodedLine]) -> None:
        for line in since_first(lines) if relative else lines:
            click.echo(json.dumps(line.as_json()) if as_json else str(line))

    if file is not None and not follow:
        say(decode_file(file, agent_port=agent_port))
        return 0
    with until_interrupted() as ended:
        if file is not None:
            say(decode_file(file, follow=ended, agent_port=agent_port))
        elif link is not None:
            say(watch_link(link, ended=ended, note=note, agent_port=agent_port, baud=baudrate, capture=write))
    return 0


@click.command("dissector", cls=OnceCommand)
def dissector_command() -> int:
    """Write a DDS-XRCE dissector for Wireshark and tshark (Lua) to the standard output.

    \b
      rig dissector > ~/.local/lib/wireshark/plugins/xrce.lua
      tshark -X lua_script:xrce.lua -r reports/runs/ID/link.pcapng

    It reads UDP and TCP on the Agent's port (8888, a preference), any conversation that begins with a login, and the
    serial frames of the rig's captures.
    """
    click.echo(wireshark_dissector(), nl=False)
    return 0

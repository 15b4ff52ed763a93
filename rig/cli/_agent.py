"""``rig agent``: the built-in Agent by hand, with the option names of MicroXRCEAgent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from rig.agent import DecodedLine, decode_file, run_agent, until_interrupted, watch_link

_VERBOSE = click.option(
    "-v", "--verbose", type=click.IntRange(0, 6), default=4, show_default=True, help="0 silent ... 6 every message."
)


@click.group("agent")
def agent_group() -> None:
    """Run the built-in DDS-XRCE Agent until Ctrl-C."""


@agent_group.command("udp4")
@click.option("-p", "--port", type=click.IntRange(0, 65535), required=True, help="UDP port on loopback; 0: any free.")
@_VERBOSE
def udp4_command(port: int, verbose: int) -> int:
    """Serve Clients over UDP/IPv4."""
    return run_agent("udp4", port=port, verbose=verbose)


@agent_group.command("tcp4")
@click.option("-p", "--port", type=click.IntRange(0, 65535), required=True, help="TCP port on loopback; 0: any free.")
@_VERBOSE
def tcp4_command(port: int, verbose: int) -> int:
    """Serve Clients over TCP/IPv4."""
    return run_agent("tcp4", port=port, verbose=verbose)


@agent_group.command("serial")
@click.option("-D", "--dev", "device", required=True, help="Serial device, such as /dev/ttyACM0 or a pty.")
@click.option("-b", "--baudrate", type=click.IntRange(min=1), default=115200, show_default=True)
@_VERBOSE
def serial_command(device: str, baudrate: int, verbose: int) -> int:
    """Serve one Client on a serial line."""
    return run_agent("serial", devices=(device,), baud=baudrate, verbose=verbose)


@agent_group.command("multiserial")
@click.option("-D", "--devs", "devices", required=True, help="Serial devices, separated by spaces or commas.")
@click.option("-b", "--baudrate", type=click.IntRange(min=1), default=115200, show_default=True)
@_VERBOSE
def multiserial_command(devices: str, baudrate: int, verbose: int) -> int:
    """Serve one Client on each of several serial lines."""
    return run_agent("multiserial", devices=tuple(devices.replace(",", " ").split()), baud=baudrate, verbose=verbose)


@click.command("decode")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("-f", "--follow", is_flag=True, help="FILE still grows, as link.pcapng of a run does: say what comes.")
@click.option("--live", "link", metavar="LINK", help="Tap udp4:PORT or serial:DEVICE instead of reading a FILE.")
@click.option("-p", "--agent-port", type=click.IntRange(1, 65535), help="--live udp4: where the Agent listens.")
@click.option("-b", "--baudrate", type=click.IntRange(min=1), default=115200, show_default=True, help="--live serial.")
@click.option("-w", "--write", type=click.Path(path_type=Path), help="--live: capture to a pcapng file as well.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def decode_command(
    file: Path | None,
    follow: bool,
    link: str | None,
    agent_port: int | None,
    baudrate: int,
    write: Path | None,
    as_json: bool,
) -> int:
    """Say in words what DDS-XRCE traffic is in FILE: a transcript (.jsonl), a pcapng capture or a raw serial log.

    One line a submessage; what cannot be read is said and passed over.

    \b
    Traffic while it happens, until Ctrl-C:
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
        for line in lines:
            click.echo(json.dumps(line.as_json()) if as_json else str(line))

    if file is not None and not follow:
        say(decode_file(file))
        return 0
    with until_interrupted() as ended:
        if file is not None:
            say(decode_file(file, follow=ended))
        elif link is not None:
            say(watch_link(link, ended=ended, note=note, agent_port=agent_port, baud=baudrate, capture=write))
    return 0

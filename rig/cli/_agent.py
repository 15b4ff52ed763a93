"""``rig agent``: the built-in Agent by hand, with the option names of MicroXRCEAgent."""

from __future__ import annotations

import json
from pathlib import Path

import click

from rig.agent import decode_file, run_agent

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
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def decode_command(file: Path, as_json: bool) -> int:
    """Say in words what DDS-XRCE traffic is in FILE: a transcript (.jsonl), a pcapng capture or a raw serial log.

    One line a submessage; what cannot be read is said and passed over.
    """
    for line in decode_file(file):
        click.echo(json.dumps(line.as_json()) if as_json else str(line))
    return 0

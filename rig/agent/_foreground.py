"""``rig agent``: an Agent in the foreground, until it is told to end.

Knows how to serve and to end; must not know command-line parsing, nor signals. Transports and levels go by
the names that users of MicroXRCEAgent know.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from rig.agent._discovery import DiscoveryTransport
from rig.agent._profile_file import load_profiles
from rig.agent._server import BuiltinAgent
from rig.agent._transports import SerialTransport, TcpTransport, Transport, UdpTransport
from rig.agent.builtin import CED, FASTDDS, RIG, LogLevel, Personality
from rig.errors import UsageError

PERSONALITIES: Mapping[str, Personality] = {RIG.name: RIG, CED.name: CED, FASTDDS.name: FASTDDS, "dds": FASTDDS}
"""By the names of middlewares that users of MicroXRCEAgent know, and ours."""

_CHECK_PERIOD = 0.5
_BUSY_POLL = 200e-6  # seconds; longer than a Client on this host takes from one message to its next


def transports_for(
    kind: str,
    *,
    port: int | None = None,
    devices: Sequence[str] = (),
    baud: int = 115200,
    host: str = "127.0.0.1",
) -> list[Transport]:
    """Make the transports that ``udp4``, ``tcp4``, ``serial`` or ``multiserial`` stand for.

    A device may appear later, when a board is plugged in. If a device exists and cannot be opened, ``serial`` ends with
    an error; ``multiserial`` tries it again and serves the others.

    :raises UsageError: an unknown kind, or what the kind needs is missing.
    """
    if kind in ("udp4", "tcp4"):
        if port is None or not 0 <= port <= 0xFFFF:
            raise UsageError(f"{kind} needs a port between 0 and 65535, not {port}", hint=f"rig agent {kind} -p 8888")
        return [UdpTransport(host, port) if kind == "udp4" else TcpTransport(host, port)]
    if kind in ("serial", "multiserial"):
        if not devices:
            option = "--dev" if kind == "serial" else "--devs"
            raise UsageError(f"{kind} needs a device", hint=f"rig agent {kind} {option} /dev/ttyUSB0 -b 115200")
        if kind == "serial" and len(devices) > 1:
            raise UsageError(f"serial serves one device, not {len(devices)}", hint="serve several with multiserial")
        twice = sorted({device for device in devices if devices.count(device) > 1})
        if twice:
            raise UsageError(f"{kind}: {', '.join(twice)} is given twice", hint="give every device once")
        return [SerialTransport(device, baud, wait=True, alone=kind == "serial") for device in devices]
    raise UsageError(f"no transport {kind!r}", hint="one of udp4, tcp4, serial, multiserial")


def run_agent(
    kind: str,
    *,
    ended: threading.Event,
    port: int | None = None,
    devices: Sequence[str] = (),
    baud: int = 115200,
    verbose: int = LogLevel.INFO,
    refs: Path | None = None,
    discovery: int | None = None,
    personality: str = "rig",
    out: TextIO | None = None,
) -> int:
    """Serve until ``ended`` is set, then end cleanly; returns the exit code 0.

    :param kind: ``udp4`` or ``tcp4`` with a ``port`` on loopback (0: any free), ``serial`` or ``multiserial``
        with ``devices`` at ``baud``.
    :param verbose: 0 off, 1 critical, 2 error, 3 warning, 4 info, 5 debug, 6 trace.
    :param refs: XML profiles for REF representations.
    :param discovery: also answer discovery on this multicast port (7400 by custom); ``udp4`` only.
    :param personality: a name in ``PERSONALITIES``, such as ``dds``.
    :param out: where log lines go instead of the standard error stream.
    :raises AgentFault: a port or device is in use, or the Agent broke.
    :raises EnvironmentFault: no such device. :raises UsageError: a bad option.
    """
    if not 0 <= verbose <= LogLevel.TRACE:
        raise UsageError(f"verbosity {verbose}", hint="-v takes 0 (off) to 6 (trace)")
    if personality not in PERSONALITIES:
        nearest = "; dds is nearest to rtps" if personality == "rtps" else ""
        raise UsageError(f"no middleware {personality!r} here", hint=f"-m takes rig, ced or dds{nearest}")
    transports = transports_for(kind, port=port, devices=devices, baud=baud)
    if discovery is not None:
        announced = [item for item in transports if isinstance(item, UdpTransport)]
        if not announced:
            raise UsageError(f"discovery announces UDP Agents, not {kind}", hint="use it with udp4")
        transports.append(DiscoveryTransport(announced, port=discovery))
    agent = BuiltinAgent(
        transports,
        log=out if out is not None else sys.stderr,
        level=verbose,
        personality=PERSONALITIES[personality],
        refs=load_profiles(refs) if refs is not None else None,
        busy_poll=_BUSY_POLL if (os.cpu_count() or 1) > 1 else 0.0,
    )
    with agent:
        while not ended.wait(_CHECK_PERIOD):
            agent.check()
        counted = agent.statistics
        agent.note(
            LogLevel.INFO,
            "ending",
            messages_in=counted.messages_in,
            messages_out=counted.messages_out,
            samples_in=counted.samples_in,
            samples_out=counted.samples_out,
        )
    return 0

"""What hangs on this host: probes beside the serial lines of the same USB device, as udev and the kernel name them.

Opens nothing: listing must not disturb a board that somebody uses.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from rig.probe._listing import ProbeIdentity

__all__ = ["Attached", "pair_up", "serial_lines"]

_BY_ID = Path("/dev/serial/by-id")


@final
@dataclass(frozen=True, kw_only=True)
class Attached:
    """One probe and the lines that seem to be its board's. ``sure``: the probe's unique id stands in their names."""

    probe: ProbeIdentity | None
    lines: tuple[str, ...]
    sure: bool


def serial_lines(directory: Path = _BY_ID) -> list[str]:
    """The serial lines by id, with their paths."""
    try:
        return sorted(str(line) for line in directory.iterdir())
    except OSError:
        return []


def pair_up(probes: Sequence[ProbeIdentity], lines: Sequence[str]) -> list[Attached]:
    """Each probe with its lines, then the lines that nobody claims.

    A debug probe with a serial port is one USB device with one serial number, which both show. Without that, one probe
    and one line that are left over are guessed to belong together.
    """
    left = list(lines)
    found: list[Attached] = []
    for probe in probes:
        own = tuple(line for line in left if _same(probe.uid, line))
        left = [line for line in left if line not in own]
        found.append(Attached(probe=probe, lines=own, sure=bool(own)))
    lonely = [each for each in found if not each.lines]
    if len(lonely) == 1 and len(left) == 1:
        at = found.index(lonely[0])
        found[at] = Attached(probe=lonely[0].probe, lines=(left.pop(),), sure=False)
    return [*found, *(Attached(probe=None, lines=(line,), sure=False) for line in left)]


def _same(uid: str, line: str) -> bool:
    """Whether a serial number stands in a line's name as a word of its own; leading zeros do not count."""
    wanted = uid.casefold().lstrip("0")
    words = re.split(r"[^0-9a-z]+", Path(line).name.casefold())
    return len(wanted) > 3 and any(word.lstrip("0") == wanted for word in words)

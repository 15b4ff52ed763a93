"""What an experiment is: a name, and a function from a ready board to measurements.

An experiment must not know its firmware, its board or its pass criterion. It yields each measurement at once, so that a
killed run keeps it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rig.bench import Capability
from rig.records import Measurement
from rig.station import Setting

READERS = (1, 2, 4, 8)


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A named measurement.

    ``network_needs_link``: the control needs an Agent. ``has_control``: it also runs on the firmware without shared
    memory. ``needs_agent``: it tests the Agent. ``needs``: capabilities that the middleware must have.
    """

    id: str
    title: str
    measure: Callable[[Setting], Iterator[Measurement]]
    network_needs_link: bool = True
    has_control: bool = True
    needs_agent: bool = False
    needs: Capability | None = None

    def missing(self, offered: Capability) -> str:
        """What a middleware with these capabilities lacks, in words; empty if nothing."""
        if self.needs is None or self.needs in offered:
            return ""
        return (self.needs.name or "").lower()

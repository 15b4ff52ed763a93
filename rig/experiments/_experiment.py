"""What an experiment is: a name, and a function from a ready board to measurements.

An experiment must not know its firmware, its board or its pass criterion. It yields each measurement as soon as it is
made, so that a run that dies keeps it.
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

    ``network_needs_link``: without an Agent the control has nothing to say. ``has_control``: it says something of the
    firmware without shared memory at all. ``needs_agent``: it is about the Agent. ``needs``: what the middleware must
    offer.
    """

    id: str
    title: str
    measure: Callable[[Setting], Iterator[Measurement]]
    network_needs_link: bool = True
    has_control: bool = True
    needs_agent: bool = False
    needs: Capability | None = None

    def missing(self, offered: Capability) -> str:
        """What a middleware that offers this lacks, in words; empty if nothing."""
        if self.needs is None or self.needs in offered:
            return ""
        return (self.needs.name or "").lower()

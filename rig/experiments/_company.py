"""What sequences want of the Agent behind a board's link: that it is restarted, and that others come and go there."""

from __future__ import annotations

from collections.abc import Sequence

from rig.station import Link, RemoteEnds


class AtTheAgent:
    """The Agent of a link, and a Client of the rig's own there. ``others``: it can have one.

    :param link: of the board, with an Agent of ours behind it.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._ends: RemoteEnds | None = None
        self.others = link.has_room_for_others

    def restart(self, *, tells: bool) -> None:
        """End the Agent and begin another; ``tells``: that tells who reads."""
        self.leave()
        self._link.restart_agent(reticent=not tells)

    def come(self, topic: tuple[str, str], *, writes: bool) -> None:
        """A reliable reader or writer comes."""
        if self._ends is None:
            self._ends = self._link.remote_ends()
        if self._ends is not None:
            self._ends.come(topic, writes=writes)

    def go(self, topic: tuple[str, str], *, writes: bool) -> None:
        """It goes."""
        if self._ends is not None:
            self._ends.go(topic, writes=writes)

    def publish(self, topic: tuple[str, str], samples: Sequence[bytes]) -> None:
        """The writer publishes."""
        if self._ends is not None:
            self._ends.publish(topic, samples)

    def leave(self) -> None:
        """Nobody is there any more."""
        if self._ends is not None:
            self._ends.close()
        self._ends = None


def company_of(link: Link | None) -> AtTheAgent | None:
    """The company of a board's link, if there is one with an Agent of ours: another one takes long to begin anew."""
    return AtTheAgent(link) if link is not None and link.ours else None

"""What sequences want of the Agent behind a board's link: that it is restarted, and that others come and go there."""

from __future__ import annotations

from collections.abc import Sequence

from rig.station import Link, RemoteEnds, Setting


class AtTheAgent:
    """The Agent of a board's link, and a Client of the rig's own there. ``others``: it can have one.

    :param setting: of a board that has a link, with an Agent of ours behind it. One that was renewed has another link.
    """

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._ends: RemoteEnds | None = None
        self.others = self._link.has_room_for_others

    @property
    def _link(self) -> Link:
        assert self._setting.link is not None
        return self._setting.link

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


def company_of(setting: Setting) -> AtTheAgent | None:
    """The company of a board, if it has a link with an Agent of ours: another one takes long to begin anew."""
    return AtTheAgent(setting) if setting.link is not None and setting.link.ours else None

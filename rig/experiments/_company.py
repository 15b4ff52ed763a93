"""Events at the Agent behind a board's link for the search: restarts, and readers and writers elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rig.bench import Bench
from rig.errors import RigError
from rig.search import Runner, Wreck
from rig.station import Link, RemoteEnds, Setting


class AtTheAgent:
    """The Agent of a board's link, and a Client of the rig's own at it. ``others``: whether the Agent serves such a
    Client.

    :param setting: of a board with a link and the rig's own Agent behind it. A renewed setting has another link.
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
        """Restart the Agent; ``tells``: the new one tells Clients who reads."""
        self.leave()
        self._link.restart_agent(reticent=not tells)

    def come(self, topic: tuple[str, str], *, writes: bool) -> None:
        """Create a reliable reader or writer."""
        if self._ends is None:
            self._ends = self._link.remote_ends()
        if self._ends is not None:
            self._ends.come(topic, writes=writes)

    def go(self, topic: tuple[str, str], *, writes: bool) -> None:
        """Delete a reader or writer."""
        if self._ends is not None:
            self._ends.go(topic, writes=writes)

    def publish(self, topic: tuple[str, str], samples: Sequence[bytes]) -> None:
        """The writer publishes."""
        if self._ends is not None:
            self._ends.publish(topic, samples)

    def leave(self) -> None:
        """Close the Client; its readers and writers are gone."""
        if self._ends is not None:
            self._ends.close()
        self._ends = None


def company_of(setting: Setting) -> AtTheAgent | None:
    """The ``Company`` of a board if its link has the rig's own Agent; another Agent takes too long to restart."""
    return AtTheAgent(setting) if setting.link is not None and setting.link.ours else None


def runner_of(
    setting: Setting, company: AtTheAgent | None, *, step: str, renew: Callable[[], Bench] | None = None
) -> Runner:
    """Runs sequences on a board, and keeps the evidence of firmware that dies.

    :param step: what is done meanwhile, in words, for the evidence. :param renew: in place of the setting's own.
    """

    def keep(error: RigError) -> Wreck | None:
        kept = setting.keep(error, step)
        return None if kept is None else Wreck(evidence=kept.name, place=kept.place, backtrace=kept.backtrace)

    return Runner(
        setting.bench,
        renew=renew if renew is not None else setting.renew,
        key=setting.next_key,
        link=setting.link is not None,
        company=company,
        keep=keep,
    )

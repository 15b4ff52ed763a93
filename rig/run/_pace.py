"""How long the rest of a run will take, from what the same steps took before.

An estimate for display only: nothing waits for it or ends by it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rig.errors import UsageError
from rig.records import read_events
from rig.run._plan import Key


class Pace:
    """Step durations of an earlier run and of this one so far, in seconds.

    :param journal: the event log of a former run; None, or one that cannot be read, leaves only this run's steps.
    :param quick: of this run; a former one of the other kind says nothing about it.
    """

    def __init__(self, journal: Path | None, *, quick: bool) -> None:
        self._before = durations(journal, quick=quick) if journal is not None else {}
        # Another board takes another time, but in about the same proportions.
        self._alike = {key[1:]: seconds for key, seconds in self._before.items()}
        self._now: dict[Key, float] = {}

    def took(self, key: Key, seconds: float) -> None:
        """A step is over."""
        self._now[key] = seconds

    def left(self, keys: Iterable[Key]) -> float | None:
        """Seconds that these steps will take together; None if nothing is known of any."""
        wanted = [(key, self._former(key)) for key in keys]
        both = [(now, former) for key, now in self._now.items() if (former := self._former(key)) is not None]
        former = sum(former for _, former in both)
        scale = sum(now for now, _ in both) / former if former else 1.0
        typical = list(self._now.values())
        known = [seconds for _, seconds in wanted if seconds is not None]
        if not known and not typical:
            return None
        unknown = len(wanted) - len(known)
        return scale * sum(known) + (unknown * sum(typical) / len(typical) if typical else 0.0)

    def _former(self, key: Key) -> float | None:
        return self._before.get(key, self._alike.get(key[1:]))


def durations(journal: Path, *, quick: bool | None = None) -> dict[Key, float]:
    """What each finished step of a run took, seconds; nothing of a journal that cannot be read.

    :param quick: nothing either of a run of the other kind.
    """
    found: dict[Key, float] = {}
    try:
        for event in read_events(journal):
            data = event.data
            if event.kind == "options" and quick is not None and bool(data["quick"]) != quick:
                return {}
            if event.kind == "finished":
                key = str(data["board"]), str(data["variant"]), str(data["experiment"])
                found[key] = float(str(data["took"]))
    except (OSError, UsageError, KeyError, ValueError):
        return {}  # an estimate is not worth an error
    return found

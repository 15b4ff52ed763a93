"""How long the rest of a run will take, from what the same steps took before.

An estimate for people to look at; nothing waits or ends by it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rig.errors import UsageError
from rig.records import read_events
from rig.run._plan import Key


class Pace:
    """Seconds by step: those of a former run, and those of this one as they come.

    :param journal: the event log of a former run; None, or one that cannot be read, leaves only this run's steps.
    :param quick: of this run; a former one of the other kind says nothing about it.
    """

    def __init__(self, journal: Path | None, *, quick: bool) -> None:
        self._before = _durations(journal, quick=quick) if journal is not None else {}
        self._now: dict[Key, float] = {}

    def took(self, key: Key, seconds: float) -> None:
        """A step is over."""
        self._now[key] = seconds

    def left(self, keys: Iterable[Key]) -> float | None:
        """Seconds that these steps will take together; None if nothing is known of any."""
        wanted = list(keys)
        known = [self._before[key] for key in wanted if key in self._before]
        both = [key for key in self._now if key in self._before]
        former = sum(self._before[key] for key in both)
        scale = sum(self._now[key] for key in both) / former if former else 1.0
        typical = list(self._now.values()) or list(self._before.values())
        if not known and not typical:
            return None
        unknown = len(wanted) - len(known)
        return scale * sum(known) + unknown * (sum(typical) / len(typical) if typical else 0.0)


def _durations(journal: Path, *, quick: bool) -> dict[Key, float]:
    found: dict[Key, float] = {}
    try:
        for event in read_events(journal):
            data = event.data
            if event.kind == "options" and bool(data["quick"]) != quick:
                return {}
            if event.kind == "finished":
                key = str(data["board"]), str(data["variant"]), str(data["experiment"])
                found[key] = float(str(data["took"]))
    except (OSError, UsageError, KeyError, ValueError):
        return {}  # an estimate is not worth an error
    return found

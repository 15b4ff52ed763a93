"""How long the rest of a run will take, from what the same steps took before.

An estimate for display only: nothing waits for it or ends by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path

from rig.errors import UsageError
from rig.records import read_events
from rig.run._plan import Key

_LOOK_BACK = 50
_TRUST = 0.25
"""How soon this run's own pace counts: as much as the former one once this share of the former time is over."""


class Pace:
    """Step durations of an earlier run and of this one so far, in seconds.

    :param journal: the event log of a former run; None, or one that cannot be read, leaves only this run's steps.
    :param quick: of this run; a former one of the other kind says nothing about it.
    :param fixed: seconds of experiments (by id) that take as long as they are told to, on any board.
    """

    def __init__(self, journal: Path | None, *, quick: bool, fixed: Mapping[str, float] | None = None) -> None:
        self._before = durations(journal, quick=quick) if journal is not None else {}
        # Another board takes another time, but in about the same proportions.
        self._alike = {key[1:]: seconds for key, seconds in self._before.items()}
        self._now: dict[Key, float] = {}
        self._fixed = dict(fixed or {})

    def took(self, key: Key, seconds: float) -> None:
        """A step is over."""
        self._now[key] = seconds

    def left(self, keys: Iterable[Key]) -> float | None:
        """Seconds that these steps will take together; None if nothing is known of any."""
        asked = list(keys)
        certain = sum(self._fixed.get(key[2], 0.0) for key in asked)
        wanted = [self._former(key) for key in asked if key[2] not in self._fixed]
        mine = {key: seconds for key, seconds in self._now.items() if key[2] not in self._fixed}
        both = [(now, former) for key, now in mine.items() if (former := self._former(key)) is not None]
        known = [seconds for seconds in wanted if seconds is not None]
        typical = list(mine.values())
        if not known and not typical:
            return certain or None
        # The first steps of a run are short: alone they would make the estimate jump.
        former = sum(former for _, former in both)
        trust = _TRUST * (former + sum(known))
        scale = (sum(now for now, _ in both) + trust) / (former + trust) if trust else 1.0
        unknown = (len(wanted) - len(known)) * sum(typical) / len(typical) if typical else 0.0
        return certain + scale * sum(known) + unknown

    def _former(self, key: Key) -> float | None:
        return self._before.get(key, self._alike.get(key[1:]))


def journal_like(runs: Path, *, boards: Sequence[str], quick: bool) -> Path | None:
    """The journal of the newest run that says most about one to come: of the same boards, or else of the same kind.

    :param runs: the directory of all runs.
    :param boards: as they are named for the run; none: the default one.
    """
    alike = None
    for directory in sorted(runs.glob("[0-9]*"), reverse=True)[:_LOOK_BACK]:
        options = _options(directory / "events.jsonl")
        if options is None or bool(options.get("quick")) != quick or options.get("claims"):
            continue
        if options.get("boards") == list(boards):
            return directory / "events.jsonl"
        alike = alike or directory / "events.jsonl"
    return alike


def _options(journal: Path) -> Mapping[str, object] | None:
    try:
        return next((event.data for event in islice(read_events(journal), 3) if event.kind == "options"), None)
    except (OSError, UsageError):
        return None


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

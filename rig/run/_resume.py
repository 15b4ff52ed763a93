"""Taking up a run again that was interrupted, killed, or struck by a fault: what it had finished is kept.

Figures of two firmwares or two Agents must not mix, so both have to be what they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rig.claims import CLAIMS
from rig.errors import Outcome, UsageError
from rig.records import Board, RunRecord, read_events, record_from_events
from rig.run._options import AGENT_KINDS, RunOptions
from rig.run._plan import Key


@dataclass(frozen=True, kw_only=True, slots=True)
class Unfinished:
    """What a run had when it ended early, and what it had been asked for."""

    options: RunOptions
    record: RunRecord
    finished: frozenset[Key]

    @property
    def boards(self) -> Mapping[str, Board]:
        """The boards as they were, by name."""
        return {board.name: board for board in self.record.boards}


def read_unfinished(directory: Path) -> Unfinished:
    """Read the event log of a run that is to be resumed; touches nothing.

    :raises UsageError: no run is there, it is complete, or its log does not say what it was asked for.
    """
    log = directory / "events.jsonl"
    if not log.is_file():
        raise UsageError(
            f"no run to resume at {directory}: it has no events.jsonl",
            hint="name a run's directory, as below reports/runs/",
        )
    record = record_from_events(log)
    if record.run.outcome is not None and Outcome.named(record.run.outcome).complete:
        raise UsageError(
            f"run {record.run.id} is complete ({record.run.outcome}): there is nothing to resume",
            hint="show it with rig report, or start a new run",
        )
    finished: set[Key] = set()
    asked: Mapping[str, object] = {}
    for event in read_events(log):
        if event.kind == "options":
            asked = event.data
        elif event.kind == "finished" and event.data["experiment"]:
            finished.add((str(event.data["board"]), str(event.data["variant"]), str(event.data["experiment"])))
    options = _options(asked, directory, record.run.command)
    return Unfinished(options=options, record=record, finished=frozenset(finished))


def _options(asked: Mapping[str, object], directory: Path, command: str) -> RunOptions:
    claims, boards, agent = asked.get("claims"), asked.get("boards"), asked.get("agent")
    if not isinstance(claims, list) or not isinstance(boards, list) or agent not in AGENT_KINDS:
        raise UsageError(
            f"{directory / 'events.jsonl'} does not say what the run was asked for", hint="start a new run"
        )
    return RunOptions(
        boards_file=Path(str(asked["boards_file"])),
        boards=tuple(str(name) for name in boards),
        claims=tuple(str(id) for id in claims if id in CLAIMS),
        agent=agent,  # type: ignore[arg-type]
        quick=bool(asked["quick"]),
        seed=_whole(asked.get("seed"), 1),
        jobs=_whole(asked.get("jobs"), 0),
        search_seconds=_seconds(asked.get("search_seconds")),
        directory=directory,
        command=command,
    )


def _whole(value: object, otherwise: int) -> int:
    return value if type(value) is int else otherwise


def _seconds(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def check_same(name: str, was: str, now: str) -> None:
    """Make sure that a part of the bench has not changed since the run began.

    :raises UsageError: it has.
    """
    if was != now:
        raise UsageError(
            f"{name} was {was} when the run began and is {now} now: figures of both must not mix",
            hint="put it back, or start a new run",
        )

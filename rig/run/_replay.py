"""Runs one sequence of calls again on one board, and shows the expected and the actual result of each call.

Knows how to bring up a board's bench, and the parts of the search. Must not know terminals.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from rig.errors import UsageError
from rig.experiments import company_of, runner_of
from rig.inventory import BoardSpec
from rig.model import Breach, Sequence, predict
from rig.search import Outcome, ToldCall, Wreck, told_calls
from rig.station import Station


@dataclass(frozen=True, kw_only=True, slots=True)
class Replayed:
    """What came of a sequence. ``lines``: each call with its expected and actual result in the run shown. ``broken``:
    how many of ``runs`` runs broke a promise. ``breach``: the breach in the run shown, at call number ``at``. ``place``
    and ``backtrace``: where the firmware stood, if it died.
    """

    lines: tuple[ToldCall, ...]
    breach: Breach | None
    at: int
    broken: int
    runs: int
    place: str = ""
    backtrace: tuple[str, ...] = ()


def replay(calls: Sequence, spec: BoardSpec, *, times: int) -> Replayed:
    """Run a sequence ``times`` times on a board; each time the middleware is started anew.

    :raises UsageError: the middleware on this board does not have what the sequence needs.
    """
    with (
        tempfile.TemporaryDirectory(prefix="rig-replay-") as directory,
        Station(spec, agent="builtin" if calls.link else "none", directory=Path(directory)) as station,
    ):
        setting = station.prepare("shm")
        if setting.link is not None:
            setting.link.restart_agent(reticent=True)
        runner = runner_of(setting, company_of(setting), step="a replay")
        if not runner.can_run(calls):
            raise UsageError(
                f"the middleware on board {spec.name} does not offer what this sequence needs",
                hint="its capabilities stand in results.json, below the firmware's configuration",
            )
        outcomes: list[Outcome] = []
        for _ in range(times):
            first = all(outcome.wreck is None for outcome in outcomes)
            outcomes.append(runner.run_one(calls, narrate=True, keep=first))
        limits = runner.limits
    lacking = next((o.unsupported or o.unjudged for o in outcomes if o.unsupported or o.unjudged), "")
    if lacking:
        raise UsageError(f"the middleware on board {spec.name} cannot be asked that: {lacking}")
    broken = [outcome for outcome in outcomes if outcome.breach is not None]
    told = broken[0] if broken else outcomes[0]
    wreck = told.wreck or Wreck()
    return Replayed(
        lines=told_calls(calls, expected=[(line.index, line.text) for line in predict(calls, limits)], came=told.came),
        breach=told.breach,
        at=told.breach.operation + 2 if told.breach is not None else 0,
        broken=len(broken),
        runs=times,
        place=wreck.place,
        backtrace=wreck.backtrace,
    )

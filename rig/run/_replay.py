"""One sequence of calls on one board again: what it must come to and what it comes to, call by call.

Knows how a board comes to its bench, and the search's parts. Must not know terminals.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from rig.errors import UsageError
from rig.experiments import company_of
from rig.inventory import BoardSpec
from rig.model import Breach, Sequence, predict
from rig.search import Runner, ToldCall, told_calls
from rig.station import Station


@dataclass(frozen=True, kw_only=True, slots=True)
class Replayed:
    """What came of a sequence. ``lines``: each call with what it must come to and what it came to in the run told;
    ``broken``: of ``runs`` so many broke a promise, ``breach`` in the run told, at call number ``at``.
    """

    lines: tuple[ToldCall, ...]
    breach: Breach | None
    at: int
    broken: int
    runs: int


def replay(calls: Sequence, spec: BoardSpec, *, times: int) -> Replayed:
    """Run a sequence on a board, ``times`` times, each from the middleware's start on.

    :raises UsageError: the middleware on this board does not have what the sequence needs.
    """
    with (
        tempfile.TemporaryDirectory(prefix="rig-replay-") as directory,
        Station(spec, agent="builtin" if calls.link else "none", directory=Path(directory)) as station,
    ):
        setting = station.prepare("shm")
        if setting.link is not None:
            setting.link.restart_agent(reticent=True)
        company = company_of(setting)
        runner = Runner(
            setting.bench, renew=setting.renew, key=setting.next_key, link=setting.link is not None, company=company
        )
        if not runner.can_run(calls):
            raise UsageError(
                f"the middleware on board {spec.name} does not offer what this sequence needs",
                hint="its capabilities stand in results.json, below the firmware's configuration",
            )
        outcomes = [runner.run_one(calls, narrate=True) for _ in range(times)]
        limits = runner.limits
    lacking = next((o.unsupported or o.unjudged for o in outcomes if o.unsupported or o.unjudged), "")
    if lacking:
        raise UsageError(f"the middleware on board {spec.name} cannot be asked that: {lacking}")
    broken = [outcome for outcome in outcomes if outcome.breach is not None]
    told = broken[0] if broken else outcomes[0]
    return Replayed(
        lines=told_calls(calls, expected=[(line.index, line.text) for line in predict(calls, limits)], came=told.came),
        breach=told.breach,
        at=told.breach.operation + 2 if told.breach is not None else 0,
        broken=len(broken),
        runs=times,
    )

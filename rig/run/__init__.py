"""One run of the rig: options, plan, execution, outcome.

Joins stations, experiments, claims and records. Must not know terminals, nor any file format but the event log.
"""

from rig.run._choose import Choice, choose
from rig.run._execute import execute, new_run_id, resume
from rig.run._observe import Observed, ObserveOptions, check_observe, execute_observe
from rig.run._options import (
    AGENT_KINDS,
    LARGEST_SEED,
    AgentKind,
    RunOptions,
    check_claims,
    check_directory,
    read_claims,
)
from rig.run._outcome import outcome
from rig.run._pace import journal_like
from rig.run._places import find_run, runs_directory
from rig.run._plan import Step, experiments_for, plan, plan_lines
from rig.run._recorder import Listener, Recorder
from rig.run._replay import Replayed, replay
from rig.run._resume import Unfinished, read_unfinished
from rig.run._shared import share_run

__all__ = [
    "AGENT_KINDS",
    "LARGEST_SEED",
    "AgentKind",
    "Choice",
    "Listener",
    "ObserveOptions",
    "Observed",
    "Recorder",
    "Replayed",
    "RunOptions",
    "Step",
    "Unfinished",
    "check_claims",
    "check_directory",
    "check_observe",
    "choose",
    "execute",
    "execute_observe",
    "experiments_for",
    "find_run",
    "journal_like",
    "new_run_id",
    "outcome",
    "plan",
    "plan_lines",
    "read_claims",
    "read_unfinished",
    "replay",
    "resume",
    "runs_directory",
    "share_run",
]

"""The same run again and again: no verdict may change, no claim be refuted, no exact figure differ.

With load on the host's processors or noise on the link, exact figures must still repeat. Under these, an undecided
claim is no error; a refuted one is.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace

from rig.claims import CLAIMS
from rig.history import exact_changes
from rig.lease import Scratch, end_child, spawn_bound
from rig.matrix._matrix import uninterrupted
from rig.records import RunRecord, Verdict
from rig.run import RunOptions, execute


@dataclass
class Soak:
    """What came out so far. ``verdicts``: claim -> how often each; the lists are in words.

    ``differing``: exact figures that are not those of ``first``, the first run.
    """

    runs: int = 0
    verdicts: dict[str, Counter[Verdict]] = field(default_factory=dict)
    refuted: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    exact: int = 0
    first: RunRecord | None = None

    @property
    def clean(self) -> bool:
        """Nothing was refuted and every exact figure repeated."""
        return not self.refuted and not self.differing

    def add(self, record: RunRecord) -> None:
        """Take in one run."""
        self.runs += 1
        for claim in record.claims:
            if CLAIMS[claim.id].experiment:
                self.verdicts.setdefault(claim.id, Counter())[claim.verdict] += 1
            if claim.verdict is Verdict.REFUTED:
                self.refuted.append(f"run {self.runs}: {claim.id}: {claim.reason}")
        self.faults += [
            f"run {self.runs}: {fault.blame} fault during {fault.step}: {fault.message}" for fault in record.faults
        ]
        self.exact = sum(1 for m in record.measurements if m.exact)
        if self.first is None:
            self.first = record
            return
        self.differing += [f"run {self.runs}: {c}" for c in exact_changes(self.first, record) if c.kind == "exact"]


def soak(options: RunOptions, *, runs: int, load: int = 0) -> Iterator[Soak]:
    """Make ``runs`` runs with these options, and yield what is known after each.

    :param options: their directory is not used: each run gets one that is removed.
    :param load: processes that keep the host's processors busy meanwhile.
    :raises UsageError: the options cannot be used.
    """
    found = Soak()
    with cpu_load(load):
        for number in range(1, runs + 1):
            with Scratch("soak") as scratch:
                record = execute(replace(options, directory=scratch.path), run_id=f"soak-{number}")
                found.add(uninterrupted(record))
            yield found


@contextmanager
def cpu_load(processes: int) -> Iterator[None]:
    """Keep this many processes computing for as long as the block lasts; they end with this process in any case."""
    with ExitStack() as stack:
        for _ in range(processes):
            child = spawn_bound([sys.executable, "-c", "while True: pass"], output=subprocess.DEVNULL)
            stack.callback(end_child, child)
        yield


def processors() -> int:
    """Processors of this host that this process may use."""
    return len(os.sched_getaffinity(0))

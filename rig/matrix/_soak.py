"""The same run again and again: no verdict may change, no claim be refuted, no exact figure differ.

Exact figures must repeat even with load on the host's processors or noise on the link. Then an undecided claim is no
error; a refuted one is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from rig.claims import CLAIMS
from rig.history import exact_changes
from rig.lease import Scratch, end_child, spawn_bound
from rig.matrix._matrix import uninterrupted
from rig.publish import publish
from rig.records import Metric, RunRecord, Verdict
from rig.run import LARGEST_SEED, RunOptions, check_directory, execute, new_run_id

_SEQUENCES = Metric.SEQUENCES_RUN.value


@dataclass
class Soak:
    """The results so far. ``verdicts``: claim -> how often it had each verdict; the lists are in words.

    ``differing``: exact figures that differ from those of ``first``, the first run. ``sequences``: that the searches
    ran. ``kept``: directories of the runs that showed something.
    """

    runs: int = 0
    verdicts: dict[str, Counter[Verdict]] = field(default_factory=dict)
    refuted: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    exact: int = 0
    sequences: int = 0
    kept: list[Path] = field(default_factory=list)
    first: RunRecord | None = None

    @property
    def seen(self) -> int:
        """How much there was to tell."""
        return len(self.refuted) + len(self.differing) + len(self.faults)

    @property
    def clean(self) -> bool:
        """Nothing was refuted and every exact figure repeated."""
        return not self.refuted and not self.differing

    def add(self, record: RunRecord) -> None:
        """Add one run."""
        self.runs += 1
        for claim in record.claims:
            if CLAIMS[claim.id].experiment:
                self.verdicts.setdefault(claim.id, Counter())[claim.verdict] += 1
            if claim.verdict is Verdict.REFUTED:
                self.refuted.append(f"run {self.runs}: {claim.id}: {claim.reason}")
        self.faults += [
            f"run {self.runs}: {fault.blame} fault during {fault.step}: {fault.message}" for fault in record.faults
        ]
        self.sequences += sum(int(m.samples[0]) for m in record.measurements if m.metric == _SEQUENCES and m.samples)
        self.exact = sum(1 for m in record.measurements if m.exact)
        if self.first is None:
            self.first = record
            return
        self.differing += [f"run {self.runs}: {c}" for c in exact_changes(self.first, record) if c.kind == "exact"]


def soak(options: RunOptions, *, runs: int, load: int = 0, keep: Path | None = None) -> Iterator[Soak]:
    """Make ``runs`` runs with these options, and yield the results after each. Each searches with the next seed, so
    that a long soak tries ever new sequences.

    :param options: their directory is not used: each run gets one that is removed.
    :param keep: where runs go that were refuted, had a fault, or differ; each gets a directory of its id.
    :param load: number of processes that keep the host's processors busy meanwhile.
    :raises UsageError: the options cannot be used.
    """
    found = Soak()
    with cpu_load(load):
        for number in range(1, runs + 1):
            with Scratch("soak") as scratch:
                seed = (options.seed + number - 1) % (LARGEST_SEED + 1)
                asked = replace(options, directory=check_directory(scratch.path / "run"), seed=seed)
                record = uninterrupted(execute(asked, run_id=new_run_id()))
                before = found.seen
                found.add(record)
                if keep is not None and found.seen > before:
                    found.kept.append(_kept(record, asked.directory, keep / record.run.id))
            yield found


def _kept(record: RunRecord, files: Path, directory: Path) -> Path:
    shutil.copytree(files, directory)
    publish(record, directory)
    return directory


@contextmanager
def cpu_load(processes: int) -> Iterator[None]:
    """Keep this many processes computing for as long as the block lasts; they end with this process in any case."""
    with ExitStack() as stack:
        for _ in range(processes):
            child = spawn_bound([sys.executable, "-c", "while True: pass"], output=subprocess.DEVNULL)
            stack.callback(end_child, child)
        yield


def processors() -> int:
    """Number of processors that this process may use."""
    return len(os.sched_getaffinity(0))

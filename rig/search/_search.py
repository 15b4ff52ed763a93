"""The search: sequences are drawn and run until the time is up; what breaks is confirmed, shrunk and told.

Knows how the parts fit together. Must not know which claim a finding counts against, nor a board's kind.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from random import Random

from rig.model import Breach, Elsewhere, Family, Promise, predict
from rig.model import Sequence as Calls
from rig.search._generate import generate
from rig.search._judge import Outcome
from rig.search._runner import Runner
from rig.search._shrink import drop_unused_topics, shrink

_BATCH = 8
_SHRINK_SECONDS = 6.0
_CONFIRMATIONS = 2  # runs of its own in which a breach must come again
_TIMED = {Family.LATE}  # what a busy host may bring about: must come again each time
_A_PROMISE_AT_MOST = 1  # findings of a promise and family; more of them are the same, mostly
_FINDINGS_AT_MOST = 12


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken promise and the shortest sequence found that breaks it.

    ``number``: of the sequence in the search that first showed it; ``calls_then``: operations it had.
    ``expected`` and ``came``: for each operation by its index, what the model wants and what was seen, in words.
    ``repeats``: of ``runs`` of the short sequence, in how many the promise was broken.
    """

    breach: Breach
    calls: Calls
    number: int
    calls_then: int
    expected: tuple[tuple[int, str], ...] = ()
    came: tuple[tuple[int, str], ...] = ()
    repeats: int = 0
    runs: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class Report:
    """What a search did. ``operations``: calls of all sequences; ``unsupported``: what the middleware does not have,
    and how often it was asked; ``passing``: breaches that did not come again.
    """

    seed: int
    sequences: int = 0
    operations: int = 0
    seconds: float = 0.0
    findings: list[Finding] = field(default_factory=list)
    unsupported: Counter[str] = field(default_factory=Counter)
    passing: list[str] = field(default_factory=list)
    unfinished: int = 0


class Search:
    """A search on one board.

    :param seed: of the generator; the same one draws the same sequences.
    """

    def __init__(self, runner: Runner, *, seed: int, rounds: int = 300) -> None:
        self._runner = runner
        self._random = Random(seed)
        self._ground = runner.ground(rounds=rounds)
        self._found: Counter[tuple[Promise, Family]] = Counter()
        self.report = Report(seed)

    def run(
        self, *, seconds: float, sequences: int | None = None, progress: Callable[[Report], None] = lambda _: None
    ) -> Report:
        """Search until the time is up, or so many sequences were run.

        :param seconds: for drawing and running; shrinking what was found takes its own time.
        """
        report = self.report
        begin = time.monotonic()
        spent = 0.0  # on shrinking
        while time.monotonic() - begin - spent < seconds and len(report.findings) < _FINDINGS_AT_MOST:
            many = _BATCH if sequences is None else min(_BATCH, sequences - report.sequences)
            if many <= 0:
                break
            drawn = [generate(self._random, self._ground) for _ in range(many)]
            for calls, outcome in self._run_all(drawn):
                report.sequences += 1
                report.operations += len(calls.operations)
                pause = time.monotonic()
                self._take(calls, outcome, pause - begin - spent)
                spent += time.monotonic() - pause
            progress(report)
        report.seconds = time.monotonic() - begin - spent
        return report

    def _run_all(self, drawn: Sequence[Calls]) -> list[tuple[Calls, Outcome]]:
        """Run a batch; those behind one that killed the firmware are run again."""
        done: list[tuple[Calls, Outcome]] = []
        while len(done) < len(drawn):
            came = list(self._runner.run(drawn[len(done) :]))
            if not came:
                break
            done += came
        return done

    def _take(self, calls: Calls, outcome: Outcome, seconds: float) -> None:
        report = self.report
        if outcome.unsupported:
            report.unsupported[outcome.unsupported.split(" of session")[0]] += 1
            return
        breach = outcome.breach
        if breach is None:
            report.unfinished += 0 if outcome.finished else 1
            return
        if self._found[breach.promise, breach.family] >= _A_PROMISE_AT_MOST:
            return
        if not self._comes_again(calls, breach.family):
            report.passing.append(f"{breach.promise}: {breach.seen}")
            return
        finding = self.finding(calls, breach, number=report.sequences, seconds=seconds)
        self._found[breach.promise, breach.family] += 1
        kind = (finding.breach.promise, finding.breach.family)
        if all((f.breach.promise, f.breach.family) != kind for f in report.findings):
            self._found[kind] += 1
            report.findings.append(finding)

    def _comes_again(self, calls: Calls, family: Family) -> bool:
        """Whether a breach is the middleware's and not a moment's. Contexts that meet by chance need not meet again."""
        tries = 6 if _races(calls) and family not in _TIMED else _CONFIRMATIONS
        needed = tries if family in _TIMED else 1 if _races(calls) else _CONFIRMATIONS
        return sum(self._fails(calls, family) for _ in range(tries)) >= needed

    def _fails(self, calls: Calls, family: Family) -> bool:
        breach = self._runner.run_one(calls).breach
        return breach is not None and breach.family is family

    def finding(self, calls: Calls, breach: Breach, *, number: int, seconds: float) -> Finding:
        """Shrink what was found, and tell it."""
        family = breach.family
        repeats = 3 if _races(calls) or family in _TIMED else 1

        def fails(candidates: Sequence[Calls]) -> int | None:
            for at, candidate in enumerate(candidates):
                came = [self._fails(candidate, family) for _ in islice(range(repeats), repeats)]
                if any(came) if family not in _TIMED else all(came):
                    return at
            return None

        def fails_at_once(candidates: Sequence[Calls]) -> int | None:
            for at, (_, outcome) in enumerate(self._runner.run(candidates)):
                if outcome.breach is not None and outcome.breach.family is family:
                    return at
            return None

        quick = repeats == 1 and family is not Family.DEAD
        deadline = time.monotonic() + _SHRINK_SECONDS * (1 if quick else 3)
        short = shrink(calls, fails_at_once if quick else fails, deadline=deadline)
        short = drop_unused_topics(short)
        outcome, came_again, runs = Outcome(), 0, 0
        for _ in range(5):
            runs += 1
            last = self._runner.run_one(short, narrate=True)
            if last.breach is not None and last.breach.family is family:
                came_again += 1
                outcome = last
        if outcome.breach is None:  # the short one lost it: the long one has it
            short, outcome = calls, self._runner.run_one(calls, narrate=True)
        expected = tuple((line.index, line.text) for line in predict(short, self._runner.limits))
        return Finding(
            breach=outcome.breach or breach,
            calls=short,
            number=number,
            calls_then=len(calls.operations),
            expected=expected,
            came=outcome.came,
            repeats=came_again,
            runs=runs,
            seconds=seconds,
        )


def _races(calls: Calls) -> bool:
    return any(isinstance(operation, Elsewhere) for operation in calls.operations)

"""The search: draws and runs sequences until the time is up; repeats, shrinks and describes those that break a promise.

Knows how the parts fit together. Must not know which claim a finding counts against, nor a board's kind.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from rig.model import Breach, Family, Promise, predict
from rig.model import Sequence as Calls
from rig.search._generate import generate
from rig.search._judge import Outcome, Wreck
from rig.search._runner import Runner
from rig.search._shrink import drop_unused_topics, shrink

_BATCH = 8
_SHRINK_SECONDS = 6.0
_CONFIRMATIONS = 2  # runs of its own in which a breach must come again, to count as one that always comes
_TRIES = 20  # runs in which one that does not always come must come again
_AT_A_TIME = 8  # tries a candidate gets where a breach does not always come
_TOLD = 5  # runs of the short sequence, at the least
_TIMED = {Family.LATE}  # what a busy host may bring about: must come again each time
_TIMED_CONFIRMATIONS, _TIMED_TRIES = 8, 4  # in a row: to count, and for a candidate when it is shrunk
_A_PROMISE_AT_MOST = 1  # findings of a promise and family; more of them are the same, mostly
_FINDINGS_AT_MOST = 12


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken promise and the shortest sequence found that breaks it.

    ``number``: number of the first sequence in the search that showed it; ``calls_then``: how many operations that one
    had. ``expected`` and ``came``: for each operation by its index, what the model expects and what happened, in words.
    ``repeats``: in how many of ``runs`` runs of the short sequence the promise was broken. ``wreck``: what the firmware
    left, if it died.
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
    wreck: Wreck | None = None


@dataclass(slots=True)
class Report:
    """The results of a search. ``operations``: number of calls in all sequences; ``unsupported``: call that the
    middleware does not have -> how often it was tried; ``passing``: breaches that did not repeat, without those that a
    busy host can cause; ``unjudged``: sequences that the model cannot check.
    """

    seed: int
    sequences: int = 0
    operations: int = 0
    seconds: float = 0.0
    findings: list[Finding] = field(default_factory=list)
    unsupported: Counter[str] = field(default_factory=Counter)
    passing: list[tuple[Promise, str]] = field(default_factory=list)
    unjudged: int = 0
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
        self._batch: list[Calls] = []
        self.report = Report(seed)

    def run(
        self, *, seconds: float, sequences: int | None = None, progress: Callable[[Report], None] = lambda _: None
    ) -> Report:
        """Search until the time is up, or until this many sequences were run.

        :param seconds: for drawing and running; shrinking takes further time.
        :raises RigError: the firmware died, and the same calls do not make it die again.
        """
        report = self.report
        begin = time.monotonic()
        spent = 0.0  # on shrinking
        while time.monotonic() - begin - spent < seconds and len(report.findings) < _FINDINGS_AT_MOST:
            many = _BATCH if sequences is None else min(_BATCH, sequences - report.sequences)
            if many <= 0:
                break
            drawn = [generate(self._random, self._ground) for _ in range(many)]
            self._batch = drawn
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
        if outcome.unjudged:
            report.unjudged += 1
            return
        if outcome.unsupported:
            report.unsupported[_kind(outcome.unsupported)] += 1
            return
        breach = outcome.breach
        if breach is None:
            report.unfinished += 0 if outcome.finished else 1
            return
        if self._found[breach.promise, breach.family] >= _A_PROMISE_AT_MOST:
            return
        tries = self._tries(calls, breach.family)
        if not tries:
            if breach.family in _TIMED:
                return
            if not self._comes_after_others(calls, breach.family):
                if outcome.died is not None and not report.findings:
                    raise outcome.died  # not by these calls: the board's own trouble, and no evidence
                report.passing.append((breach.promise, breach.seen))
                return
        finding = self.finding(calls, breach, tries=max(tries, 1), number=report.sequences, seconds=seconds)
        self._found[breach.promise, breach.family] += 1
        kind = (finding.breach.promise, finding.breach.family)
        if all((f.breach.promise, f.breach.family) != kind for f in report.findings):
            self._found[kind] += 1
            report.findings.append(finding)

    def _tries(self, calls: Calls, family: Family) -> int:
        """How many runs it takes to see a breach again: 1 if it always comes, 0 if it never comes again.

        Contexts that meet by chance need not meet each time, and a middleware may keep what outlives its start. What
        only takes too long must come each time: else it was the host.
        """
        times = _TIMED_CONFIRMATIONS if family in _TIMED else _CONFIRMATIONS
        if all(self._fails(calls, family) for _ in range(times)):
            return 1
        if family in _TIMED:
            return 0
        return _AT_A_TIME if any(self._fails(calls, family) for _ in range(_TRIES)) else 0

    def _comes_after_others(self, calls: Calls, family: Family) -> bool:
        """Whether a breach comes again when the sequences before it run first: memory may outlive a start."""
        for _ in range(_CONFIRMATIONS):
            for ran, outcome in self._run_all(self._batch):
                if ran is calls and outcome.breach is not None and outcome.breach.family is family:
                    return True
        return False

    def _fails(self, calls: Calls, family: Family) -> bool:
        breach = self._runner.run_one(calls).breach
        return breach is not None and breach.family is family

    def finding(self, calls: Calls, breach: Breach, *, tries: int, number: int, seconds: float) -> Finding:
        """Shrink a sequence that broke a promise, and describe it.

        :param tries: how many runs each candidate gets to show the breach.
        """
        family = breach.family
        must = family in _TIMED  # each time

        def again(candidate: Calls) -> bool:
            if must:
                return all(self._fails(candidate, family) for _ in range(_TIMED_TRIES))
            if family is Family.DEAD:
                return any(self._fails(candidate, family) for _ in range(tries))
            return at_once([candidate] * tries) is not None

        def one_by_one(candidates: Sequence[Calls]) -> int | None:
            return next((at for at, candidate in enumerate(candidates) if again(candidate)), None)

        def at_once(candidates: Sequence[Calls]) -> int | None:
            for at, (_, outcome) in enumerate(self._runner.run(candidates)):
                if outcome.breach is not None and outcome.breach.family is family:
                    return at
            return None

        plain = tries == 1 and not must and family is not Family.DEAD
        deadline = time.monotonic() + _SHRINK_SECONDS * (1 if plain else 3)
        short = drop_unused_topics(shrink(calls, at_once if plain else one_by_one, deadline=deadline))
        told, repeats, runs = self._told(short, family)
        if told is None:  # the short one lost it: the long one has it
            short = calls
            told, repeats, runs = self._told(short, family)
        told = told or Outcome(breach=breach)
        return Finding(
            breach=told.breach or breach,
            calls=short,
            number=number,
            calls_then=len(calls.operations),
            expected=tuple((line.index, line.text) for line in predict(short, self._runner.limits)),
            came=told.came,
            repeats=repeats,
            runs=runs,
            seconds=seconds,
            wreck=told.wreck,
        )

    def _told(self, calls: Calls, family: Family) -> tuple[Outcome | None, int, int]:
        """What comes of a sequence, in words, in a run that breaks the promise; in how many runs it does; and how many
        there were: more where it does not come soon.
        """
        broken: list[Outcome] = []
        runs = 0
        while runs < _TOLD or (not broken and runs < _TRIES):
            outcome = self._runner.run_one(calls, narrate=True, keep=family is Family.DEAD and not broken)
            runs += 1
            if outcome.breach is not None and outcome.breach.family is family:
                broken.append(outcome)
        return (broken[0] if broken else None), len(broken), runs


def _kind(call: str) -> str:
    """A call that the middleware does not have, without its numbers: what counts is the kind."""
    return " ".join(re.sub(r"\b(0x[0-9a-f]+|\d+)\b", "n", call).split())

"""Runs sequences on a board, many with one command, and has their entries checked.

Knows the bench and programs. Must not know how sequences are drawn, nor what a breach means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rig.bench import Bench, Called, Capability, Heard, Slow, Step
from rig.errors import BoardFault, FirmwareFault, RigError
from rig.model import (
    Breach,
    Elsewhere,
    Family,
    InCallback,
    Limits,
    Operation,
    Promise,
    Publish,
    Remote,
    Repeat,
    Sent,
    Spin,
)
from rig.model import Sequence as Calls
from rig.search._company import Company, act
from rig.search._generate import Ground
from rig.search._judge import Outcome, Wreck, judge
from rig.search._lower import Lowered, has_company, lower, needs

_SECONDS = 10.0  # for a program beside what its spins may sleep; one that takes longer hangs
_REPEATS_A_SECOND = 2000  # at the least, on the slowest board
_WORD_MASK = 0x00FFFFFF  # sample numbers stay below it, so that they do not wrap


class Runner:
    """Runs sequences on one board.

    :param renew: restarts the board after its firmware died, and returns its new bench.
    :param key: returns a client key that no session of this boot had before.
    :param link: there is an Agent that sequences may connect to.
    :param company: what can happen at the Agent; None: nothing.
    :param keep: keeps the evidence of firmware that died of this, while the board still stands as it was found.
    """

    def __init__(
        self,
        bench: Bench,
        *,
        renew: Callable[[], Bench],
        key: Callable[[], int],
        link: bool = False,
        company: Company | None = None,
        keep: Callable[[RigError], Wreck | None] = lambda _: None,
    ) -> None:
        self._keep = keep
        self._company = company
        self._failed: set[int] = set()  # steps that the company could not do
        self._bench = bench
        self._renew = renew
        self._key = key
        self._link = link
        self._first = 1
        self.limits = _limits(bench)
        self.loans = bench.has(Capability.LOAN)
        self.knows = bench.has(Capability.OFFLINE)
        self.tells_free = self._ask_whether_it_tells()

    def ground(self, **more: int) -> Ground:
        """What sequences on this board may use."""
        hello = self._bench.hello
        return Ground(
            hello.capabilities,
            hello.memory_bytes,
            self._bench.program_words,
            self.limits,
            link=self._link,
            company=self._link and self._company is not None,
            others=self._link and self._company is not None and self._company.others,
            **more,
        )

    def can_run(self, calls: Calls) -> bool:
        """Whether the middleware reports all capabilities that a sequence needs."""
        company = self._company
        at_the_agent = self._link and (not has_company(calls) or (company is not None and self._enough(calls)))
        return needs(calls) & ~self._bench.hello.capabilities == 0 and (at_the_agent or not calls.link)

    def _enough(self, calls: Calls) -> bool:
        others = any(isinstance(operation, Remote | Sent) for operation in calls.operations)
        return self._company is not None and (self._company.others or not others)

    def run(self, many: Sequence[Calls]) -> Iterator[tuple[Calls, Outcome]]:
        """Run sequences one after another and yield each outcome. If the firmware dies, that is a breach, and the board
        is restarted.
        """
        batch: list[Lowered] = []
        words = 0
        for calls in many:
            lowered = lower(calls, first=self._first, key=self._key, base=words)
            if batch and words + len(lowered.words) > self._bench.program_words:
                yield from self._run_batch(batch)
                batch, words = [], 0
                lowered = lower(calls, first=self._first, key=self._key)
            if len(lowered.words) > self._bench.program_words:
                continue
            self._first = (self._first + lowered.samples) & _WORD_MASK or 1
            batch.append(lowered)
            words += len(lowered.words)
        if batch:
            yield from self._run_batch(batch)

    def run_one(self, calls: Calls, *, narrate: bool = False, keep: bool = False) -> Outcome:
        """Run one sequence; ``narrate``: describe what happened in words, with samples counted from 1; ``keep``: the
        evidence, should the firmware die.
        """
        lowered = lower(calls, first=1 if narrate else self._first, key=self._key)
        if len(lowered.words) > self._bench.program_words:
            return Outcome(unjudged="its program is longer than the firmware has room for")
        self._first = (self._first + lowered.samples) & _WORD_MASK or 1
        try:
            records = self._run_program([lowered])
        except (FirmwareFault, BoardFault) as fault:
            return self._died(lowered, self._records_so_far(), fault, narrate=narrate, keep=keep)
        return self._judge(lowered, records, narrate=narrate)

    def _run_batch(self, batch: list[Lowered]) -> Iterator[tuple[Calls, Outcome]]:
        fault: RigError | None = None
        try:
            records = self._run_program(batch)
        except (FirmwareFault, BoardFault) as error:
            fault = error
            records = self._records_so_far()
        parts = list(_split(records))
        for lowered, part in zip(batch, parts, strict=False):
            if fault is not None and part is parts[-1]:
                yield lowered.calls, self._died(lowered, part, fault)
                return
            yield lowered.calls, self._judge(lowered, part)
        if fault is not None:
            self._bench = self._renew()

    def _run_program(self, batch: Sequence[Lowered]) -> list[Called | Heard]:
        words = [word for lowered in batch for word in lowered.words]
        company, self._failed = self._company, set()
        wanted = company is not None and any(has_company(lowered.calls) for lowered in batch)

        def at_the_agent(number: int) -> None:
            for lowered in batch:
                call = lowered.steps.get(number)
                if call is not None and company is not None:
                    try:
                        act(company, lowered.calls, call.numbered)
                    except RigError:
                        self._failed.add(number)

        return self._bench.run_program(words, timeout=_time_for(batch), on_hold=at_the_agent if wanted else None)

    def _records_so_far(self) -> list[Called | Heard]:
        return self._bench.program_so_far()

    def _judge(self, lowered: Lowered, records: Sequence[Called | Heard], *, narrate: bool = False) -> Outcome:
        if self._failed & lowered.steps.keys():
            return Outcome(unjudged="what it wants of the Agent could not be done")
        return judge(
            lowered,
            records,
            limits=self.limits,
            loans=self.loans,
            tells_free=self.tells_free,
            knows=self.knows,
            narrate=narrate,
        )

    def _died(
        self,
        lowered: Lowered,
        records: Sequence[Called | Heard],
        fault: RigError,
        *,
        narrate: bool = False,
        keep: bool = False,
    ) -> Outcome:
        """What came before may break a promise already; if not, not going on does. What is slow goes on."""
        outcome = self._judge(lowered, records, narrate=narrate)
        dead = outcome.breach is None and not isinstance(fault, Slow)
        wreck = self._keep(fault) if keep and dead else None
        self._bench = self._renew()
        if outcome.breach is not None:
            return outcome
        if isinstance(fault, Slow):
            return Outcome(unjudged=fault.message, came=outcome.came)
        breach = Breach(Promise.ALIVE, Family.DEAD, "the call returns", fault.message, _under_way(lowered, records))
        return Outcome(breach=breach, finished=False, died=fault, wreck=wreck, came=outcome.came)

    def _ask_whether_it_tells(self) -> bool:
        lowered = lower(Calls(2, 64, ()), first=1, key=self._key)
        records = self._bench.run_program(lowered.words, timeout=_SECONDS)
        last = records[-1]
        return isinstance(last, Called) and last.value[0] == 2


def _under_way(lowered: Lowered, records: Sequence[Called | Heard]) -> int:
    """Index of the operation that the firmware was in when it left no more: the one after the last that has returned.
    -1: the start; as many as there are operations: the spins after the last one.
    """
    if not records:
        return -1
    last = records[-1]
    known = lowered.steps.get(last.number)
    if known is not None:
        operation = known.numbered.operation
        wanted = operation.count if isinstance(operation, Publish | Spin) else 1
        returned = sum(isinstance(record, Called) and record.number == last.number for record in records)
        if isinstance(last, Heard) or returned < wanted:
            return known.numbered.index
    following = [number for number in lowered.steps if number > last.number]
    return lowered.steps[min(following)].numbered.index if following else len(lowered.calls.operations)


def _limits(bench: Bench) -> Limits:
    told = bench.configuration()
    known = Limits()

    def number(key: str, otherwise: int) -> int:
        value = told.get(key, otherwise)
        return value if isinstance(value, int) else otherwise

    return Limits(
        sessions=number("sessions", known.sessions),
        entities=number("entities", number("shm_entities", known.entities)),
        pairs=number("shm_pairs", known.pairs),
        names=number("names", known.names),
        name_bytes=number("name_bytes", known.name_bytes),
        endpoints=min(number("publishers", known.endpoints), number("subscriptions", known.endpoints)),
    )


def _split(records: Sequence[Called | Heard]) -> Iterator[list[Called | Heard]]:
    """The records of each sequence: each begins with a start."""
    part: list[Called | Heard] = []
    for record in records:
        if isinstance(record, Called) and record.step == Step.START and part:
            yield part
            part = []
        part.append(record)
    if part:
        yield part


def _time_for(batch: Sequence[Lowered]) -> float:
    seconds = _SECONDS + sum(lowered.calls.link for lowered in batch)
    for lowered in batch:
        seconds += sum(_seconds(operation) for operation in lowered.calls.operations)
    return seconds


def _seconds(operation: Operation) -> float:
    if isinstance(operation, Spin):
        return operation.timeout_ms * operation.count / 1000
    if isinstance(operation, Repeat):
        return operation.times / _REPEATS_A_SECOND
    if isinstance(operation, InCallback | Elsewhere):
        return sum(_seconds(inner) for inner in operation.operations)
    return 0.0

"""How many samples of one latency are taken, in what portions, and when there are enough.

On an exact clock the number is fixed, so that the figures repeat to the last digit. On any other clock, portions are
added until the intervals of p50 and p99 are narrow enough, or a cap is reached.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from rig.bench import Entry, Exchange, Status, Topology
from rig.records import interval
from rig.station import Setting

WARM_UP = 3
PRECISION: Mapping[float, float] = {0.50: 0.05, 0.99: 0.25}  # of a quantile: width of its interval, as a share of it
_GROUP = 6  # samples between two rests, for a middleware that the link holds up
_PATIENCE = 5
_FIRST_PORTION = 50
_FIRST_DELIVERIES = 100  # of a portion, where each sample is many: how slow it is, is not known yet
_PORTION = 1000
_ROW_SECONDS = 2.0
_PORTION_SECONDS = 15.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """What is exchanged: ``pending`` earlier samples wait at the readers when the measured one is published."""

    payload_bytes: int
    readers: int
    spin_ms: int
    pending: int = 0

    @property
    def burst(self) -> int:
        """Samples between two spins; the last one is measured."""
        return self.pending + 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """How many samples: at least ``floor``, at most ``cap``, and no new portion after ``seconds``."""

    floor: int
    cap: int
    seconds: float

    @property
    def fixed(self) -> bool:
        """Whether the number of samples is fixed."""
        return self.seconds == 0


@dataclass(kw_only=True)
class Gathered:
    """Latencies to the last reader and payload writes, in units of the clock, in the order in which they were made.

    ``own`` and ``returned``: least and greatest, as in an Exchange. ``first``: latencies of the first samples after the
    start; they are no part of the others.
    """

    latencies: list[int] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    serialisations: list[int] = field(default_factory=list)
    own: tuple[int, int] = (0, 0)
    returned: tuple[int, int] = (0, 0)
    settled: bool = False
    missing: str = ""

    def precision(self) -> dict[str, float]:
        """Width of the intervals reached, as a share of their quantile; without those that have no interval yet."""
        ordered = sorted(self.latencies)
        widths = {}
        for fraction in PRECISION:
            low, high = interval(ordered, fraction)
            if low is not None and high is not None:
                widths[f"p{fraction * 100:.0f}"] = round((high - low) / max(1, high), 4)
        return widths

    @property
    def precise(self) -> bool:
        """Whether every interval is narrow enough."""
        reached = self.precision()
        return all(reached.get(f"p{fraction * 100:.0f}", 1.0) <= width for fraction, width in PRECISION.items())


def plan(setting: Setting) -> Plan:
    """The plan: a fixed number on an exact clock, otherwise by precision; fewer samples over a slow link."""
    if setting.path == "agent":
        return Plan(floor=10, cap=400, seconds=0.3) if setting.quick else Plan(floor=30, cap=1000, seconds=6.0)
    if setting.bench.clock.name == "virtual":
        count = 50 if setting.quick else 200
        return Plan(floor=count, cap=count, seconds=0)
    return Plan(floor=1000, cap=1000, seconds=1.0) if setting.quick else Plan(floor=1000, cap=10_000, seconds=10.0)


def plan_of_row(setting: Setting) -> Plan:
    """A fixed number under each row of a covering array: there are many rows. On a clock that is not exact, fewer
    where they take too long.
    """
    exact = setting.bench.clock.name == "virtual"
    quick, full = (20, 50) if exact else (200, 500)
    count = quick if setting.quick else full
    return Plan(floor=count, cap=count, seconds=0 if exact else _ROW_SECONDS)


def gather(
    setting: Setting, topology: Topology, shape: Shape, *, wanted: Plan | None = None, started: bool = True
) -> Gathered:
    """Take the samples of one latency. If the middleware refuses to publish that fast, start again with rests in
    between.

    :param wanted: how many; None: as ``plan`` says.
    :param started: nothing was published since the start, so that the first samples are kept apart.
    """
    wanted = wanted or plan(setting)
    gathered = Gathered()
    apart = WARM_UP if started else 0
    end = time.monotonic() + wanted.seconds
    sequence = 1
    few = max(2, _FIRST_DELIVERIES // (shape.burst * shape.readers))
    portion = wanted.floor if wanted.fixed else min(wanted.floor, _FIRST_PORTION, few)
    while portion:
        first = not gathered.latencies
        begin = time.monotonic()
        seen = _exchange(setting, topology, shape, samples=portion + apart * first, first=sequence)
        if seen.refused and first and seen.status is Status.NO_BUFFER:
            return _with_rests(setting, topology, shape, sequence + (portion + apart) * shape.burst, wanted)
        sequence += (portion + apart * first) * shape.burst
        _keep(setting, gathered, shape, seen, apart=apart * first)
        if gathered.missing or wanted.fixed or (gathered.precise and len(gathered.latencies) >= wanted.floor):
            break
        # A slow one is asked less at once.
        most = max(1, int(portion * _PORTION_SECONDS / max(time.monotonic() - begin, 0.001)))
        portion = min(_PORTION, most, len(gathered.latencies), wanted.cap - len(gathered.latencies))
        if time.monotonic() > end:
            break
    return gathered


def _exchange(setting: Setting, topology: Topology, shape: Shape, *, samples: int, first: int) -> Exchange:
    return setting.bench.exchange(
        session=topology.session,
        writer=topology.writer,
        count=samples * shape.burst,
        length=shape.payload_bytes,
        readers=shape.readers,
        burst=shape.burst,
        first=first,
        spin_ms=shape.spin_ms,
        quiet=setting.path != "agent",
        deadline=3.0,
        timeout=60.0,
    )


def _keep(setting: Setting, gathered: Gathered, shape: Shape, seen: Exchange, *, apart: int) -> None:
    """Take over what one exchange gave, if every sample reached every reader; else say what is missing."""
    gathered.missing = seen.shortfall
    if gathered.missing:
        gathered.latencies.clear()
        return
    each = shape.burst * shape.readers
    entries = seen.deliveries
    latencies = setting.bench.latencies(seen)
    last = [_newest(latencies[at : at + each], entries[at : at + each]) for at in range(0, len(entries), each)]
    gathered.first += [latency for latency, _ in last[:apart]]
    gathered.latencies += [latency for latency, _ in last[apart:]]
    gathered.serialisations += setting.bench.serialisations([record for _, record in last[apart:]])
    gathered.own = _widened(gathered.own, seen.own)
    gathered.returned = _widened(gathered.returned, seen.returned)


def _widened(known: tuple[int, int], seen: tuple[int, int]) -> tuple[int, int]:
    return min(known[0] or seen[0], seen[0]), max(known[1], seen[1])


def _newest(latencies: list[int], entries: list[Entry]) -> tuple[int, Entry]:
    """The measured sample of a burst is the one published last; its latency is that to its last reader."""
    newest = max(record.sequence for record in entries)
    return [pair for pair in zip(latencies, entries, strict=True) if pair[1].sequence == newest][-1]


def _with_rests(setting: Setting, topology: Topology, shape: Shape, first: int, wanted: Plan) -> Gathered:
    """Few samples, one at a time, the link at rest before each group: it is not in the way of what is measured."""
    gathered = Gathered(settled=True)
    samples = 3 * _GROUP if setting.quick or not wanted.fixed else 8 * _GROUP
    for number in range(samples + WARM_UP):
        for _ in range(_PATIENCE):
            if number % _GROUP == 0 or shape.payload_bytes * shape.burst > setting.mtu:
                setting.settle()
            seen = _exchange(setting, topology, shape, samples=1, first=first)
            first += shape.burst
            if not seen.refused:
                break
            setting.settle()
        _keep(setting, gathered, shape, seen, apart=int(number < WARM_UP))
        if gathered.missing:
            break
    return gathered

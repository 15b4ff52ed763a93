"""What a list of stops says: deliveries by way, order, latencies, and what publish reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from rig.observe._watch import Event, Kind


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Counts and times of one observation. Where no callback of the application was watched, the transport's stand for
    them in readers, bursts, order and places.

    :ivar transport_local: transport callbacks by shared memory.
    :ivar transport_link: transport callbacks over the link.
    :ivar transport_unknown: transport callbacks by a way that the profile does not tell.
    :ivar by_function: callbacks of the application by function.
    :ivar readers: callbacks of a sample, as most samples have them; without counters the callbacks for each publish.
    :ivar longest_burst: samples published between two callbacks of the application, at most.
    :ivar no_counter: what the profile takes for the application's number has the same value in several publishes.
    :ivar out_of_order: callbacks whose counter is below that of the one before, by function; None without a counter.
    :ivar repeated: counters that came more often than the least often one: a reader had it twice, or readers came late.
    :ivar lost: counters that were published and never came; None without counters at both ends.
    :ivar lost_in_silence: of those, the ones of which publish reported success; None where its return was not seen.
    :ivar places: by counter, the places handed to the callbacks of one sample; only where the profile tells them.
    :ivar failed: publishes that reported failure; None where the profile does not tell.
    :ivar failed_delivered: of those, with a transport callback by shared memory before they returned.
    :ivar to_transport: ticks from a publish to each transport callback by shared memory before the next publish.
    :ivar to_callback: ticks from a publish to the application's callback of the same counter; without counters at both
        ends, of the last publish.
    :ivar returned: ticks that publish took.
    """

    published: int
    transport_local: int
    transport_link: int
    transport_unknown: int
    callbacks: int
    by_function: Mapping[str, int] = field(default_factory=dict)
    readers: int = 0
    longest_burst: int = 0
    no_counter: bool = False
    out_of_order: int | None
    repeated: int | None
    lost: int | None
    lost_in_silence: int | None = None
    places: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    failed: int
    failed_delivered: int
    payload_bytes: int | None = None
    to_transport: tuple[float, ...]
    to_callback: tuple[float, ...]
    returned: tuple[float, ...]


def figures(events: Sequence[Event]) -> Figures:
    """Figures of events in order of time."""
    ends = Kind.CALLBACK if any(event.kind is Kind.CALLBACK for event in events) else Kind.TRANSPORT
    to_transport: list[float] = []
    to_callback: list[float] = []
    returned: list[float] = []
    begun: dict[int | None, float] = {}
    silent: set[int] = set()
    last: Event | None = None
    failed = failed_delivered = heard = burst = longest = 0
    for event in events:
        if event.kind is Kind.PUBLISH:
            last, heard = event, 0
            begun[event.counter] = event.at
            burst += 1
            longest = max(longest, burst)
        elif event.kind is Kind.TRANSPORT:
            heard += bool(event.local)
            if last is not None and event.local is not False:
                to_transport.append(event.at - last.at)
        elif event.kind is Kind.RETURNED:
            if last is not None:
                returned.append(event.at - last.at)
                if not event.failed and last.counter is not None:
                    silent.add(last.counter)
            failed += event.failed
            failed_delivered += event.failed and heard > 0
        if event.kind in (Kind.CALLBACK, ends):
            burst = 0
        if event.kind is ends:
            number = event.counter if event.counter in begun else None
            if number in begun:
                to_callback.append(event.at - begun[number])
    ways = [event.local for event in events if event.kind is Kind.TRANSPORT]
    calls = [event for event in events if event.kind is ends]
    came = Counter(event.counter for event in calls if event.counter is not None)
    numbers = [event.counter for event in events if event.kind is Kind.PUBLISH and event.counter is not None]
    published = sum(event.kind is Kind.PUBLISH for event in events)
    sent = set(numbers)
    if len(sent) < len(numbers):  # no number of a sample: nothing may be told by it
        came.clear()
        sent.clear()
    lost = sent - came.keys() if came and sent else None
    return Figures(
        published=published,
        transport_local=ways.count(True),
        transport_link=ways.count(False),
        transport_unknown=ways.count(None),
        callbacks=sum(event.kind is Kind.CALLBACK for event in events),
        by_function=Counter(event.function for event in events if event.kind is Kind.CALLBACK),
        readers=_readers(came, len(calls), published),
        longest_burst=longest,
        no_counter=len(set(numbers)) < len(numbers),
        out_of_order=_out_of_order(calls) if came else None,
        repeated=sum(count > min(came.values()) for count in came.values()) if came else None,
        lost=None if lost is None else len(lost),
        lost_in_silence=None if lost is None or not returned else len(lost & silent),
        places=_places(calls) if came else {},
        failed=failed,
        failed_delivered=failed_delivered,
        to_transport=tuple(to_transport),
        to_callback=tuple(to_callback),
        returned=tuple(returned),
    )


def _readers(came: Counter[int], callbacks: int, published: int) -> int:
    if came:
        return Counter(came.values()).most_common(1)[0][0]
    return round(callbacks / published) if published else 0


def _out_of_order(calls: Sequence[Event]) -> int:
    by_function: dict[str, list[int]] = {}
    for event in calls:
        if event.counter is not None:
            by_function.setdefault(event.function, []).append(event.counter)
    return sum(b < a for row in by_function.values() for a, b in pairwise(row))


def _places(calls: Sequence[Event]) -> dict[int, tuple[int, ...]]:
    found: dict[int, tuple[int, ...]] = {}
    for event in calls:
        if event.counter is not None and event.place is not None:
            found[event.counter] = (*found.get(event.counter, ()), event.place)
    return found
